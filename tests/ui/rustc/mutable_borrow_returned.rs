//! What is borrowed mutably cannot be both returned and tried again.

use std::io;

use recovery_core::retry;

#[retry]
async fn first(words: &mut [String]) -> io::Result<&mut String> {
    Ok(&mut words[0])
}

fn main() {
    drop(first(&mut []));
}
