//! Jitter on delays that are random by themselves.

use std::io;

use recovery_core::retry;

#[retry(backoff = decorrelated, jitter)]
async fn bare() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = full, backoff = decorrelated)]
async fn full() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(bare());
    drop(full());
}
