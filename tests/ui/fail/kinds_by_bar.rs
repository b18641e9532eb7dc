//! Kinds joined by a bar, or guarded.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(Network | Timeout)]
async fn joined() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network if true)]
async fn guarded() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(joined());
    drop(guarded());
}
