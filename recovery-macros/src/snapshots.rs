//! What the attributes write, for one function of each family: `snapshots/NAME.rs` is expanded into
//! `snapshots/NAME.expanded.rs`, for a reader to see.
//!
//! After a change of the expansion renew them by `UPDATE_EXPECT=1 cargo test -p recovery-macros`,
//! and read each difference.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Item, Meta};

use crate::{classify, expand};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots")
}

/// The tokens in the attribute's parentheses, if it is there; it is taken away.
fn take(attrs: &mut Vec<Attribute>, name: &str) -> Option<TokenStream> {
    let place = attrs.iter().position(|attr| attr.path().is_ident(name))?;
    match attrs.remove(place).meta {
        Meta::List(list) => Some(list.tokens),
        Meta::Path(_) | Meta::NameValue(_) => Some(TokenStream::new()),
    }
}

/// The item as the compiler sees it when this crate's attributes have been expanded.
fn expanded(item: Item) -> TokenStream {
    match item {
        Item::Fn(mut item) => {
            let args = take(&mut item.attrs, "retry").expect("#[retry]");
            expand::retry(args, item.into_token_stream())
        }
        Item::Enum(mut item) => {
            take(&mut item.attrs, "derive").expect("#[derive(Classify)]");
            let derived = classify::derive(item.to_token_stream());
            quote!(#item #derived)
        }
        item => item.into_token_stream(),
    }
}

#[test]
fn expansions_are_those_on_file() {
    let mut families = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".expanded.rs") {
            assert!(
                path.with_extension("").with_extension("rs").exists(),
                "{}: of no input",
                path.display()
            );
            continue;
        }
        families += 1;
        let input = fs::read_to_string(&path).unwrap();
        let input = syn::parse_file(&input).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let output = input.items.into_iter().map(expanded);
        let output =
            syn::parse2(output.collect()).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let output = prettyplease::unparse(&output);
        assert!(!output.contains("compile_error"), "{output}");
        expect_file![path.with_extension("expanded.rs")].assert_eq(&output);
    }
    assert!(families >= 14, "{families} families");
}

/// An editor sees half-written bodies; what it completes in them are the user's own tokens.
#[test]
fn a_half_written_body_is_kept_token_by_token() {
    for body in [
        "self.",
        "let x = self.api.send(",
        "match n { Some(",
        "foo(a, ) ?",
    ] {
        // Tokens cannot be unbalanced; what is open is closed by the editor.
        let closed = match body.matches(['(', '{']).count() {
            0 => body.to_owned(),
            open => format!("{body}{}", if open == 2 { ")}" } else { ")" }),
        };
        let closed = if body.ends_with('?') {
            body.to_owned()
        } else {
            closed
        };
        let body: TokenStream = closed.parse().unwrap();
        let item = quote!(async fn f(&self, n: Option<u32>) -> io::Result<()> { #body });
        let output = expand::retry(quote!(max = 3), item).to_string();
        assert!(output.contains(&body.to_string()), "{output}");
        assert!(output.contains("loop"), "{output}");
        assert!(!output.contains("compile_error"), "{output}");
    }
}

/// Half-written options take nothing away from the function.
#[test]
fn half_written_options_leave_the_function_as_it_was() {
    let item = quote! {
        async fn f(&self) -> io::Result<()> {
            self.call().await?;
            Ok(())
        }
    };
    for options in [
        quote!(ma),
        quote!(max =),
        quote!(max = 3, back),
        quote!(initial = 5),
    ] {
        let output = expand::retry(options, item.clone()).to_string();
        assert!(output.starts_with(&item.to_string()), "{output}");
        assert!(output.contains("compile_error"), "{output}");
    }
}
