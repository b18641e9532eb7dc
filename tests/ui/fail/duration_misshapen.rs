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

#[retry(initial = 5s * 2)]
async fn product() -> io::Result<()> {
    Ok(())
}

#[retry(max_delay = Duration::from_secs(1) + 5ms)]
async fn sum() -> io::Result<()> {
    Ok(())
}

#[retry(initial = (0.5ns))]
async fn in_parentheses() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(negative());
    drop(hexadecimal());
    drop(exponent());
    drop(too_fine());
    drop(flag());
    drop(product());
    drop(sum());
    drop(in_parentheses());
}
