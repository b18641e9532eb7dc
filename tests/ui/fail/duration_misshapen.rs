//! What only looks like a duration.

use std::io;

use recovery_core::retry;

#[retry(initial = -5s)]
async fn negative() -> io::Result<()> {
    Ok(())
}

#[retry(initial = 0xbms)]
async fn hexadecimal() -> io::Result<()> {
    Ok(())
}

#[retry(initial = 1e3ms)]
async fn exponent() -> io::Result<()> {
    Ok(())
}

#[retry(initial = 1.5ns)]
async fn too_fine() -> io::Result<()> {
    Ok(())
}

#[retry(initial = true)]
async fn flag() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(negative());
    drop(hexadecimal());
    drop(exponent());
    drop(too_fine());
    drop(flag());
}
