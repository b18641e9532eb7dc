//! Finds the body to retry in the item under the attribute, and refuses what cannot be retried.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Expr, FnArg, Ident, Item, ItemFn, Local, Pat, PatIdent, Receiver, ReceiverKind,
    ReturnType, Safety, Stmt, Token, TraitItemFn, Type, TypeInfer,
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
    pub(crate) mutable: bool,
    /// A `&mut` reference is borrowed again rather than moved.
    pub(crate) reborrow: bool,
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
            Ok(Item::Impl(item)) => mistake(
                item.impl_token.span,
                "`#[retry]` retries functions, not an `impl`",
                HELP,
            ),
            Ok(Item::Trait(item)) => mistake(
                item.trait_token.span,
                "`#[retry]` retries functions, not a trait",
                HELP,
            ),
            Ok(other) => mistake(other.span(), "`#[retry]` retries functions", HELP),
        }
    })
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
    if let Some(Receiver {
        mutability: Some(token),
        kind: ReceiverKind::Value,
        ..
    }) = sig.receiver()
    {
        diagnostics.error(
            token.span,
            "`mut self` would carry changes of one attempt into the next",
            "take `self`, and in the body begin with `let mut this = self.clone();`",
        );
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

fn shape_by_type(function: &ItemFn, ty: &Type, diagnostics: &mut Diagnostics) -> Shape {
    if function.sig.asyncness.is_none() && is_future(ty) {
        if async_trait_result(&function.block).is_none() {
            diagnostics.error(
                ty.span(),
                "a function that returns a future is over before the future has failed",
                "make it an `async fn` that returns the `Result`",
            );
        }
        return Shape::AsyncTrait;
    }
    let other = match ty {
        Type::Never(_) => Some("`!`"),
        Type::Tuple(tuple) if tuple.elems.is_empty() => Some("`()`"),
        Type::Path(path) => match path.path.segments.last() {
            Some(segment) if segment.ident == "Option" => Some("`Option`"),
            Some(segment) if segment.ident == "bool" => Some("`bool`"),
            _ => None,
        },
        _ => None,
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

/// `impl Future` or `Pin<Box<..>>`.
fn is_future(ty: &Type) -> bool {
    match ty {
        Type::ImplTrait(ty) => ty.bounds.iter().any(|bound| {
            let last = match bound {
                syn::TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            };
            last.is_some_and(|segment| segment.ident == "Future")
        }),
        Type::Path(ty) => ty
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "Pin"),
        _ => false,
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

pub(crate) fn async_block_mut(block: &mut Block) -> Option<&mut Block> {
    match block.stmts.as_mut_slice() {
        [Stmt::Expr(Expr::Call(call), None)] => match call.args.first_mut() {
            Some(Expr::Async(body)) => Some(&mut body.block),
            _ => None,
        },
        _ => None,
    }
}

/// Takes `mut` off the arguments, to be bound again in each attempt.
pub(crate) fn take_mut_arguments(function: &mut ItemFn) -> Vec<Rebinding> {
    let mut rebindings = Vec::new();
    for input in &mut function.sig.inputs {
        if let FnArg::Typed(arg) = input {
            let reborrow = is_mut_reference(&arg.ty);
            take_mut(&mut arg.pat, reborrow, &mut rebindings);
        }
    }
    rebindings
}

/// Takes `mut` off the variables of a pattern.
pub(crate) fn take_mut(pat: &mut Pat, reborrow: bool, rebindings: &mut Vec<Rebinding>) {
    let mut bindings = Bindings(|pat: &mut PatIdent| {
        if pat.by_ref.is_none() && pat.mutability.take().is_some() {
            rebindings.push(Rebinding {
                ident: pat.ident.clone(),
                mutable: true,
                reborrow,
            });
        }
    });
    bindings.visit_pat_mut(pat);
}

/// The names that the arguments bind.
pub(crate) fn argument_names(function: &ItemFn) -> Vec<Ident> {
    let mut names = Vec::new();
    for input in &function.sig.inputs {
        if let FnArg::Typed(arg) = input {
            let mut pat = arg.pat.clone();
            Bindings(|pat: &mut PatIdent| names.push(pat.ident.clone())).visit_pat_mut(&mut pat);
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
    matches!(ty, Type::Reference(ty) if ty.mutability.is_some())
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
    if let Type::Path(path) = ty
        && let Some(segment) = path.path.segments.last()
        && let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let Some(last) = arguments.args.last()
        && arguments.args.len() > 1
    {
        return last.span();
    }
    ty.span()
}
