//! All mistakes of one use are told in one build.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry(max = 0, backof = 2.0, initial = 500, clone(absent), name = 7)]
#[retryable_on(Netwrok)]
async fn refused() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(refused());
}
