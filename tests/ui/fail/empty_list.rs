//! A list that lists nothing.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on()]
async fn parentheses() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on]
async fn bare() -> io::Result<()> {
    Ok(())
}

#[retryable_on()]
#[retry]
async fn on_top() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(parentheses());
    drop(bare());
    drop(on_top());
}
