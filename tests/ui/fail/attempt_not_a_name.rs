//! `attempt` binds an identifier.

use std::io;

use recovery_core::retry;

#[retry(attempt = 1)]
async fn number() -> io::Result<()> {
    Ok(())
}

#[retry(attempt = a::b)]
async fn path() -> io::Result<()> {
    Ok(())
}

#[retry(attempt = "n")]
async fn text() -> io::Result<()> {
    Ok(())
}

#[retry(attempt = count)]
async fn argument(count: u32) -> io::Result<u32> {
    Ok(count)
}

#[retry(attempt = _)]
async fn underscore() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(number());
    drop(path());
    drop(text());
    drop(argument(1));
    drop(underscore());
}
