//! The same in a blocking function.

use std::io;

use recovery_core::retry;

#[retry]
fn send(body: String) -> io::Result<usize> {
    let bytes = body.into_bytes();
    Ok(bytes.len())
}

fn main() {
    drop(send(String::new()));
}
