//! `#[retryable_on(..)]`: its list, and its meeting with `#[retry]`.
//!
//! Whichever of the two stands on top is expanded first. `#[retry]` takes the list from the
//! attribute below it; `#[retryable_on]` on top moves itself below. In place of what `#[retry]`
//! took it leaves `#[retryable_on(@consumed)]`, which expands to nothing, so that the user's
//! import of the name stays used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Meta, Pat, Token};

use crate::diag::{Diagnostics, mistake};
use crate::{fallback, keys, target};

/// The errors to retry.
#[derive(Default)]
pub(crate) struct RetryableOn {
    pub(crate) kinds: Vec<Ident>,
    pub(crate) patterns: Vec<(Pat, Option<Expr>)>,
}

/// The attribute on top, alone, or left behind by `#[retry]`.
pub(crate) fn retryable_on(args: &TokenStream, item: TokenStream) -> TokenStream {
    let mark = mark(args);
    if mark.as_deref() == Some("consumed") {
        return item;
    }
    let Ok(mut function) = target::parse(item.clone()) else {
        // `#[retry]`, if it is there, says what is wrong with the item.
        return item;
    };
    let has_retry = function.attrs.iter().any(|attr| names(attr, "retry"));
    if has_retry && mark.is_none() {
        let site = Span::mixed_site();
        let moved: TokenStream = quote_spanned!(site=> #[retryable_on(@moved #args)]);
        if let Ok(attrs) = Attribute::parse_outer.parse2(moved) {
            function.attrs.extend(attrs);
        }
        return function.into_token_stream();
    }
    let mut diagnostics = Diagnostics::default();
    diagnostics.error(
        Span::call_site(),
        "`#[retryable_on]` says which errors `#[retry]` retries, and there is no `#[retry]`",
        "add `#[retry]` above it",
    );
    fallback::emit(diagnostics, item)
}

/// Takes the list out of the attributes that stand below `#[retry]`.
pub(crate) fn take(
    attrs: &mut Vec<Attribute>,
    diagnostics: &mut Diagnostics,
) -> Option<RetryableOn> {
    let mut listed = None;
    for attr in attrs.iter_mut().filter(|attr| names(attr, "retryable_on")) {
        let tokens = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
        };
        if mark(&tokens).as_deref() == Some("consumed") {
            continue;
        }
        if listed.is_some() {
            diagnostics.error(
                attr.span(),
                "a second `#[retryable_on]`",
                "list all errors in one: `#[retryable_on(Network, Timeout)]`",
            );
        } else {
            listed = Some(parse_list(tokens, attr.span(), diagnostics));
        }
        consume(attr);
    }
    // What was moved here by its own expansion needs nothing left behind.
    attrs.retain(|attr| !is_moved(attr));
    listed
}

/// Leaves `#[path(@consumed)]` behind, or marks what was moved for removal.
fn consume(attr: &mut Attribute) {
    if !is_moved(attr) {
        let path = attr.path().clone();
        let consumed = quote!(#[#path(@consumed)]);
        if let Ok(attrs) = Attribute::parse_outer.parse2(consumed)
            && let Some(consumed) = attrs.into_iter().next()
        {
            *attr = consumed;
        }
    }
}

fn is_moved(attr: &Attribute) -> bool {
    matches!(&attr.meta, Meta::List(list) if mark(&list.tokens).as_deref() == Some("moved"))
}

/// The word behind a leading `@`, which no user writes.
fn mark(tokens: &TokenStream) -> Option<String> {
    let parser = |input: ParseStream<'_>| {
        input.parse::<Token![@]>()?;
        let word: Ident = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(word.to_string())
    };
    parser.parse2(tokens.clone()).ok()
}

/// Whether the attribute's path ends in `name`.
pub(crate) fn names(attr: &Attribute, name: &str) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|segment| segment.ident == name)
}

fn parse_list(tokens: TokenStream, span: Span, diagnostics: &mut Diagnostics) -> RetryableOn {
    let parser = |input: ParseStream<'_>| {
        if input.peek(Token![@]) {
            input.parse::<Token![@]>()?;
            input.parse::<Ident>()?;
        }
        Punctuated::<Item, Token![,]>::parse_terminated(input)
    };
    let mut listed = RetryableOn::default();
    let Some(items) = diagnostics.take(parser.parse2(tokens)) else {
        return listed;
    };
    if items.is_empty() {
        diagnostics.error(
            span,
            "`#[retryable_on]` lists no error",
            "name kinds or patterns, as `#[retryable_on(Network, Timeout)]`, or leave it out to \
             retry what `Classify` calls transient",
        );
    }
    for Item { pattern, guard } in items {
        match bare_name(&pattern) {
            Some(kind) => match check_kind(kind, guard.as_ref()) {
                Ok(()) => listed.kinds.push(kind.clone()),
                Err(error) => diagnostics.push(error),
            },
            None => match check_pattern(&pattern) {
                Ok(()) => listed.patterns.push((pattern, guard)),
                Err(error) => diagnostics.push(error),
            },
        }
    }
    listed
}

/// A pattern, and its guard if it has one.
struct Item {
    pattern: Pat,
    guard: Option<Expr>,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        let guard = if input.peek(Token![if]) {
            input.parse::<Token![if]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Self { pattern, guard })
    }
}

/// The name, if the pattern is nothing else: a kind.
fn bare_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(pat)
            if pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none() =>
        {
            Some(&pat.ident)
        }
        _ => None,
    }
}

fn check_kind(kind: &Ident, guard: Option<&Expr>) -> syn::Result<()> {
    let word = kind.unraw().to_string();
    if !keys::KINDS.contains(&word.as_str()) {
        let message = format!("`{word}` is no kind of error");
        return Err(mistake(kind.span(), &message, &keys::help_for_kind(&word)));
    }
    match guard {
        None => Ok(()),
        Some(guard) => Err(mistake(
            guard.span(),
            "a kind takes no guard",
            "put the condition on a pattern of the error: `MyError::Status(code) if *code > 500`",
        )),
    }
}

fn check_pattern(pattern: &Pat) -> syn::Result<()> {
    match pattern {
        Pat::Or(or) if or.cases.iter().any(|case| bare_name(case).is_some()) => Err(mistake(
            or.span(),
            "kinds are listed one by one",
            "separate them by commas",
        )),
        Pat::Wild(wild) => Err(mistake(
            wild.span(),
            "this would retry every error, also those that stay",
            "list kinds or patterns; to retry really everything write `when = |_| true`",
        )),
        _ => Ok(()),
    }
}
