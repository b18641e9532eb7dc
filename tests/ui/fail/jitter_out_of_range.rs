//! A fraction outside 0..=1, and words that are no jitter.

use std::io;

use recovery_core::retry;

#[retry(jitter = 1.5)]
async fn above_one() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = -0.5)]
async fn negative() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = "full")]
async fn text() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = true)]
async fn flag() -> io::Result<()> {
    Ok(())
}

#[retry(jitter(full))]
async fn listed() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = 100ms)]
async fn time() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = Full)]
async fn capital() -> io::Result<()> {
    Ok(())
}

#[retry(jitter = 2f32)]
async fn single() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(above_one());
    drop(negative());
    drop(text());
    drop(flag());
    drop(listed());
    drop(time());
    drop(capital());
    drop(single());
}
