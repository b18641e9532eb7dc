//! Retrying every error must be asked for in so many words.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(_)]
async fn wild() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(wild());
}
