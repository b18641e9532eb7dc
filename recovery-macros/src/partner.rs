//! `#[retryable_on(..)]`: its list, and its meeting with `#[retry]`.
//!
//! Whichever of the two stands on top is expanded first. `#[retry]` takes the list from the
//! attribute below it; `#[retryable_on]` on top moves itself below. In place of what `#[retry]`
//! took it leaves `#[retryable_on(@consumed)]`, which expands to nothing, so that the user's
//! import of the name stays used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Lit, Meta, Pat, PatIdent, Token, token};

use crate::diag::{Diagnostics, mistake};
use crate::{keys, list, refusal, target, values};

const LIST: &str = "name kinds or patterns, as `#[retryable_on(Network, Timeout)]`, or leave it out \
                    to retry what `Classify` calls transient";

const EXCEPT: &str = "name the errors that are not retried, as `except(Timeout)`";

syn::custom_keyword!(except);

/// The errors to retry, and those not to.
#[derive(Default)]
pub(crate) struct RetryableOn {
    pub(crate) retried: Errors,
    /// Those in `except(..)`.
    pub(crate) excepted: Errors,
}

/// Some errors: kinds, and patterns of the error itself with their guards.
#[derive(Default)]
pub(crate) struct Errors {
    pub(crate) kinds: Vec<Ident>,
    pub(crate) patterns: Vec<(Pat, Option<Expr>)>,
}

impl Errors {
    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.patterns.is_empty()
    }
}

impl RetryableOn {
    pub(crate) fn guards_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let patterns = (self.retried.patterns.iter_mut()).chain(&mut self.excepted.patterns);
        patterns.filter_map(|(_, guard)| guard.as_mut())
    }
}

/// The attribute on top, alone, or left behind by `#[retry]`.
pub(crate) fn retryable_on(args: &TokenStream, item: TokenStream) -> TokenStream {
    let mark = mark(args);
    if mark.as_deref() == Some("consumed") {
        return item;
    }
    if let Ok(mut function) = target::parse(item.clone()) {
        if mark.is_some() || !function.item.attrs.iter().any(|attr| names(attr, "retry")) {
            return alone(item, "add `#[retry]` above it");
        }
        let site = Span::mixed_site();
        let moved: TokenStream = quote_spanned!(site=> #[retryable_on(@moved #args)]);
        if let Ok(attrs) = Attribute::parse_outer.parse2(moved) {
            function.item.attrs.extend(attrs);
        }
        return function.into_token_stream();
    }
    // `#[retry]`, if it is there, says what is wrong with the item.
    if target::attributes(item.clone())
        .iter()
        .any(|attr| names(attr, "retry"))
    {
        return item;
    }
    alone(item, "put both on a function with a body")
}

fn alone(item: TokenStream, help: &str) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    diagnostics.error(
        Span::call_site(),
        "`#[retryable_on]` says which errors `#[retry]` retries, and there is no `#[retry]`",
        help,
    );
    refusal::emit(diagnostics, item)
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
                attr.path().span(),
                "a second `#[retryable_on]`",
                "list all errors in one: `#[retryable_on(Network, Timeout)]`",
            );
        } else {
            listed = Some(parse_list(tokens, attr.path().span(), diagnostics));
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
    let mut nothing = false;
    let parser = |input: ParseStream<'_>| {
        if input.peek(Token![@]) {
            input.parse::<Token![@]>()?;
            input.parse::<Ident>()?;
        }
        nothing = input.is_empty();
        list::parse(input, diagnostics, Item::parse)
    };
    // Every mistake has been noted on the way.
    let items = parser.parse2(tokens).unwrap_or_default();
    if nothing {
        diagnostics.error(span, "`#[retryable_on]` lists no error", LIST);
    }
    let mut listed = RetryableOn::default();
    for item in items {
        match item {
            Item::Error(pattern, guard) => listed.retried.add(*pattern, guard, diagnostics),
            Item::Except(word, tokens) => {
                let nothing = tokens.is_empty();
                let parser = |input: ParseStream<'_>| list::parse(input, diagnostics, Item::parse);
                let items = parser.parse2(tokens).unwrap_or_default();
                if nothing {
                    diagnostics.error(word.span(), "`except` lists no error", EXCEPT);
                }
                for item in items {
                    match item {
                        Item::Error(pattern, guard) => {
                            listed.excepted.add(*pattern, guard, diagnostics);
                        }
                        Item::Except(word, _) => {
                            diagnostics.error(
                                word.span(),
                                "an `except` within an `except`",
                                EXCEPT,
                            );
                        }
                    }
                }
            }
        }
    }
    for kind in &listed.excepted.kinds {
        if listed.retried.kinds.contains(kind) {
            let message = format!("`{kind}` is both listed and excepted");
            diagnostics.error(kind.span(), &message, "keep one of them");
        }
    }
    listed
}

impl Errors {
    fn add(&mut self, pattern: Pat, guard: Option<Expr>, diagnostics: &mut Diagnostics) {
        match bare_name(&pattern).filter(|name| guard.is_none() || !is_binding(name)) {
            Some(kind) => match check_kind(kind, guard.as_ref()) {
                Ok(()) if self.kinds.contains(kind) => {
                    let message = format!("`{kind}` is listed twice");
                    diagnostics.error(kind.span(), &message, "keep one of them");
                }
                Ok(()) => self.kinds.push(kind.clone()),
                Err(error) => diagnostics.push(error),
            },
            None => match check_pattern(&pattern, guard.is_some()) {
                Ok(()) => self.patterns.push((pattern, guard)),
                Err(error) => diagnostics.push(error),
            },
        }
    }
}

