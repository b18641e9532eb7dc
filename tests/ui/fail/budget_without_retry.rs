//! A budget of retries for a call that is never retried.

use std::io;

use recovery_core::retry;

#[retry(max = 1, budget = budget())]
async fn once() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(once());
}
