//! A time limit that no attempt keeps, and one on a call that cannot be cut off.

use recovery_core::retry;
use std::io;

#[retry(timeout = 0s)]
async fn no_time() -> io::Result<()> {
    Ok(())
}

#[retry(timeout = 5)]
async fn no_unit() -> io::Result<()> {
    Ok(())
}

#[retry(timeout = 5s)]
fn blocking() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop((no_time(), no_unit(), blocking()));
}
