//! An option that needs a value and has none.

use std::io;

use recovery_core::retry;

#[retry(max)]
async fn max() -> io::Result<()> {
    Ok(())
}

#[retry(max = )]
async fn equals() -> io::Result<()> {
    Ok(())
}

#[retry(initial, jitter)]
async fn initial() -> io::Result<()> {
    Ok(())
}

#[retry(policy)]
async fn policy() -> io::Result<()> {
    Ok(())
}

#[retry(when)]
async fn when() -> io::Result<()> {
    Ok(())
}

#[retry(on_retry)]
async fn on_retry() -> io::Result<()> {
    Ok(())
}

#[retry(attempt)]
async fn attempt() -> io::Result<()> {
    Ok(())
}

#[retry(name)]
async fn name() -> io::Result<()> {
    Ok(())
}

#[retry(max(3))]
async fn called() -> io::Result<()> {
    Ok(())
}

#[retry(crate)]
async fn renamed() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(max());
    drop(equals());
    drop(initial());
    drop(policy());
    drop(when());
    drop(on_retry());
    drop(attempt());
    drop(name());
    drop(called());
    drop(renamed());
}
