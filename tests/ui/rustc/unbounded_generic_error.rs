//! A generic error needs the bound.

use recovery_core::retry;

#[retry]
async fn load<E>(error: impl Fn() -> E) -> Result<(), E> {
    Err(error())
}

fn main() {
    drop(load(|| ()));
}
