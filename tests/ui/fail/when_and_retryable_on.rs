//! Two ways to say which errors are retried.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry(when = |_| true)]
#[retryable_on(Network)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
