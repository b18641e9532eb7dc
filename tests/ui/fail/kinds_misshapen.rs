//! Kinds that are not written as bare names.

use std::io;

use recovery_core::{ErrorKind, retry, retryable_on};

#[retry]
#[retryable_on("Network")]
async fn quoted() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(ErrorKind::Network)]
async fn by_path() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(recovery_core::ErrorKind::Timeout, "NetworkError")]
async fn by_full_path() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(ErrorKind::Network | ErrorKind::Timeout)]
async fn joined() -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = ErrorKind::Network;
    drop(quoted());
    drop(by_path());
    drop(by_full_path());
    drop(joined());
}
