//! `crate` is a path.

use std::io;

use recovery_core::retry;

#[retry(crate = "recovery")]
async fn text() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(text());
}
