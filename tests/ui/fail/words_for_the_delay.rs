//! The words of `backoff` and `jitter` as options.

use std::io;

use recovery_core::retry;

#[retry(exponential)]
async fn exponential() -> io::Result<()> {
    Ok(())
}

#[retry(linear)]
async fn linear() -> io::Result<()> {
    Ok(())
}

#[retry(fixed(1s))]
async fn fixed() -> io::Result<()> {
    Ok(())
}

#[retry(full)]
async fn full() -> io::Result<()> {
    Ok(())
}

#[retry(multiplier = 2.0)]
async fn multiplier() -> io::Result<()> {
    Ok(())
}

#[retry(interval = 1s)]
async fn interval() -> io::Result<()> {
    Ok(())
}

#[retry(max_interval = 1s)]
async fn max_interval() -> io::Result<()> {
    Ok(())
}

#[retry(randomize)]
async fn randomized() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(exponential());
    drop(linear());
    drop(fixed());
    drop(full());
    drop(multiplier());
    drop(interval());
    drop(max_interval());
    drop(randomized());
}