/// One entry of a list.
enum Item {
    /// A kind or a pattern, and its guard if it has one.
    Error(Box<Pat>, Option<Expr>),
    /// `except(..)`: the word, and what is in the parentheses.
    Except(Ident, TokenStream),
}

impl Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let start = input.span();
        let unreadable = |error: syn::Error| list::unreadable(input, &error, start, LIST);
        let item = if input.peek(except) && input.peek2(token::Paren) {
            let word: Ident = input.parse()?;
            let content;
            syn::parenthesized!(content in input);
            Self::Except(word, content.parse()?)
        } else {
            let pattern = Pat::parse_multi_with_leading_vert(input).map_err(unreadable)?;
            let guard = if input.peek(Token![if]) {
                input.parse::<Token![if]>()?;
                let guard = input.parse().map_err(unreadable)?;
                values::stays("a guard", &guard)?;
                Some(guard)
            } else {
                None
            };
            Self::Error(Box::new(pattern), guard)
        };
        if !input.is_empty() && !input.peek(Token![,]) {
            if let Self::Error(pattern, _) = &item
                && let Some(word) = bare_name(pattern).filter(|word| *word == "except")
            {
                return Err(bare_except(word));
            }
            let message = "an error ends here, and something else follows";
            return Err(mistake(input.span(), message, "separate errors by commas"));
        }
        Ok(item)
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

/// Whether a name that has a guard binds the error, as in `error if is_busy(error)`.
fn is_binding(name: &Ident) -> bool {
    name.to_string()
        .starts_with(|first: char| first.is_lowercase() || first == '_')
}

fn bare_except(word: &Ident) -> syn::Error {
    let message = "`except` names the errors that are not retried";
    mistake(word.span(), message, "write `except(Timeout)`")
}

fn check_kind(kind: &Ident, guard: Option<&Expr>) -> syn::Result<()> {
    let word = kind.unraw().to_string();
    if word == "except" {
        return Err(bare_except(kind));
    }
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

fn check_pattern(pattern: &Pat, has_guard: bool) -> syn::Result<()> {
    if let Some(kind) = bare_name(within(pattern)).filter(|kind| is_kind(kind)) {
        let help = format!("write the bare name: `{kind}`");
        return Err(mistake(pattern.span(), "a kind is listed by itself", &help));
    }
    if !has_guard && matches_everything(pattern) {
        return Err(mistake(
            pattern.span(),
            "this matches every error, also those that stay",
            "list kinds or patterns; to retry really everything write `when = |_| true`",
        ));
    }
    match within(pattern) {
        Pat::Or(or)
            if (or.cases.iter())
                .any(|case| bare_name(case).is_some() || qualified_kind(case).is_some()) =>
        {
            Err(mistake(
                or.span(),
                "kinds are listed one by one",
                "write their bare names, separated by commas",
            ))
        }
        Pat::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => {
            let word = literal.to_token_stream().to_string();
            let word = word.trim_matches('"');
            let help = if keys::KINDS.contains(&word) {
                format!("write the bare name: `{word}`")
            } else {
                keys::help_for_kind(word)
            };
            Err(mistake(literal.span(), "a kind is not a string", &help))
        }
        _ => match qualified_kind(pattern) {
            None => Ok(()),
            Some(kind) => Err(mistake(
                pattern.span(),
                "a kind is listed without its path",
                &format!(
                    "write the bare name: `{kind}`; if the error itself is an `ErrorKind`, write \
                     `error if *error == ErrorKind::{kind}`"
                ),
            )),
        },
    }
}

/// What is behind parentheses, references and names of the whole.
fn within(pattern: &Pat) -> &Pat {
    match pattern {
        Pat::Paren(pattern) => within(&pattern.pat),
        Pat::Reference(pattern) => within(&pattern.pat),
        Pat::Ident(PatIdent {
            subpat: Some((_, inner)),
            ..
        }) => within(inner),
        pattern => pattern,
    }
}

/// Whether no error is left out: `_`, and names of the whole error.
fn matches_everything(pattern: &Pat) -> bool {
    match within(pattern) {
        Pat::Wild(_) => true,
        Pat::Ident(pattern) => is_binding(&pattern.ident),
        _ => false,
    }
}

fn is_kind(name: &Ident) -> bool {
    keys::KINDS.contains(&name.to_string().as_str())
}

/// The kind behind `ErrorKind::`, be it of no module or of this crate's.
fn qualified_kind(pattern: &Pat) -> Option<&Ident> {
    let Pat::Path(pattern) = pattern else {
        return None;
    };
    let mut names = (pattern.path.segments.iter().rev()).map(|segment| &segment.ident);
    let kind = names.next().filter(|kind| is_kind(kind))?;
    if names.next()? != "ErrorKind" {
        return None;
    }
    let is_ours = names.next().is_none_or(|parent| parent == "recovery_core");
    is_ours.then_some(kind)
}
