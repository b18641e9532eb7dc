//! `clone` takes a list of names.

use std::io;

use recovery_core::retry;

#[retry(clone = text)]
async fn assigned() -> io::Result<()> {
    Ok(())
}

#[retry(clone)]
async fn bare() -> io::Result<()> {
    Ok(())
}

#[retry(clone())]
async fn empty() -> io::Result<()> {
    Ok(())
}

#[retry(clone(self.text))]
async fn field() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(assigned());
    drop(bare());
    drop(empty());
    drop(field());
}
