//! `clone` of what is no argument.

use std::io;

use recovery_core::retry;

#[retry(clone(text, missing))]
async fn refused(text: &str) -> io::Result<()> {
    println!("{text}");
    Ok(())
}

fn main() {
    drop(refused(""));
}
