//! A space between number and unit.

use std::io;

use recovery_core::retry;

#[retry(initial = 500 ms, max = 3)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
