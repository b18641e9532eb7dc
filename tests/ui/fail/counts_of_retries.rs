//! Words of those who count retries rather than attempts.

use std::io;

use recovery_core::retry;

#[retry(max_retries = 2)]
async fn max_retries() -> io::Result<()> {
    Ok(())
}

#[retry(retries = 2)]
async fn retries() -> io::Result<()> {
    Ok(())
}

#[retry(attempts = 3)]
async fn attempts() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(max_retries());
    drop(retries());
    drop(attempts());
}
