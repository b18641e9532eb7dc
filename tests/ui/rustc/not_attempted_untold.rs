//! An error type that cannot say that a call was not made.

use recovery_core::{CircuitBreaker, Classify, Pushback, retry};

#[derive(Classify)]
#[classify(Network)]
struct Lost;

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
