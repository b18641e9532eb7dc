//! Shared objects that are values.

use std::io;

use recovery_core::retry;

#[retry(budget = 10)]
async fn budget() -> io::Result<()> {
    Ok(())
}

#[retry(budget)]
async fn bare_budget() -> io::Result<()> {
    Ok(())
}

#[retry(breaker = "api")]
async fn breaker() -> io::Result<()> {
    Ok(())
}

#[retry(breaker)]
async fn bare_breaker() -> io::Result<()> {
    Ok(())
}

#[retry(pushback = true)]
async fn pushback() -> io::Result<()> {
    Ok(())
}

#[retry(pushback)]
async fn bare_pushback() -> io::Result<()> {
    Ok(())
}

#[retry(cancel = 5s)]
async fn cancel() -> io::Result<()> {
    Ok(())
}

#[retry(cancel)]
async fn bare_cancel() -> io::Result<()> {
    Ok(())
}

#[retry(breaker(api))]
async fn called() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(budget());
    drop(bare_budget());
    drop(breaker());
    drop(bare_breaker());
    drop(pushback());
    drop(bare_pushback());
    drop(cancel());
    drop(bare_cancel());
    drop(called());
}
