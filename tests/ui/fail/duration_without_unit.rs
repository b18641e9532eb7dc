//! A number alone is no duration.

use std::io;

use recovery_core::retry;

#[retry(initial = 500)]
async fn whole() -> io::Result<()> {
    Ok(())
}

#[retry(max_delay = 1.5)]
async fn fraction() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(whole());
    drop(fraction());
}
