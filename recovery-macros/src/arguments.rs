//! The function's arguments: their names, and those that each attempt gets anew.

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, FnArg, Ident, ItemFn, Pat, PatIdent, Signature, Stmt, Token};

use crate::types;
use crate::{async_trait, future};

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

/// Takes `mut` off the arguments, to be bound again in each attempt.
pub(crate) fn take_mut_arguments(sig: &mut Signature) -> Vec<Rebinding> {
    let mut rebindings = Vec::new();
    for input in &mut sig.inputs {
        if let FnArg::Typed(arg) = input {
            let reborrow = types::is_mut_reference(&arg.ty);
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
pub(crate) fn names(function: &ItemFn) -> Vec<Ident> {
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
    for stmt in bound_before(&function.block) {
        if let Stmt::Local(local) = stmt {
            note(&local.pat);
        }
    }
    names
}

fn bound_before(body: &Block) -> &[Stmt] {
    match async_trait::bindings(body) {
        [] => future::statements_before(body),
        bindings => bindings,
    }
}

struct Bindings<F>(F);

impl<F: FnMut(&mut PatIdent)> VisitMut for Bindings<F> {
    fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
        (self.0)(pat);
        visit_mut::visit_pat_ident_mut(self, pat);
    }
}
