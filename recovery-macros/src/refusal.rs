//! What is emitted when something is wrong: the mistakes, and the item as it was written.
//!
//! The item stays, so that one mistake does not become an error at each of its callers.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::diag::Diagnostics;

pub(crate) fn emit(diagnostics: Diagnostics, item: impl ToTokens) -> TokenStream {
    let errors = diagnostics.into_tokens();
    quote!(#item #errors)
}
