//! A list without `#[retry]`.

use std::io;

use recovery_core::retryable_on;

#[retryable_on(Network)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
