//! Looks into return types: futures and what they give, annotations, the error's place.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, Ident, PathArguments, Token, Type, TypeInfer, TypeParamBound, TypePath,
};

/// `impl Future`, `Pin<Box<..>>` or an alias of it that everybody knows.
pub(crate) fn is_future(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::ImplTrait(ty) => future_bound(&ty.bounds).is_some(),
        ty => last_segment(ty).is_some_and(|ident| {
            ident == "Pin" || ident == "BoxFuture" || ident == "LocalBoxFuture"
        }),
    }
}

/// What a future gives, if its type says so.
pub(crate) fn output(ty: &Type) -> Option<&Type> {
    match ungrouped(ty) {
        Type::ImplTrait(ty) => future_output(&ty.bounds),
        Type::TraitObject(ty) => future_output(&ty.bounds),
        Type::Path(path) => {
            let inner = last_argument(path)?;
            match last_segment(ty)?.to_string().as_str() {
                "Pin" | "Box" => output(inner),
                "BoxFuture" | "LocalBoxFuture" => Some(inner),
                _ => None,
            }
        }
        _ => None,
    }
}

fn future_output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = future_bound(bounds)? else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

fn future_bound(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&PathArguments> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            (last.ident == "Future").then_some(&last.arguments)
        }
        _ => None,
    })
}

/// The last argument of a generic type that is a type.
fn last_argument(path: &TypePath) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    arguments
        .args
        .iter()
        .rev()
        .find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// The last name of a type's path.
pub(crate) fn last_segment(ty: &Type) -> Option<&Ident> {
    match ungrouped(ty) {
        Type::Path(ty) => ty.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// The type without the invisible group that a `macro_rules!` puts around a fragment.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        ty => ty,
    }
}

pub(crate) fn is_mut_reference(ty: &Type) -> bool {
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
        && let PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let Some(last) = arguments.args.last()
        && arguments.args.len() > 1
    {
        return last.span();
    }
    ty.span()
}
