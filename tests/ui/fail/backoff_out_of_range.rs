//! A factor that would shrink the delay, or is no number.

use std::io;

use recovery_core::retry;

#[retry(backoff = 0.5)]
async fn shrinking() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = 0)]
async fn zero() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = -2.0)]
async fn negative() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = 2x)]
async fn unit() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = "exponential")]
async fn quoted() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = "2.0")]
async fn quoted_number() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = true)]
async fn flag() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(shrinking());
    drop(zero());
    drop(negative());
    drop(unit());
    drop(quoted());
    drop(quoted_number());
    drop(flag());
}
