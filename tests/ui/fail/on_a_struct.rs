//! On what is no function.

use recovery_core::retry;

#[retry]
struct Refused;

#[retry(max = 3)]
enum Choice {
    One,
}

#[retry]
mod inner {
    pub fn get() -> u32 {
        1
    }
}

#[retry]
const NUMBER: u32 = 1;

fn main() {
    let _ = (Refused, Choice::One, inner::get(), NUMBER);
}
