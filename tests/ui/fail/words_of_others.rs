//! Words that other toolkits use.

use std::io;

use recovery_core::retry;

#[retry(delay = 1s)]
async fn delay() -> io::Result<()> {
    Ok(())
}

#[retry(factor = 2.0)]
async fn factor() -> io::Result<()> {
    Ok(())
}

#[retry(cap = 30s)]
async fn cap() -> io::Result<()> {
    Ok(())
}

#[retry(retry_if = |_| true)]
async fn retry_if() -> io::Result<()> {
    Ok(())
}

#[retry(retry_on(Network, Timeout))]
async fn listed_inside() -> io::Result<()> {
    Ok(())
}

#[retry(notify = report)]
async fn notified() -> io::Result<()> {
    Ok(())
}

#[retry(config = policy())]
async fn configured() -> io::Result<()> {
    Ok(())
}

#[retry(retry_if = |a, b| true)]
async fn two_arguments() -> io::Result<()> {
    Ok(())
}

#[retry(retry_if = |a, b| true, max = 0)]
async fn and_another() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(delay());
    drop(factor());
    drop(cap());
    drop(retry_if());
    drop(listed_inside());
    drop(notified());
    drop(configured());
    drop(two_arguments());
    drop(and_another());
}
