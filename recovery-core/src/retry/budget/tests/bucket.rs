//! The bucket that successes and time refill.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::super::bucket::TOKEN;
use super::{NEVER, RetryBudget, SECOND, bucket, deposit, give_back, try_withdraw, withdraw_all};

#[test]
fn starts_full_and_stops_when_empty() {
    let now = Instant::now();
    let budget = RetryBudget::new(3);
    assert_eq!(budget.available_at(now), 3);
    assert_eq!(withdraw_all(&budget, now), 3);
    assert_eq!(budget.available_at(now), 0);
}

#[test]
fn a_token_that_is_given_back_is_there_again() {
    let now = Instant::now();
    let budget = RetryBudget::new(2).refill_every(NEVER);
    assert_eq!(withdraw_all(&budget, now), 2);
    give_back(&budget);
    assert_eq!(withdraw_all(&budget, now), 1);
    for _ in 0..5 {
        give_back(&budget);
    }
    assert_eq!(budget.available_at(now), 2, "never more than full");
}

#[test]
fn ten_successes_pay_for_one_retry() {
    let now = Instant::now();
    let budget = RetryBudget::new(5).refill_every(NEVER);
    withdraw_all(&budget, now);
    for _ in 0..9 {
        deposit(&budget);
    }
    assert!(!try_withdraw(&budget, now));
    deposit(&budget);
    assert!(try_withdraw(&budget, now));
    assert!(!try_withdraw(&budget, now));
}

#[test]
fn time_alone_refills_it_within_capacity_times_the_interval() {
    let start = Instant::now();
    let budget = RetryBudget::new(10).with_refund(0.0);
    withdraw_all(&budget, start);
    let full = start + 10 * SECOND;
    assert_eq!(budget.available_at(start + Duration::from_millis(9_999)), 9);
    assert_eq!(budget.available_at(full), 10);
    assert_eq!(withdraw_all(&budget, full), 10);
}

#[test]
fn refusals_on_the_way_lose_no_time() {
    let start = Instant::now();
    // A token takes a prime number of nanoseconds, so that no rounding comes out even.
    let interval = Duration::from_nanos(1_000_003);
    let budget = RetryBudget::new(1).with_refund(0.0).refill_every(interval);
    assert!(try_withdraw(&budget, start));
    for nanos in (0..999_000).step_by(997) {
        assert!(!try_withdraw(&budget, start + Duration::from_nanos(nanos)));
    }
    assert!(try_withdraw(&budget, start + interval));
}

#[test]
fn idle_time_saves_no_more_than_the_capacity() {
    let start = Instant::now();
    let budget = RetryBudget::new(4);
    assert!(try_withdraw(&budget, start));
    assert_eq!(withdraw_all(&budget, start + 3600 * SECOND), 4);
    for _ in 0..100_000 {
        deposit(&budget);
    }
    assert_eq!(budget.available_at(start + 7200 * SECOND), 4);
    assert_eq!(withdraw_all(&budget, start + 7200 * SECOND), 4);
}

#[test]
fn a_clock_that_went_back_is_credited_once() {
    let start = Instant::now();
    let budget = RetryBudget::new(2).with_refund(0.0);
    withdraw_all(&budget, start + 10 * SECOND);
    assert_eq!(withdraw_all(&budget, start), 0);
    assert_eq!(withdraw_all(&budget, start + 10 * SECOND), 0);
    assert_eq!(withdraw_all(&budget, start + 11 * SECOND), 1);
}

#[test]
fn extremes_are_taken_to_the_nearest() {
    let now = Instant::now();
    for refund in [f64::NAN, -1.0, f64::NEG_INFINITY, 0.0004] {
        assert_eq!(
            bucket(&RetryBudget::new(1).with_refund(refund))
                .tariff
                .refund,
            0
        );
    }
    for refund in [f64::INFINITY, f64::MAX, 2.0] {
        let budget = RetryBudget::new(2).with_refund(refund).refill_every(NEVER);
        withdraw_all(&budget, now);
        deposit(&budget);
        assert_eq!(budget.available_at(now), 2);
    }
    assert_eq!(withdraw_all(&RetryBudget::new(0), now), 0);
    let huge = RetryBudget::new(u32::MAX).refill_every(Duration::ZERO);
    assert!(try_withdraw(&huge, now));
    assert_eq!(huge.available_at(now + 3600 * SECOND), u32::MAX);
}

#[test]
fn threads_together_get_what_was_paid_and_never_more() {
    const CAPACITY: u32 = 7;
    const ROUNDS: u32 = 20_000;
    const STEP: Duration = Duration::from_micros(300);
    let budget = RetryBudget::new(CAPACITY);
    let start = Instant::now();
    let withdrawn = AtomicU32::new(0);
    let deposited = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (budget, withdrawn, deposited) = (&budget, &withdrawn, &deposited);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for round in 0..ROUNDS {
                    if random.bool() {
                        deposit(budget);
                        deposited.fetch_add(1, Relaxed);
                    } else if try_withdraw(budget, start + STEP * round) {
                        withdrawn.fetch_add(1, Relaxed);
                    }
                    assert!(budget.available_at(start + STEP * round) <= CAPACITY);
                }
            });
        }
    });
    let end = start + STEP * ROUNDS;
    let left = u64::from(withdraw_all(&budget, end));
    let spent = (u64::from(withdrawn.into_inner()) + left) * u64::from(TOKEN);
    let paid = u64::from(CAPACITY) * u64::from(TOKEN)
        + u64::from(deposited.into_inner()) * u64::from(TOKEN / 10)
        + u64::from(ROUNDS) * 3 / 10;
    assert!(spent <= paid, "{spent} of {paid}");
    assert!(
        spent > paid / 2,
        "and the payments count: {spent} of {paid}"
    );
}

#[test]
fn threads_that_start_together_share_one_capacity() {
    for _ in 0..200 {
        let budget = RetryBudget::new(5);
        let start = Instant::now();
        let withdrawn: u32 = std::thread::scope(|scope| {
            let budget = &budget;
            let threads = [(); 4].map(|()| scope.spawn(move || withdraw_all(budget, start)));
            threads.map(|thread| thread.join().unwrap()).iter().sum()
        });
        assert_eq!(withdrawn, 5);
        assert_eq!(budget.available_at(start), 0);
    }
}

#[test]
fn threads_share_one_quota_where_time_gives_nothing() {
    for _ in 0..200 {
        let budget = RetryBudget::aws_standard_with_capacity(52);
        let start = Instant::now();
        let withdrawn: u32 = std::thread::scope(|scope| {
            let budget = &budget;
            let threads = [(); 4].map(|()| scope.spawn(move || withdraw_all(budget, start)));
            threads.map(|thread| thread.join().unwrap()).iter().sum()
        });
        assert_eq!(withdrawn, 10);
    }
}

#[test]
fn successes_stop_writing_once_the_bucket_is_full() {
    let now = Instant::now();
    let budget = RetryBudget::new(2);
    assert!(try_withdraw(&budget, now));
    for _ in 0..10 {
        deposit(&budget);
    }
    let full_at = bucket(&budget).full_at();
    deposit(&budget);
    assert_eq!(bucket(&budget).full_at(), full_at);
    assert_eq!(withdraw_all(&budget, now), 2);
}

#[test]
fn serves_as_a_static_and_shows_no_internals() {
    static BUDGET: RetryBudget = RetryBudget::new(3);
    deposit(&BUDGET);
    assert_eq!(
        format!("{BUDGET:?}"),
        "RetryBudget { available: 3, capacity: 3, .. }"
    );
}
