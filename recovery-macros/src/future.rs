//! Finds the async block that a function which is not `async` returns: bare, in `Box::pin(..)`,
//! or under methods such as `.boxed()`.

use syn::{Block, Expr, Stmt};

/// Whether the body ends in an async block.
pub(crate) fn ends_in_async_block(body: &Block) -> bool {
    tail(&mut body.clone()).is_some()
}

/// Whether what the body gives is a future beyond doubt: an async block, bare or in `Box::pin(..)`.
pub(crate) fn is_made_by(body: &Block) -> bool {
    match body.stmts.last() {
        Some(Stmt::Expr(Expr::Async(_), None)) => true,
        Some(Stmt::Expr(Expr::Call(call), None)) => {
            let is_pin = match &*call.func {
                Expr::Path(path) => {
                    let last = path.path.segments.last();
                    last.is_some_and(|last| last.ident == "pin")
                }
                _ => false,
            };
            is_pin && matches!(call.args.first(), Some(Expr::Async(_)))
        }
        _ => false,
    }
}

/// The async block at the end of the body.
pub(crate) fn tail(body: &mut Block) -> Option<&mut Block> {
    match body.stmts.last_mut() {
        Some(Stmt::Expr(expr, None)) => within(expr),
        _ => None,
    }
}

fn within(expr: &mut Expr) -> Option<&mut Block> {
    match expr {
        Expr::Async(expr) => Some(&mut expr.block),
        Expr::Call(call) if call.args.len() == 1 => call.args.first_mut().and_then(within),
        Expr::MethodCall(call) => within(&mut call.receiver),
        Expr::Paren(expr) => within(&mut expr.expr),
        Expr::Group(expr) => within(&mut expr.expr),
        _ => None,
    }
}

/// What the function does before it makes the future: once, whatever the attempts.
pub(crate) fn statements_before(body: &Block) -> &[Stmt] {
    match body.stmts.split_last() {
        Some((_, before)) if ends_in_async_block(body) => before,
        _ => &[],
    }
}
