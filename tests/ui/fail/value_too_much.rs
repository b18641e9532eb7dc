//! A bare word with a value.

use std::io;

use recovery_core::retry;

#[retry(at_most_once = true)]
async fn assigned() -> io::Result<()> {
    Ok(())
}

#[retry(at_most_once(yes))]
async fn called() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(assigned());
    drop(called());
}
