//! An error type that cannot say that an attempt took too long.

use recovery_core::retry;

struct Mine;

#[retry(timeout = 5s, when = |_| true)]
async fn call() -> Result<(), Mine> {
    Ok(())
}

fn main() {
    drop(call());
}
