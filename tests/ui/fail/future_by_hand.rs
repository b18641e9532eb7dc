//! On functions that return a future.

use std::io;
use std::pin::Pin;

use recovery_core::retry;

#[retry]
fn opaque() -> impl Future<Output = io::Result<()>> {
    async { Ok(()) }
}

#[retry]
fn boxed() -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    Box::pin(async { Ok(()) })
}

fn main() {
    drop(opaque());
    drop(boxed());
}
