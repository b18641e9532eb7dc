//! An option that nearly exists.

use std::io;

use recovery_core::retry;

#[retry(max = 3, jiter)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
