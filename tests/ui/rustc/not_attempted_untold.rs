//! An error type that cannot say that a call was not made.

use recovery_core::{CircuitBreaker, Classify, ErrorKind, Pushback, retry};

struct Lost;

impl Classify for Lost {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Network
    }
}

#[retry(breaker = breaker)]
async fn broken(breaker: &CircuitBreaker) -> Result<(), Lost> {
    Err(Lost)
}

#[retry(pushback = pushback, deadline = 5s)]
async fn pushed_back(pushback: &Pushback) -> Result<(), Lost> {
    Err(Lost)
}

fn main() {
    drop(broken(&CircuitBreaker::new()));
    drop(pushed_back(&Pushback::new()));
}
