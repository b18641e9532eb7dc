//! An option that is given twice, once under its raw name.

use std::io;

use recovery_core::retry;

#[retry(r#max = 3, max = 4)]
async fn raw() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(raw());
}
