//! A first delay longer than the longest, written or by default.

use std::io;

use recovery_core::retry;

#[retry(initial = 2m, max_delay = 1m)]
async fn both() -> io::Result<()> {
    Ok(())
}

#[retry(initial = 31s)]
async fn above_the_default() -> io::Result<()> {
    Ok(())
}

#[retry(max_delay = 100ms)]
async fn below_the_default() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(both());
    drop(above_the_default());
    drop(below_the_default());
}
