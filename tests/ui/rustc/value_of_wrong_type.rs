//! Values of the wrong type are told at the value.

use std::io;

use recovery_core::retry;

const TEXT: &str = "3";

#[retry(max = TEXT)]
async fn max() -> io::Result<()> {
    Ok(())
}

#[retry(initial = 1 + 1)]
async fn initial() -> io::Result<()> {
    Ok(())
}

#[retry(when = |error| 1)]
async fn when() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop((max(), initial(), when()));
}
