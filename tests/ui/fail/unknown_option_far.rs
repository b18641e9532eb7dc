//! An option that resembles none.

use std::io;

use recovery_core::retry;

#[retry(banana = 3)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
