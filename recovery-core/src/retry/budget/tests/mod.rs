mod bucket;
#[cfg(all(feature = "macros", feature = "tokio"))]
mod calls;
mod presets;
mod properties;
#[cfg(feature = "tokio")]
mod tower;
mod windows;

use std::time::{Duration, Instant};

use super::bucket::Bucket;
use super::{RetryBudget, Rule, Withdrawal};
use crate::classify::ErrorKind;

const SECOND: Duration = Duration::from_secs(1);
const NEVER: Duration = Duration::MAX;

fn try_withdraw(budget: &RetryBudget, now: Instant) -> bool {
    budget.try_withdraw(ErrorKind::Network, || now).is_some()
}

fn withdraw_all(budget: &RetryBudget, now: Instant) -> u32 {
    (0..1000)
        .map(|_| u32::from(try_withdraw(budget, now)))
        .sum()
}

/// A success at the first try, by a rule that reads no clock.
fn deposit(budget: &RetryBudget) {
    budget.succeeded(None, || unreachable!("no clock is read"));
}

fn give_back(budget: &RetryBudget) {
    budget.give_back(Withdrawal::Thousandths(1000));
}

fn bucket(budget: &RetryBudget) -> &Bucket {
    match &budget.rule {
        Rule::Bucket(bucket) => bucket,
        Rule::Windows(_) => panic!("not a bucket"),
    }
}

/// In thousandths.
fn tokens(budget: &RetryBudget, now: Instant) -> u64 {
    let bucket = bucket(budget);
    bucket.tariff.capacity - bucket.missing(|| now)
}
