//! An option given twice.

use std::io;

use recovery_core::retry;

#[retry(max = 3, jitter, max = 4)]
async fn same() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(same());
}
