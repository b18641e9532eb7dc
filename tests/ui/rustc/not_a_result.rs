//! A return type that is no `Result` is told at the type.

use recovery_core::retry;

type Answer = (u32, u32);

#[retry]
async fn load() -> Answer {
    (1, 2)
}

#[retry]
fn number() -> u32 {
    1
}

fn main() {
    drop(load());
    number();
}
