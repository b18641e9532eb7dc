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

#[retry(policy = TEXT)]
async fn policy() -> io::Result<()> {
    Ok(())
}

#[retry(policy = TEXT.trim(), max = 2)]
async fn overridden() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = TEXT)]
async fn jitter() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = 1 + 1)]
async fn backoff() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop((max(), initial(), when()));
    drop((policy(), overridden(), jitter(), backoff()));
}
