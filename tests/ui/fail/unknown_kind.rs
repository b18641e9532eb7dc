//! Bare names that are no kind of error.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(ServerError)]
async fn wrong_word() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network, Netwrok)]
async fn near_miss() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Banana)]
async fn banana() -> io::Result<()> {
    Ok(())
}

#[retryable_on(RateLimit)]
#[retry]
async fn list_on_top() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(wrong_word());
    drop(near_miss());
    drop(banana());
    drop(list_on_top());
}
