//! Two lists, in every order.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(Network)]
#[retryable_on(Timeout)]
async fn below() -> io::Result<()> {
    Ok(())
}

#[retryable_on(Network)]
#[retry]
#[retryable_on(Timeout)]
async fn around() -> io::Result<()> {
    Ok(())
}

#[retryable_on(Network)]
#[retryable_on(Timeout)]
#[retry]
async fn above() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(below());
    drop(around());
    drop(above());
}
