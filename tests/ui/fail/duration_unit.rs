//! Units that are none of time.

use std::io;

use recovery_core::retry;

#[retry(max_delay = 1d)]
async fn days() -> io::Result<()> {
    Ok(())
}

#[retry(max_delay = 30sec)]
async fn seconds() -> io::Result<()> {
    Ok(())
}

#[retry(max_delay = 2f32)]
async fn number_type() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(days());
    drop(seconds());
    drop(number_type());
}
