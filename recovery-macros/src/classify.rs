//! `#[derive(Classify)]`: `attr` reads what stands above the type and its variants, `check` finds
//! out what each failure answers, `expand` writes the implementation.

mod attr;
mod check;
mod expand;

use proc_macro2::TokenStream;
use syn::{DeriveInput, parse_quote};

use crate::diag::{Diagnostics, mistake};
use crate::refusal;

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => {
            let message = format!("this cannot be read: {error}");
            return mistake(error.span(), &message, "implement `Classify` by hand")
                .to_compile_error();
        }
    };
    let mut diagnostics = Diagnostics::default();
    let mut label = attr::read(&input.attrs, &mut diagnostics);
    let krate = label.krate.take();
    let krate = krate.unwrap_or_else(|| parse_quote!(::recovery_core));
    let cases = check::cases(&input, label, &mut diagnostics);
    if diagnostics.is_empty() {
        expand::implementation(&input, &krate, &cases)
    } else {
        refusal::emit(diagnostics, expand::stand_in(&input, &krate))
    }
}
