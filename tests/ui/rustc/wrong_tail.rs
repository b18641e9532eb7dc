//! A tail of the wrong type is told at the expression.

use std::io;

use recovery_core::retry;

#[retry]
async fn tail() -> io::Result<u32> {
    Ok("text")
}

#[retry]
async fn no_ok() -> io::Result<u32> {
    7
}

#[retry]
async fn returned(word: &str) -> io::Result<u32> {
    if word.is_empty() {
        return "text";
    }
    Ok(1)
}

#[retry]
fn blocking() -> io::Result<u32> {
    Ok("text")
}

#[retry]
async fn forgotten() -> io::Result<u32> {
    let value = 1;
    value;
}

fn main() {
    drop((tail(), no_ok(), returned(""), forgotten()));
    drop(blocking());
}
