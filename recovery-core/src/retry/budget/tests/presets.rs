//! The published rules, by the test vectors of those who published them.

use std::time::{Duration, Instant};

use super::super::presets::thousandths;
use super::{NEVER, RetryBudget, SECOND, bucket, deposit, tokens};
use crate::classify::ErrorKind;
use crate::retry::budget::{InvalidBudget, Withdrawal};

/// AWS's rule reads no clock.
fn unread() -> Instant {
    unreachable!("no clock is read")
}

/// One call of AWS's client: what it failed with, one after another, then success if `succeeds`.
/// The quota after each attempt, and whether the quota ended it.
fn call(
    budget: &RetryBudget,
    kind: ErrorKind,
    failures: usize,
    max_attempts: usize,
    quota_after: &mut Vec<u64>,
) -> Result<usize, usize> {
    let mut last: Option<Withdrawal> = None;
    for attempt in 1..=max_attempts {
        if attempt > failures {
            budget.succeeded(last, unread);
            quota_after.push(quota(budget));
            return Ok(attempt);
        }
        budget.failed(unread);
        if attempt < max_attempts {
            last = budget.try_withdraw(kind, unread);
        }
        quota_after.push(quota(budget));
        if attempt < max_attempts && last.is_none() {
            return Err(attempt);
        }
    }
    Err(max_attempts)
}

fn quota(budget: &RetryBudget) -> u64 {
    let bucket = bucket(budget);
    (bucket.tariff.capacity - bucket.missing(unread)) / 1000
}

#[test]
fn aws_takes_five_for_a_retry_and_returns_the_last_five() {
    // botocore and smithy-rs: `eventual_success`, `no_more_attempts`, `no_quota`,
    // `backoff_timing` and `max_backoff` (the last two differ in their delays alone).
    let cases: [(u32, usize, usize, &[u64]); 4] = [
        (500, 2, 5, &[495, 490, 495]),
        (500, usize::MAX, 3, &[495, 490, 490]),
        (5, usize::MAX, 5, &[0, 0]),
        (500, usize::MAX, 5, &[495, 490, 485, 480, 480]),
    ];
    for (capacity, failures, max_attempts, expected) in cases {
        let budget = RetryBudget::aws_standard_with_capacity(capacity);
        let mut quota_after = Vec::new();
        let _ = call(
            &budget,
            ErrorKind::Server,
            failures,
            max_attempts,
            &mut quota_after,
        );
        assert_eq!(quota_after, expected);
    }
}

#[test]
fn aws_takes_and_returns_ten_after_a_timeout() {
    // `quota_replenish_timeouts`.
    let budget = RetryBudget::aws_standard_with_capacity(100);
    let mut quota_after = Vec::new();
    assert_eq!(
        call(&budget, ErrorKind::Timeout, 2, 3, &mut quota_after),
        Ok(3)
    );
    assert_eq!(quota_after, [90, 80, 90]);
}

#[test]
fn aws_refills_by_one_for_each_first_try() {
    // `first_try_refill`: two failures take all; twenty successes fill it again, and no more.
    let budget = RetryBudget::aws_standard_with_capacity(20);
    let mut quota_after = Vec::new();
    assert_eq!(
        call(&budget, ErrorKind::Timeout, 9, 5, &mut quota_after),
        Err(3)
    );
    assert_eq!(quota_after, [10, 0, 0]);
    for successes in 1..=20 {
        deposit(&budget);
        assert_eq!(quota(&budget), successes);
    }
    deposit(&budget);
    assert_eq!(quota(&budget), 20);
}

#[test]
fn aws_takes_nothing_for_a_failure_without_a_retry() {
    // `single_failure_no_refund`.
    let budget = RetryBudget::aws_standard_with_capacity(450);
    let _ = call(&budget, ErrorKind::Server, 9, 1, &mut Vec::new());
    assert_eq!(quota(&budget), 450);
}

#[test]
fn aws_stops_the_fifty_first_call_of_an_outage_at_its_first_failure() {
    // `exhaust_default`.
    let budget = RetryBudget::aws_standard();
    for _ in 0..50 {
        let stopped = call(&budget, ErrorKind::Server, 9, 3, &mut Vec::new());
        assert_eq!(stopped, Err(3));
    }
    assert_eq!(quota(&budget), 0);
    let stopped = call(&budget, ErrorKind::Server, 9, 3, &mut Vec::new());
    assert_eq!(stopped, Err(1));
}

