//! Finds the body to retry in the item under the attribute, and refuses what cannot be retried.

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Block, Item, ReceiverKind, ReturnType, Safety, TraitItemFn, Type};

use crate::diag::{Diagnostics, mistake};
use crate::function::Function;
use crate::{arguments, async_trait, function, future, types};

/// Where the attempt is within the function.
pub(crate) enum Shape {
    /// The body of an `async fn`.
    Async,
    /// The body of a function that blocks.
    Blocking,
    /// The initializer of the result in what `#[async_trait]` has made of an `async fn`.
    AsyncTrait(Block),
    /// The async block at the end of a function that returns a future.
    Future(Block),
    /// Not to be found in a body that is no Rust, or is still being written: the compiler has its
    /// own words for that.
    Unreadable,
}

/// The function, if the item is one.
///
/// # Errors
/// Says what the item is instead.
pub(crate) fn parse(item: TokenStream) -> syn::Result<Function> {
    const HELP: &str = "put it on a function with a body that returns a `Result`";
    Function::parse(item.clone()).map_err(|error| {
        if let Ok(method) = syn::parse2::<TraitItemFn>(item.clone())
            && method.default.is_none()
        {
            return mistake(
                method.sig.ident.span(),
                "a method without a body cannot be retried",
                "put `#[retry]` on the methods of the impls, or give this one a body",
            );
        }
        match syn::parse2::<Item>(item) {
            Ok(Item::Fn(_)) | Err(_) => error,
            Ok(other) => {
                let (span, what) = named(&other);
                let message = format!("`#[retry]` retries functions, not {what}");
                mistake(span, &message, HELP)
            }
        }
    })
}

/// Where an item that is no function says what it is.
fn named(item: &Item) -> (Span, &'static str) {
    match item {
        Item::Impl(item) => (item.impl_token.span, "an `impl`"),
        Item::Trait(item) => (item.trait_token.span, "a trait"),
        Item::Struct(item) => (item.struct_token.span, "a struct"),
        Item::Enum(item) => (item.enum_token.span, "an enum"),
        Item::Mod(item) => (item.mod_token.span, "a module"),
        other => (other.span(), "an item of this kind"),
    }
}

/// The attributes of any item.
pub(crate) fn attributes(item: TokenStream) -> Vec<Attribute> {
    let parser = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<TokenStream>()?;
        Ok(attributes)
    };
    parser.parse2(item).unwrap_or_default()
}

/// Where the attempt is; what cannot be retried is noted.
pub(crate) fn shape(function: &Function, diagnostics: &mut Diagnostics) -> Shape {
    let sig = &function.item.sig;
    if let Some(constness) = &sig.constness {
        diagnostics.error(
            constness.span,
            "a `const fn` cannot be retried: it cannot wait",
            "leave out `const`",
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        diagnostics.error(
            token.span,
            "an `unsafe fn` is not retried: its promise would hold for the first call only",
            "retry a safe function that calls it",
        );
    }
    if let Some(abi) = &sig.abi {
        diagnostics.error(
            abi.extern_token.span,
            "an `extern` function cannot be retried",
            "retry a Rust function that calls it",
        );
    }
    if let Some(receiver) = sig.receiver()
        && let Some(token) = receiver.mutability
        && keeps_changes(&receiver.kind)
    {
        refuse_mut_self(token.span, diagnostics);
    }
    arguments::refuse_ref_mut(sig, diagnostics);
    match &sig.output {
        ReturnType::Default => diagnostics.error(
            sig.ident.span(),
            "`#[retry]` needs a function that returns a `Result`: without an error nothing fails",
            "return `Result<(), E>`",
        ),
        ReturnType::Type(_, ty) => return shape_by_type(function, ty, diagnostics),
    }
    Shape::Blocking
}

/// Whether a `mut` receiver would be another one after an attempt: not if it only points, as
/// `self: Pin<&mut Self>` does.
fn keeps_changes(kind: &ReceiverKind) -> bool {
    match kind {
        ReceiverKind::Value => true,
        ReceiverKind::Typed(_, ty) => types::last_segment(ty).is_none_or(|ident| ident != "Pin"),
        _ => false,
    }
}

fn refuse_mut_self(span: Span, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        span,
        "`mut self` would carry changes of one attempt into the next",
        "take `self`, and in the body begin with `let mut this = self.clone();`",
    );
}

fn shape_by_type(function: &Function, ty: &Type, diagnostics: &mut Diagnostics) -> Shape {
    let ty = types::ungrouped(ty);
    if function.item.sig.asyncness.is_none() && types::is_future(ty) {
        return shape_of_future(function, ty, diagnostics);
    }
    refuse_no_result(ty, diagnostics);
    if function.item.sig.asyncness.is_some() {
        return Shape::Async;
    }
    if function::mention(
        function.body.tokens.clone(),
        &Ident::new("async", Span::call_site()),
    ) && (function.body.parsed()).is_ok_and(|block| future::is_made_by(&block))
    {
        diagnostics.error(
            ty.span(),
            "this function returns a future, and its type does not say so",
            "write it out: `Pin<Box<dyn Future<Output = Result<T, E>> + Send>>`, or make it an \
             `async fn`",
        );
    }
    Shape::Blocking
}

fn shape_of_future(function: &Function, ty: &Type, diagnostics: &mut Diagnostics) -> Shape {
    let Ok(block) = function.body.parsed() else {
        return Shape::Unreadable;
    };
    if async_trait::block(&block).is_some() {
        // There a `mut self` has become a variable of async_trait's own.
        if let Some(token) = async_trait::mut_self(&block)
            && (function.item.sig.receiver()).is_some_and(|receiver| keeps_changes(&receiver.kind))
        {
            refuse_mut_self(token.span, diagnostics);
        }
        return Shape::AsyncTrait(block);
    }
    if !future::ends_in_async_block(&block) {
        diagnostics.error(
            ty.span(),
            "this function returns a future that it does not make itself: there is nothing to repeat",
            "make it an `async fn`, or let it end in an `async` block; under an attribute such as \
             `#[instrument]` that has taken the block away, put `#[retry]` above that",
        );
    } else if let Some(output) = types::output(ty) {
        refuse_no_result(output, diagnostics);
    } else {
        diagnostics.error(
            ty.span(),
            "the type of this future does not say what it gives",
            "write it out: `impl Future<Output = Result<T, E>>`, or make it an `async fn`",
        );
    }
    Shape::Future(block)
}

/// Refuses the types that everybody knows to be no `Result`.
fn refuse_no_result(ty: &Type, diagnostics: &mut Diagnostics) {
    let ty = types::ungrouped(ty);
    let other = match ty {
        Type::Never(_) => Some("`!`"),
        Type::Tuple(tuple) if tuple.elems.is_empty() => Some("`()`"),
        _ => types::last_segment(ty).and_then(|ident| match ident.to_string().as_str() {
            "Option" => Some("`Option`"),
            "bool" => Some("`bool`"),
            _ => None,
        }),
    };
    if let Some(other) = other {
        let message = format!("`#[retry]` needs a function that returns a `Result`, not {other}");
        diagnostics.error(
            ty.span(),
            &message,
            "return `Result<T, E>`: the error is what is told apart",
        );
    }
}
