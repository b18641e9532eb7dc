//! Functions that return a future which they do not make themselves.

use std::io;
use std::pin::Pin;

use recovery_core::retry;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

async fn call() -> io::Result<()> {
    Ok(())
}

#[retry]
fn opaque() -> impl Future<Output = io::Result<()>> {
    call()
}

#[retry]
fn boxed() -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    Box::pin(call())
}

#[retry]
fn named() -> BoxFuture<'static, io::Result<()>> {
    let future = async { Ok(()) };
    Box::pin(future)
}

fn main() {
    drop(call());
    drop(opaque());
    drop(boxed());
    drop(named());
}
