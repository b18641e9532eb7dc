//! A fallback that is no function of the error.

use std::io;

use recovery_core::retry;

#[retry(fallback)]
async fn bare() -> io::Result<()> {
    Ok(())
}

#[retry(fallback = 7)]
async fn value() -> io::Result<()> {
    Ok(())
}

#[retry(fallback = "cached")]
async fn text() -> io::Result<()> {
    Ok(())
}

#[retry(fallback = || Ok(()))]
async fn of_nothing() -> io::Result<()> {
    Ok(())
}

#[retry(fallback = |a, b, c| Ok(()))]
async fn of_three() -> io::Result<()> {
    Ok(())
}

#[retry(fallback(cached))]
async fn called() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(bare());
    drop(value());
    drop(text());
    drop(of_nothing());
    drop(of_three());
    drop(called());
}
