//! The lints of arguments and body fire as without the attribute.
#![deny(unused)]

use std::io;

use recovery_core::retry;

#[retry]
async fn needless_mut(mut count: u32) -> io::Result<u32> {
    Ok(count)
}

#[retry(clone(count))]
async fn needless_mut_of_a_clone(mut count: u32) -> io::Result<u32> {
    Ok(count)
}

#[retry]
fn needless_mut_in_a_pattern((mut count, _): (u32, u32)) -> io::Result<u32> {
    Ok(count)
}

#[retry]
async fn unused_argument(count: u32) -> io::Result<()> {
    Ok(())
}

#[retry]
async fn unused_mut_argument(mut count: u32) -> io::Result<()> {
    Ok(())
}

#[retry]
fn unused_blocking(mut count: u32) -> io::Result<()> {
    let value = 1;
    Ok(())
}

#[retry(attempt = number)]
async fn unused_number() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop((
        needless_mut(1),
        needless_mut_of_a_clone(1),
        unused_argument(1),
    ));
    drop((unused_mut_argument(1), unused_number()));
    drop((unused_blocking(1), needless_mut_in_a_pattern((1, 1))));
}