#[test]
fn aws_takes_fourteen_since_2026_and_five_where_it_was_throttled() {
    let cases: [(ErrorKind, &[u64]); 3] = [
        (ErrorKind::Server, &[486, 472, 486]),
        (ErrorKind::Timeout, &[486, 472, 486]),
        (ErrorKind::RateLimited, &[495, 490, 495]),
    ];
    for (kind, expected) in cases {
        let budget = RetryBudget::aws_standard_2026();
        let mut quota_after = Vec::new();
        assert_eq!(call(&budget, kind, 2, 3, &mut quota_after), Ok(3));
        assert_eq!(quota_after, expected);
        deposit(&budget);
        assert_eq!(quota(&budget), expected[2] + 1);
    }
}

#[test]
fn aws_can_be_given_a_floor_in_time() {
    let start = Instant::now();
    let budget = RetryBudget::aws_standard().refill_every(SECOND);
    while budget.try_withdraw(ErrorKind::Timeout, || start).is_some() {}
    assert_eq!(tokens(&budget, start), 0);
    assert_eq!(budget.available_at(start + 499 * SECOND), 99);
    assert!(!budget.is_idle_at(start + 499 * SECOND));
    assert!(budget.is_idle_at(start + 500 * SECOND));
}

#[test]
fn a_success_after_a_retry_by_the_default_rule_gives_the_refund() {
    let now = Instant::now();
    let budget = RetryBudget::new(5).refill_every(NEVER);
    let last = budget.try_withdraw(ErrorKind::Timeout, || now);
    budget.succeeded(last, || now);
    assert_eq!(tokens(&budget, now), 4100);
}

/// grpc-go's test of throttling: the server accepts the requests of these numbers alone.
const ACCEPTED: [usize; 10] = [0, 3, 6, 10, 11, 12, 13, 14, 16, 18];

#[test]
fn grpc_throttles_as_its_test_says() {
    const EXPECTED: [(bool, usize, u64); 12] = [
        (true, 0, 10_000),
        (true, 3, 8_500),
        (true, 6, 7_000),
        (false, 8, 5_000),
        (false, 9, 4_000),
        (true, 10, 4_500),
        (true, 11, 5_000),
        (true, 12, 5_500),
        (true, 13, 6_000),
        (true, 14, 6_500),
        (true, 16, 6_000),
        (false, 17, 5_000),
    ];
    let budget = RetryBudget::grpc_throttling(10.0, 0.5);
    let mut requests = 0..;
    for expected in EXPECTED {
        let mut last = None;
        let outcome = requests.by_ref().enumerate().find_map(|(made, request)| {
            if ACCEPTED.contains(&request) {
                budget.succeeded(last, unread);
                return Some((true, request));
            }
            budget.failed(unread);
            // Four attempts in all.
            if made < 3 {
                last = budget.try_withdraw(ErrorKind::Server, unread);
            } else {
                last = None;
            }
            last.is_none().then_some((false, request))
        });
        let (succeeded, request) = outcome.unwrap();
        let left = tokens(&budget, Instant::now());
        assert_eq!((succeeded, request, left), expected);
    }
}

#[test]
fn grpc_counts_failures_down_to_nothing_and_successes_up_to_all() {
    let budget = RetryBudget::grpc_throttling(3.0, 0.546);
    for left in [2000, 1000, 0, 0, 0] {
        budget.failed(unread);
        assert_eq!(tokens(&budget, Instant::now()), left);
    }
    for left in [546, 1092, 1638, 2184, 2730, 3000, 3000] {
        deposit(&budget);
        assert_eq!(tokens(&budget, Instant::now()), left);
    }
}

#[test]
fn grpc_allows_retries_only_above_the_half() {
    // Of 3 tokens the half is 1.5: after one failure 2 are left, after two only 1.
    let budget = RetryBudget::grpc_throttling(3.0, 1.0);
    assert_eq!(budget.available(), 1);
    budget.failed(unread);
    assert!(budget.try_withdraw(ErrorKind::Server, unread).is_some());
    budget.failed(unread);
    assert!(budget.try_withdraw(ErrorKind::Server, unread).is_none());
    // Of 4 it is 2: not above the half is not enough.
    let budget = RetryBudget::grpc_throttling(4.0, 1.0);
    budget.failed(unread);
    let allowed = budget.try_withdraw(ErrorKind::Server, unread);
    assert!(allowed.is_some());
    budget.failed(unread);
    assert!(budget.try_withdraw(ErrorKind::Server, unread).is_none());
    // A retry that was not made is a failure all the same.
    budget.give_back(allowed.unwrap());
    assert_eq!(tokens(&budget, Instant::now()), 2000);
}

