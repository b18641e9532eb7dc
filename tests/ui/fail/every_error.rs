//! Patterns that leave no error out.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(_)]
async fn wild() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on((_))]
async fn in_parentheses() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(&_)]
async fn behind_a_reference() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(ref error)]
async fn by_reference() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(error @ _)]
async fn named() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on((Network))]
async fn kind_in_parentheses() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(error @ Network)]
async fn named_kind() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(except(&_))]
async fn excepted() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(wild());
    drop(in_parentheses());
    drop(behind_a_reference());
    drop(by_reference());
    drop(named());
    drop(kind_in_parentheses());
    drop(named_kind());
    drop(excepted());
}
