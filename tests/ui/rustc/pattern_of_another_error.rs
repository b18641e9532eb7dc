//! A pattern that does not fit the error is told at the pattern.

use std::io;

use recovery_core::{retry, retryable_on};

enum MyError {
    Lost,
}

#[retry]
#[retryable_on(MyError::Lost)]
async fn load() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(MyError::Found)]
async fn find() -> Result<(), MyError> {
    Err(MyError::Lost)
}

fn main() {
    drop(load());
    drop(find());
}
