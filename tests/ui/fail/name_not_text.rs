//! A name that is not a string, or an empty one.

use std::io;

use recovery_core::retry;

#[retry(name = 7)]
async fn number() -> io::Result<()> {
    Ok(())
}

#[retry(name = send)]
async fn path() -> io::Result<()> {
    Ok(())
}

#[retry(name = "")]
async fn empty() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(number());
    drop(path());
    drop(empty());
}
