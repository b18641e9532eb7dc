//! What is no option by name.

use std::io;

use recovery_core::retry;

#[retry(3)]
async fn number() -> io::Result<()> {
    Ok(())
}

#[retry(3, 500ms)]
async fn numbers() -> io::Result<()> {
    Ok(())
}

#[retry("3")]
async fn text() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(number());
    drop(numbers());
    drop(text());
}
