//! An exception that is no pattern of this error.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(Network, except(Some(_)))]
async fn excepted() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(excepted());
}
