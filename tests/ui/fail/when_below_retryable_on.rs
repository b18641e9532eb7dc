//! Two ways to say which errors are retried, the list on top.

use std::io;

use recovery_core::{retry, retryable_on};

#[retryable_on(Network)]
#[retry(when = |_| true)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
