//! Words that other toolkits use for what holds a call back.

use std::io;

use recovery_core::retry;

#[retry(circuit_breaker = breaker())]
async fn circuit() -> io::Result<()> {
    Ok(())
}

#[retry(retry_budget = budget())]
async fn quota() -> io::Result<()> {
    Ok(())
}

#[retry(rate_limit = 10)]
async fn limited() -> io::Result<()> {
    Ok(())
}

#[retry(cancellation_token = token())]
async fn token() -> io::Result<()> {
    Ok(())
}

#[retry(max_elapsed = 60s)]
async fn elapsed() -> io::Result<()> {
    Ok(())
}

#[retry(total_timeout = 60s)]
async fn total() -> io::Result<()> {
    Ok(())
}

#[retry(or_else = |error| Ok(()))]
async fn else_() -> io::Result<()> {
    Ok(())
}

#[retry(except(Timeout))]
async fn unless() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(circuit());
    drop(quota());
    drop(limited());
    drop(token());
    drop(elapsed());
    drop(total());
    drop(else_());
    drop(unless());
}
