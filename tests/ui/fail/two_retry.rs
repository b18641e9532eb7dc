//! Two `#[retry]` would multiply.

use std::io;

use recovery_core::retry;

#[retry(max = 3)]
#[retry(max = 2)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
