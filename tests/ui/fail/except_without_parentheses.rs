//! An exception without its parentheses.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(Network, except Timeout)]
async fn spaced() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(spaced());
}
