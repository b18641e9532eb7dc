//! Shared objects that are something else.

use std::io;

use recovery_core::{CircuitBreaker, RetryBudget, retry};

#[retry(budget = breaker)]
async fn budget(breaker: &CircuitBreaker) -> io::Result<()> {
    Ok(())
}

#[retry(breaker = budget)]
async fn breaker(budget: &RetryBudget) -> io::Result<()> {
    Ok(())
}

#[retry(pushback = count)]
async fn pushback(count: u32) -> io::Result<()> {
    Ok(())
}

#[retry(cancel = flag)]
async fn cancel(flag: bool) -> io::Result<()> {
    Ok(())
}

fn main() {
    drop(budget(&CircuitBreaker::new()));
    drop(breaker(&RetryBudget::new(1)));
    drop(pushback(1));
    drop(cancel(true));
}
