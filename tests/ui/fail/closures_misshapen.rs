//! Closures with the wrong number of arguments, and values that are no function.

use std::io;

use recovery_core::retry;

#[retry(when = || true)]
async fn of_nothing() -> io::Result<()> {
    Ok(())
}

#[retry(when = |error, attempt| true)]
async fn of_two() -> io::Result<()> {
    Ok(())
}

#[retry(when = true)]
async fn flag() -> io::Result<()> {
    Ok(())
}

#[retry(on_retry = || ())]
async fn hook_of_nothing() -> io::Result<()> {
    Ok(())
}

#[retry(on_retry = |attempt, error| ())]
async fn hook_of_two() -> io::Result<()> {
    Ok(())
}

#[retry(on_retry = "retrying")]
async fn hook_of_text() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(of_nothing());
    drop(of_two());
    drop(flag());
    drop(hook_of_nothing());
    drop(hook_of_two());
    drop(hook_of_text());
}
