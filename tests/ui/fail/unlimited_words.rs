//! Other words for a call that never gives up.

use std::io;

use recovery_core::retry;

#[retry(max = forever)]
async fn forever() -> io::Result<()> {
    Ok(())
}

#[retry(max = infinite)]
async fn infinite() -> io::Result<()> {
    Ok(())
}

#[retry(unlimited)]
async fn bare() -> io::Result<()> {
    Ok(())
}

#[retry(max = 3, unlimited)]
async fn given() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(forever());
    drop(infinite());
    drop(bare());
    drop(given());
}
