//! Arguments that would keep the changes of an attempt.

use std::io;

use recovery_core::retry;

#[retry]
async fn plain(ref mut n: u32) -> io::Result<()> {
    *n += 1;
    Ok(())
}

#[retry]
fn within((ref mut n, _): (u32, u32)) -> io::Result<()> {
    *n += 1;
    Ok(())
}

fn main() {
    drop(plain(1));
    drop(within((1, 2)));
}
