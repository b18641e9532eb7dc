//! A future whose type hides what it is.

use std::io;
use std::pin::Pin;

use recovery_core::retry;

type Answer<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

#[retry]
fn aliased() -> Answer<'static> {
    Box::pin(async { Ok(()) })
}

fn main() {
    drop(aliased());
}
