//! Words that are no growth of the delay.

use std::io;

use recovery_core::retry;

#[retry(backoff = fixed)]
async fn fixed() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = expo)]
async fn expo() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = fib)]
async fn fib() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = lineer)]
async fn misspelt() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = immediate)]
async fn immediate() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(fixed());
    drop(expo());
    drop(fib());
    drop(misspelt());
    drop(immediate());
}
