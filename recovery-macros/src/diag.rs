//! Gathers every mistake of one use, so that all are told in one build.

use proc_macro2::{Span, TokenStream};
use syn::Error;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Diagnostics(Vec<Error>);

impl Diagnostics {
    /// Notes a mistake at `span` with its way out.
    pub(crate) fn error(&mut self, span: Span, message: &str, help: &str) {
        self.0.push(mistake(span, message, help));
    }

    /// Notes a mistake that has been put into words already.
    pub(crate) fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    /// Keeps the value, or notes the mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Takes over the mistakes of a part.
    pub(crate) fn append(&mut self, part: Self) {
        self.0.extend(part.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One `compile_error!` for each.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.iter().map(Error::to_compile_error).collect()
    }
}

/// A mistake in the one form they all have: what is wrong, and the way out.
pub(crate) fn mistake(span: Span, message: &str, help: &str) -> Error {
    Error::new(span, format!("{message}\nhelp: {help}"))
}
