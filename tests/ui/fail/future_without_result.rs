//! Futures that give no `Result`, or do not say what they give.

use std::io;
use std::pin::Pin;

use recovery_core::retry;

#[retry]
fn option() -> impl Future<Output = Option<u32>> {
    async { None }
}

#[retry]
fn unit() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async {})
}

#[retry]
fn untold() -> impl Future {
    async { io::Result::Ok(()) }
}

fn main() {
    drop(option());
    drop(unit());
    drop(untold());
}
