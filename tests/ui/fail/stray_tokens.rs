//! What stands where a comma should.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry(max = 3 jitter)]
async fn no_comma() -> io::Result<()> {
    Ok(())
}

#[retry(max: 3)]
async fn colon() -> io::Result<()> {
    Ok(())
}

#[retry(max 3)]
async fn no_equals() -> io::Result<()> {
    Ok(())
}

#[retry(max == 3)]
async fn compared() -> io::Result<()> {
    Ok(())
}

#[retry(max = 3; jitter)]
async fn semicolon() -> io::Result<()> {
    Ok(())
}

#[retry(max = 3,, jitter)]
async fn two_commas() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network Timeout)]
async fn kinds() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network,, Timeout)]
async fn kinds_with_two_commas() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(no_comma());
    drop(colon());
    drop(no_equals());
    drop(compared());
    drop(semicolon());
    drop(two_commas());
    drop(kinds());
    drop(kinds_with_two_commas());
}
