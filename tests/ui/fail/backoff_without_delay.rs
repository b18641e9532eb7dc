//! Delays of a schedule that has none.

use std::io;

use recovery_core::retry;

#[retry(backoff = none, initial = 1s)]
async fn initial() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = none, max_delay = 1s)]
async fn longest() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = none, jitter)]
async fn jittered() -> io::Result<()> {
    Ok(())
}

#[retry(backoff = none, initial = 1s, jitter = full, max_delay = 2s)]
async fn all() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(initial());
    drop(longest());
    drop(jittered());
    drop(all());
}
