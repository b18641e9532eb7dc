//! A duration in quotes.

use std::io;

use recovery_core::retry;

#[retry(initial = "500ms")]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
