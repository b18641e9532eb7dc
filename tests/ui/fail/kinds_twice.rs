//! A kind that is listed twice.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(Network, Timeout, Network)]
async fn twice() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(except(Network, Network))]
async fn excepted_twice() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(twice());
    drop(excepted_twice());
}
