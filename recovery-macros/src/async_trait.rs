//! Recognises what `#[async_trait]` has made of an `async fn`, which it expands before `#[retry]`:
//!
//! ```text
//! Box::pin(async move {
//!     let __self = self;
//!     let n = n;
//!     let __ret: R = { body };
//!     __ret
//! })
//! ```

use proc_macro2::Ident;
use syn::{Block, Expr, ExprAsync, Local, Pat, Stmt, Token};

/// What `self` is called within the block.
pub(crate) const SELF: &str = "__self";

/// The async block, if the body is nothing else.
pub(crate) fn block(body: &Block) -> Option<&Block> {
    match body.stmts.as_slice() {
        [Stmt::Expr(Expr::Call(call), None)] => match call.args.first() {
            Some(Expr::Async(ExprAsync { block, .. }))
                if call.args.len() == 1 && result_place(block).is_some() =>
            {
                Some(block)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The async block in a body that [`block`] has recognised.
pub(crate) fn block_mut(body: &mut Block) -> Option<&mut Block> {
    match body.stmts.as_mut_slice() {
        [Stmt::Expr(Expr::Call(call), None)] => match call.args.first_mut() {
            Some(Expr::Async(ExprAsync { block, .. })) => Some(block),
            _ => None,
        },
        _ => None,
    }
}

/// The place of `let __ret: R = { body };` among the statements.
pub(crate) fn result_place(block: &Block) -> Option<usize> {
    block.stmts.iter().position(|stmt| {
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

/// The statements before the result: they bind the arguments.
pub(crate) fn bindings(body: &Block) -> &[Stmt] {
    let Some(block) = block(body) else {
        return &[];
    };
    let place = result_place(block).unwrap_or_default();
    block.stmts.get(..place).unwrap_or_default()
}

/// The `mut` of `let mut __self = self;`.
pub(crate) fn mut_self(body: &Block) -> Option<Token![mut]> {
    bindings(body).iter().find_map(|stmt| match stmt {
        Stmt::Local(Local {
            pat: Pat::Ident(pat),
            ..
        }) if pat.ident == SELF => pat.mutability,
        _ => None,
    })
}

/// Whether the argument is taken apart within the block, under its `mut` if it has one.
pub(crate) fn is_taken_apart(ident: &Ident) -> bool {
    ident.to_string().starts_with("__arg")
}
