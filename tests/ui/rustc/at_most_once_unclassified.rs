//! `at_most_once` asks whether a call may have taken effect, which an error without `Classify` cannot
//! tell.

use recovery_core::retry;

#[retry(at_most_once, when = |_| true)]
async fn send() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(send());
}