#[test]
fn grpc_can_be_given_a_floor_in_time() {
    let start = Instant::now();
    let budget = RetryBudget::grpc_throttling(10.0, 0.1).refill_every(SECOND);
    for _ in 0..20 {
        budget.failed(|| start);
    }
    assert_eq!(budget.available_at(start + 6 * SECOND), 0);
    assert_eq!(budget.available_at(start + 7 * SECOND), 1);
    budget.failed(|| start + 7 * SECOND);
    let allowed = budget.try_withdraw(ErrorKind::Server, || start + 7 * SECOND);
    assert!(allowed.is_some());
}

#[test]
fn three_decimals_count_and_the_rest_is_dropped() {
    assert_eq!(thousandths(0.5466), 546);
    assert_eq!(thousandths(0.546_999_999_999), 546);
    assert_eq!(thousandths(0.000_999), 0);
    assert_eq!(thousandths(-1.0), 0);
    assert_eq!(thousandths(f64::NAN), 0);
    for written in 0..=1_000_000u32 {
        assert_eq!(thousandths(f64::from(written) / 1000.0), u64::from(written));
    }
}

#[test]
fn what_a_published_rule_does_not_allow_is_refused() {
    let grpc = |tokens, ratio| RetryBudget::try_grpc_throttling(tokens, ratio).unwrap_err();
    for tokens in [0.0, -1.0, 0.0009, 1000.001, f64::INFINITY] {
        assert_eq!(grpc(tokens, 0.1), InvalidBudget::MaxTokens(tokens));
    }
    for ratio in [0.0, -0.1, 0.0009, f64::INFINITY] {
        assert_eq!(grpc(10.0, ratio), InvalidBudget::TokenRatio(ratio));
    }
    assert!(matches!(grpc(f64::NAN, 0.1), InvalidBudget::MaxTokens(_)));
    assert!(matches!(grpc(1.0, f64::NAN), InvalidBudget::TokenRatio(_)));
    assert!(RetryBudget::try_grpc_throttling(1000.0, 1e9).is_ok());
    assert!(RetryBudget::try_grpc_throttling(0.001, 0.001).is_ok());

    let tower = |ttl, min, percent| RetryBudget::try_tower(ttl, min, percent).unwrap_err();
    for ttl in [Duration::from_millis(999), Duration::from_millis(60_001)] {
        assert_eq!(tower(ttl, 1, 0.2), InvalidBudget::Ttl(ttl));
    }
    let max = i32::MAX.unsigned_abs();
    assert_eq!(tower(SECOND, max, 0.2), InvalidBudget::MinPerSec(max));
    for percent in [-0.1, 1000.1, f32::INFINITY] {
        let refused = tower(SECOND, 1, percent);
        assert_eq!(refused, InvalidBudget::RetryPercent(percent));
    }
    assert_eq!(
        tower(NEVER, 1, 0.2).to_string(),
        format!("tower's rule takes a ttl from 1 to 60 seconds, not {NEVER:?}")
    );
    assert_eq!(
        grpc(0.0, 0.1).to_string(),
        "gRPC's rule takes max_tokens from 0.001 to 1000, not 0"
    );
}

#[test]
#[should_panic(expected = "gRPC's rule takes max_tokens from 0.001 to 1000")]
fn a_wrong_constant_panics_where_it_is_no_static() {
    let _ = RetryBudget::grpc_throttling(0.0, 0.1);
}

#[test]
fn a_name_is_shown() {
    let budget = RetryBudget::aws_standard().with_name("object store");
    assert_eq!(
        format!("{budget:?}"),
        r#"RetryBudget { name: "object store", available: 100, capacity: 500, .. }"#
    );
    let budget = RetryBudget::tower(SECOND, 3, 0.5);
    assert_eq!(
        format!("{budget:?}"),
        "RetryBudget { available: 3, reserve: 3, .. }"
    );
}

#[test]
fn no_capacity_is_no_retry_by_every_rule() {
    let budget = RetryBudget::aws_standard_with_capacity(0);
    deposit(&budget);
    assert!(budget.try_withdraw(ErrorKind::Server, unread).is_none());
    let budget = RetryBudget::grpc_throttling(0.001, 0.001);
    budget.failed(unread);
    assert!(budget.try_withdraw(ErrorKind::Server, unread).is_none());
    let budget = RetryBudget::tower(SECOND, 0, 0.0);
    assert_eq!(budget.available(), 0);
    assert!(
        budget
            .try_withdraw(ErrorKind::Server, Instant::now)
            .is_none()
    );
}
