//! Reads lists that are separated by commas, and goes on after what it cannot read.

use proc_macro2::{Span, TokenTree};
use syn::parse::ParseStream;
use syn::{Error, Token};

use crate::diag::{Diagnostics, mistake};

/// All items that can be read; what cannot is noted, and reading goes on after the next comma.
pub(crate) fn parse<T>(
    input: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
    item: impl Fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        if input.peek(Token![,]) {
            let comma: Token![,] = input.parse()?;
            diagnostics.error(
                comma.span,
                "nothing stands before this comma",
                "take the comma out",
            );
            continue;
        }
        match item(input) {
            Ok(item) => items.push(item),
            Err(error) => {
                diagnostics.push(error);
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
            }
        }
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(items)
}

/// What the parser could not read, in the form of all mistakes. It stands at the end of the
/// attribute where the parser ran out of input: then `at` is a better place.
pub(crate) fn unreadable(input: ParseStream<'_>, error: &Error, at: Span, help: &str) -> Error {
    let span = if input.is_empty() { at } else { error.span() };
    mistake(span, &format!("this cannot be read: {error}"), help)
}
