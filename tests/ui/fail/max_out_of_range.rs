//! No attempt at all, fewer than none, a part of one, more than can be counted.

use std::io;

use recovery_core::retry;

#[retry(max = 0)]
async fn zero() -> io::Result<()> {
    Ok(())
}

#[retry(max = -1)]
async fn negative() -> io::Result<()> {
    Ok(())
}

#[retry(max = 2.5)]
async fn fraction() -> io::Result<()> {
    Ok(())
}

#[retry(max = "3")]
async fn text() -> io::Result<()> {
    Ok(())
}

#[retry(max = 5_000_000_000)]
async fn huge() -> io::Result<()> {
    Ok(())
}

#[retry(max = 3u64)]
async fn long() -> io::Result<()> {
    Ok(())
}

#[retry(max = (0))]
async fn in_parentheses() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(zero());
    drop(negative());
    drop(fraction());
    drop(text());
    drop(huge());
    drop(long());
    drop(in_parentheses());
}
