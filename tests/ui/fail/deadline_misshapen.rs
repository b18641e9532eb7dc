//! A deadline that is none, or that passes before the first retry.

use std::io;

use recovery_core::retry;

#[retry(deadline = 0s)]
async fn no_time() -> io::Result<()> {
    Ok(())
}

#[retry(deadline = 60)]
async fn no_unit() -> io::Result<()> {
    Ok(())
}

#[retry(deadline = "60s")]
async fn quoted() -> io::Result<()> {
    Ok(())
}

#[retry(deadline)]
async fn bare() -> io::Result<()> {
    Ok(())
}

#[retry(deadline = 100ms)]
async fn before_the_default() -> io::Result<()> {
    Ok(())
}

#[retry(initial = 10s, deadline = 5s)]
async fn before_the_first() -> io::Result<()> {
    Ok(())
}

#[retry(initial = 6s, backoff = constant, deadline = 5s)]
async fn constant() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(no_time());
    drop(no_unit());
    drop(quoted());
    drop(bare());
    drop(before_the_default());
    drop(before_the_first());
    drop(constant());
}
