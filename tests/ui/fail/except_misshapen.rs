//! Exceptions without errors, unknown ones, and contradictions.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(Network, except)]
async fn bare() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network, except())]
async fn empty() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network, except(ServerError))]
async fn unknown() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(except(Network, except(Timeout)))]
async fn nested() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network, Timeout, except(Timeout))]
async fn contradiction() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(except(_))]
async fn every() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(except(ErrorKind::Timeout))]
async fn kind_with_path() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(bare());
    drop(empty());
    drop(unknown());
    drop(nested());
    drop(contradiction());
    drop(every());
    drop(kind_with_path());
}
