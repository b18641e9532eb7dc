//! On functions that cannot fail.

use recovery_core::retry;

#[retry]
async fn nothing() {}

#[retry]
fn unit() -> () {}

#[retry]
async fn option() -> Option<u32> {
    None
}

#[retry]
fn truth() -> bool {
    true
}

#[retry]
async fn diverging() -> ! {
    loop {}
}

fn main() {
    drop((nothing(), option(), diverging()));
    unit();
    truth();
}
