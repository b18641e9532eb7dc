//! The function's arguments: their names, and those that each attempt gets anew.

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, FnArg, Ident, Pat, PatIdent, Signature, Stmt, Token};

use crate::diag::Diagnostics;
use crate::target::Shape;
use crate::{async_trait, future, types};

/// A variable that each attempt gets anew, with the value it had before the first.
pub(crate) struct Rebinding {
    pub(crate) ident: Ident,
    /// The user's own `mut`.
    pub(crate) mutability: Option<Token![mut]>,
    /// A `&mut` reference is borrowed again rather than moved.
    pub(crate) reborrow: bool,
    /// The `#[cfg(..)]`s of the argument.
    pub(crate) cfgs: Vec<Attribute>,
}

/// The arguments that are bound again in each attempt: those that are `mut`, of which it is taken
/// off, and the `&mut` references, which a body may move.
pub(crate) fn take_rebound(sig: &mut Signature) -> Vec<Rebinding> {
    let mut rebindings = Vec::new();
    for input in &mut sig.inputs {
        if let FnArg::Typed(arg) = input {
            // Within a pattern are parts of the reference, or of what is behind it.
            let reborrow = types::is_mut_reference(&arg.ty) && matches!(*arg.pat, Pat::Ident(_));
            let cfgs = cfgs(&arg.attrs);
            take(&mut arg.pat, reborrow, &cfgs, &mut rebindings);
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

/// The variables of a pattern that are bound again.
pub(crate) fn take(
    pat: &mut Pat,
    reborrow: bool,
    cfgs: &[Attribute],
    rebindings: &mut Vec<Rebinding>,
) {
    let mut bindings = Bindings(|pat: &mut PatIdent| {
        if pat.by_ref.is_none() && (reborrow || pat.mutability.is_some()) {
            let mutability = pat.mutability.take();
            let (ident, cfgs) = (pat.ident.clone(), cfgs.to_vec());
            // An argument of async_trait's, which its block binds once more.
            rebindings.retain(|earlier| earlier.ident != ident);
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

/// Whether the pattern is the name of an argument that is a `&mut` reference.
pub(crate) fn is_reborrowed(sig: &Signature, pat: &Pat) -> bool {
    let Pat::Ident(pat) = pat else {
        return false;
    };
    sig.inputs.iter().any(|input| match input {
        FnArg::Typed(arg) if types::is_mut_reference(&arg.ty) => {
            matches!(&*arg.pat, Pat::Ident(name) if name.ident == pat.ident)
        }
        _ => false,
    })
}

/// The names that the body finds: those of the arguments, and those that are bound before an
/// async block that is retried.
pub(crate) fn names(sig: &Signature, shape: &Shape) -> Vec<Ident> {
    let mut names = Vec::new();
    let mut note = |pat: &Pat| {
        let mut pat = pat.clone();
        Bindings(|pat: &mut PatIdent| names.push(pat.ident.clone())).visit_pat_mut(&mut pat);
    };
    for input in &sig.inputs {
        if let FnArg::Typed(arg) = input {
            note(&arg.pat);
        }
    }
    let before = match shape {
        Shape::AsyncTrait(block) => async_trait::bindings(block),
        Shape::Future(block) => future::statements_before(block),
        Shape::Async | Shape::Blocking | Shape::Unreadable => &[],
    };
    for stmt in before {
        if let Stmt::Local(local) = stmt {
            note(&local.pat);
        }
    }
    names
}

/// `ref mut` names the argument itself, with all changes of the attempts before.
pub(crate) fn refuse_ref_mut(sig: &Signature, diagnostics: &mut Diagnostics) {
    for input in &sig.inputs {
        if let FnArg::Typed(arg) = input {
            let mut refuse = Bindings(|pat: &mut PatIdent| {
                if let (Some(by_ref), Some(_)) = (pat.by_ref, pat.mutability) {
                    diagnostics.error(
                        by_ref.span,
                        "`ref mut` would carry changes of one attempt into the next",
                        "take it as `mut`, or as a `&mut` reference if the changes are meant to stay",
                    );
                }
            });
            refuse.visit_pat_mut(&mut arg.pat.clone());
        }
    }
}

struct Bindings<F>(F);

impl<F: FnMut(&mut PatIdent)> VisitMut for Bindings<F> {
    fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
        (self.0)(pat);
        visit_mut::visit_pat_ident_mut(self, pat);
    }
}
