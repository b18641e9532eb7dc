//! An error type without `Classify` is complained of where it is written.

use recovery_core::{retry, retryable_on};

#[derive(Debug)]
struct MyError;

#[retry]
async fn written() -> Result<(), MyError> {
    Err(MyError)
}

type Answer = Result<(), MyError>;

#[retry(max = 2)]
fn behind_an_alias() -> Answer {
    Err(MyError)
}

#[retry]
#[retryable_on(Network)]
async fn listed() -> Result<(), MyError> {
    Err(MyError)
}

fn main() {
    drop(written());
    drop(behind_an_alias());
    drop(listed());
}
