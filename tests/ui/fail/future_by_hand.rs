//! On functions that return a future.

use std::io;
use std::pin::Pin;

use recovery_core::retry;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[retry]
fn opaque() -> impl Future<Output = io::Result<()>> {
    async { Ok(()) }
}

#[retry]
fn boxed() -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    Box::pin(async { Ok(()) })
}

#[retry]
fn named() -> BoxFuture<'static, io::Result<()>> {
    Box::pin(async { Ok(()) })
}

fn main() {
    drop(opaque());
    drop(boxed());
    drop(named());
}
