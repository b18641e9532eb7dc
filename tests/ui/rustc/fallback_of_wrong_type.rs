//! Fallbacks that take or give something else.

use std::io;

use recovery_core::{StopReason, retry};

fn of_nothing() -> io::Result<u32> {
    Ok(0)
}

fn of_the_reason(_: StopReason) -> io::Result<u32> {
    Ok(0)
}

#[retry(fallback = of_nothing)]
async fn no_argument() -> io::Result<u32> {
    Ok(1)
}

#[retry(fallback = of_the_reason)]
async fn another_argument() -> io::Result<u32> {
    Ok(1)
}

#[retry(fallback = |_| 7)]
async fn no_result() -> io::Result<u32> {
    Ok(1)
}

#[retry(fallback = |_| 7)]
fn no_result_blocking() -> io::Result<u32> {
    Ok(1)
}

#[retry(fallback = async |_| Ok(7))]
fn later_blocking() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    drop(of_nothing());
    drop(of_the_reason(StopReason::Exhausted));
    drop(no_argument());
    drop(another_argument());
    drop(no_result());
    drop(no_result_blocking());
    drop(later_blocking());
}
