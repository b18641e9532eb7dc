//! A body that consumes an argument is stopped at its own token, and told of `clone`.

use std::io;

use recovery_core::retry;

#[retry]
async fn send(body: String) -> io::Result<usize> {
    let bytes = body.into_bytes();
    Ok(bytes.len())
}

fn main() {
    drop(send(String::new()));
}
