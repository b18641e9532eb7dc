//! Values that would end the function.

use std::io;

use recovery_core::{retry, retryable_on};

const DELAY: std::time::Duration = std::time::Duration::ZERO;

#[retry(max = "3".parse::<u32>().unwrap_or(3).checked_add(0).ok_or(io::ErrorKind::Other)?)]
async fn question() -> io::Result<()> {
    Ok(())
}

#[retry(initial = if true { return Ok(()) } else { DELAY })]
async fn returns() -> io::Result<()> {
    Ok(())
}

#[retry(initial = loop { break DELAY })]
async fn within_a_loop() -> io::Result<()> {
    Ok(())
}

#[retry(max = { break; 3 })]
async fn breaks() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(_ if check()?)]
async fn guarded() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(within_a_loop());
    drop(breaks());
    drop(guarded());
    drop(question());
    drop(returns());
}
