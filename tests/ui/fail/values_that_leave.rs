//! Values that would end the function.

use std::io;

use recovery_core::retry;

const DELAY: std::time::Duration = std::time::Duration::ZERO;

#[retry(max = "3".parse::<u32>().unwrap_or(3).checked_add(0).ok_or(io::ErrorKind::Other)?)]
async fn question() -> io::Result<()> {
    Ok(())
}

#[retry(initial = if true { return Ok(()) } else { DELAY })]
async fn returns() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(question());
    drop(returns());
}
