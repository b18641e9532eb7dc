//! `clone` of what is no argument.

use std::io;

use recovery_core::retry;

#[retry(clone(text, missing))]
async fn refused(text: &str) -> io::Result<()> {
    println!("{text}");
    Ok(())
}

#[retry(clone(body, body))]
async fn twice(body: String) -> io::Result<usize> {
    Ok(body.len())
}

fn main() {
    drop(refused(""));
    drop(twice(String::new()));
}
