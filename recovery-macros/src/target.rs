//! Finds the body to retry in the item under the attribute, and refuses what cannot be retried.

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, Expr, FnArg, Ident, Item, ItemFn, Local, Pat, PatIdent, ReceiverKind,
    ReturnType, Safety, Signature, Stmt, Token, TraitItemFn, Type, TypeInfer,
};

use crate::diag::{Diagnostics, mistake};

/// Where the attempt is within the function.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// The body of an `async fn`.
    Async,
    /// The body of a function that blocks.
    Blocking,
    /// The initializer of the result in what `#[async_trait]` has made of an `async fn`.
    AsyncTrait,
}

/// A variable that each attempt gets anew, with the value it had before the first.
pub(crate) struct Rebinding {
    pub(crate) ident: Ident,
    /// The user's own `mut`.
    pub(crate) mutability: Token![mut],
    /// A `&mut` reference is borrowed again rather than moved.
    pub(crate) reborrow: bool,
    /// The `#[cfg(..)]`s of the argument.
    pub(crate) cfgs: Vec<Attribute>,
}

/// The function, if the item is one.
///
/// # Errors
/// Says what the item is instead.
pub(crate) fn parse(item: TokenStream) -> syn::Result<ItemFn> {
    const HELP: &str = "put it on a function with a body that returns a `Result`";
    syn::parse2::<ItemFn>(item.clone()).map_err(|error| {
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
pub(crate) fn shape(function: &ItemFn, diagnostics: &mut Diagnostics) -> Shape {
    let sig = &function.sig;
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
        ReceiverKind::Typed(_, ty) => last_segment(ty).is_none_or(|ident| ident != "Pin"),
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

fn shape_by_type(function: &ItemFn, ty: &Type, diagnostics: &mut Diagnostics) -> Shape {
    let ty = ungrouped(ty);
    if function.sig.asyncness.is_none() && is_future(ty) {
        if async_trait_result(&function.block).is_none() {
            diagnostics.error(
                ty.span(),
                "a function that returns a future is over before the future has failed",
                "make it an `async fn` that returns the `Result`",
            );
        }
        // There a `mut self` has become a variable of async_trait's own.
        if let Some(token) = async_trait_self(&function.block)
            && function
                .sig
                .receiver()
                .is_some_and(|receiver| keeps_changes(&receiver.kind))
        {
            refuse_mut_self(token.span, diagnostics);
        }
        return Shape::AsyncTrait;
    }
    let other = match ty {
        Type::Never(_) => Some("`!`"),
        Type::Tuple(tuple) if tuple.elems.is_empty() => Some("`()`"),
        _ => last_segment(ty).and_then(|ident| match ident.to_string().as_str() {
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
    if function.sig.asyncness.is_some() {
        Shape::Async
    } else {
        Shape::Blocking
    }
}

/// `impl Future`, `Pin<Box<..>>` or an alias of it that everybody knows.
fn is_future(ty: &Type) -> bool {
    match ty {
        Type::ImplTrait(ty) => ty.bounds.iter().any(|bound| {
            let last = match bound {
                syn::TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            };
            last.is_some_and(|segment| segment.ident == "Future")
        }),
        _ => last_segment(ty).is_some_and(|ident| {
            ident == "Pin" || ident == "BoxFuture" || ident == "LocalBoxFuture"
        }),
    }
}

/// The last name of a type's path.
fn last_segment(ty: &Type) -> Option<&Ident> {
    match ungrouped(ty) {
        Type::Path(ty) => ty.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// The type without the invisible group that a `macro_rules!` puts around a fragment.
fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        ty => ty,
    }
}

/// The statements in `Box::pin(async move { .. })` as `#[async_trait]` writes it, and the place
/// among them of `let __ret: R = { body };`.
pub(crate) fn async_trait_result(block: &Block) -> Option<usize> {
    let stmts = &async_block(block)?.stmts;
    stmts.iter().position(|stmt| {
        let Stmt::Local(Local {
            pat: Pat::Type(pat),
            init: Some(_),
            ..
        }) = stmt
        else {
            return false;
        };
        matches!(&*pat.pat, Pat::Ident(pat) if pat.ident == "__ret")
    })
}

fn async_block(block: &Block) -> Option<&Block> {
    match block.stmts.as_slice() {
        [Stmt::Expr(Expr::Call(call), None)] => match call.args.first() {
            Some(Expr::Async(body)) if call.args.len() == 1 => Some(&body.block),
            _ => None,
        },
        _ => None,
    }
}

/// The `mut` of `async_trait`'s `let mut __self = self;`.
fn async_trait_self(block: &Block) -> Option<Token![mut]> {
    async_block(block)?
        .stmts
        .iter()
        .find_map(|stmt| match stmt {
            Stmt::Local(Local {
                pat: Pat::Ident(pat),
                ..
            }) if pat.ident == ASYNC_TRAIT_SELF => pat.mutability,
            _ => None,
        })
}

/// What `async_trait` calls `self` within its block.
pub(crate) const ASYNC_TRAIT_SELF: &str = "__self";

pub(crate) fn async_block_mut(block: &mut Block) -> Option<&mut Block> {
    match block.stmts.as_mut_slice() {
        [Stmt::Expr(Expr::Call(call), None)] => match call.args.first_mut() {
            Some(Expr::Async(body)) => Some(&mut body.block),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `async_trait` takes the argument apart within its block, under its `mut` if it has one.
pub(crate) fn is_taken_apart(ident: &Ident) -> bool {
    ident.to_string().starts_with("__arg")
}

/// Whether the pattern is the name of an argument that is a `&mut` reference.
pub(crate) fn is_reborrowed(sig: &Signature, pat: &Pat) -> bool {
    let Pat::Ident(pat) = pat else {
        return false;
    };
    sig.inputs.iter().any(|input| match input {
        FnArg::Typed(arg) if is_mut_reference(&arg.ty) => {
            matches!(&*arg.pat, Pat::Ident(name) if name.ident == pat.ident)
        }
        _ => false,
    })
}

/// Takes `mut` off the arguments, to be bound again in each attempt.
pub(crate) fn take_mut_arguments(function: &mut ItemFn) -> Vec<Rebinding> {
    let mut rebindings = Vec::new();
    for input in &mut function.sig.inputs {
        if let FnArg::Typed(arg) = input {
            let reborrow = is_mut_reference(&arg.ty);
            let cfgs = cfgs(&arg.attrs);
            take_mut(&mut arg.pat, reborrow, &cfgs, &mut rebindings);
        }
    }
    rebindings
}

/// The conditions under which an argument is there.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .cloned()
        .collect()
}

/// Takes `mut` off the variables of a pattern.
pub(crate) fn take_mut(
    pat: &mut Pat,
    reborrow: bool,
    cfgs: &[Attribute],
    rebindings: &mut Vec<Rebinding>,
) {
    let mut bindings = Bindings(|pat: &mut PatIdent| {
        if pat.by_ref.is_none()
            && let Some(mutability) = pat.mutability.take()
        {
            let (ident, cfgs) = (pat.ident.clone(), cfgs.to_vec());
            rebindings.push(Rebinding {
                ident,
                mutability,
                reborrow,
                cfgs,
            });
        }
    });
    bindings.visit_pat_mut(pat);
}

/// The names that the arguments bind; `async_trait` binds those of patterns within its block.
pub(crate) fn argument_names(function: &ItemFn) -> Vec<Ident> {
    let mut names = Vec::new();
    let mut note = |pat: &Pat| {
        let mut pat = pat.clone();
        Bindings(|pat: &mut PatIdent| names.push(pat.ident.clone())).visit_pat_mut(&mut pat);
    };
    for input in &function.sig.inputs {
        if let FnArg::Typed(arg) = input {
            note(&arg.pat);
        }
    }
    let before = async_trait_result(&function.block).unwrap_or_default();
    let stmts = async_block(&function.block).map_or(&[] as &[Stmt], |block| &block.stmts);
    for stmt in stmts.iter().take(before) {
        if let Stmt::Local(local) = stmt {
            note(&local.pat);
        }
    }
    names
}

struct Bindings<F>(F);

impl<F: FnMut(&mut PatIdent)> VisitMut for Bindings<F> {
    fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
        (self.0)(pat);
        visit_mut::visit_pat_ident_mut(self, pat);
    }
}

fn is_mut_reference(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Reference(ty) if ty.mutability.is_some())
}

/// The type as it may stand in an annotation, where `impl Trait` may not.
pub(crate) fn annotation(ty: &Type) -> Type {
    struct Infer;
    impl VisitMut for Infer {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::ImplTrait(found) = ty {
                *ty = Type::Infer(TypeInfer {
                    attrs: Vec::new(),
                    underscore_token: Token![_](found.impl_token.span),
                });
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    let mut ty = ty.clone();
    Infer.visit_type_mut(&mut ty);
    ty
}

/// Where to complain about the error type: at it, if it is written, else at the return type.
pub(crate) fn error_span(ty: &Type) -> Span {
    if let Type::Path(path) = ungrouped(ty)
        && let Some(segment) = path.path.segments.last()
        && let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let Some(last) = arguments.args.last()
        && arguments.args.len() > 1
    {
        return last.span();
    }
    ty.span()
}
