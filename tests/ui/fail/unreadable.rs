//! What the parser gives up on is told at a useful place, beside the other mistakes.

use std::io;

use recovery_core::{retry, retryable_on};

#[retry(max = 3 +)]
async fn half_a_sum() -> io::Result<()> {
    Ok(())
}

#[retry(max = 3 +, jitter = 7)]
async fn and_another() -> io::Result<()> {
    Ok(())
}

#[retry(when = |error|)]
async fn half_a_closure() -> io::Result<()> {
    Ok(())
}

#[retry(clone(a b))]
async fn list(a: u32, b: u32) -> io::Result<u32> {
    Ok(a + b)
}

#[retry]
#[retryable_on(MyErr::)]
async fn half_a_path() -> io::Result<()> {
    Ok(())
}

#[retry]
#[retryable_on(Network if, Banana)]
async fn half_a_guard() -> io::Result<()> {
    Ok(())
}

#[retryable_on(MyErr::)]
#[retry(max = 0)]
async fn on_top() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(half_a_sum());
    drop(and_another());
    drop(half_a_closure());
    drop(list(1, 2));
    drop(half_a_path());
    drop(half_a_guard());
    drop(on_top());
}
