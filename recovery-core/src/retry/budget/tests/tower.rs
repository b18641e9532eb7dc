//! The rule of tower, beside tower itself.

use std::time::Duration;

use ::tower::retry::budget::{Budget, TpsBudget};
use proptest::prelude::*;

use super::RetryBudget;
use crate::classify::ErrorKind;
use crate::retry::clock;

#[derive(Clone, Debug)]
enum Step {
    Deposit,
    Withdraw,
    Advance(Duration),
}

fn steps(ttl: Duration) -> impl Strategy<Value = Vec<Step>> {
    let window = ttl / 10;
    let nanos = u64::try_from(window.as_nanos()).unwrap();
    let step = prop_oneof![
        3 => Just(Step::Deposit),
        3 => Just(Step::Withdraw),
        2 => (0..=nanos).prop_map(|nanos| Step::Advance(Duration::from_nanos(nanos))),
        // The edges of windows, of one and of many.
        1 => (0..14u32, -1..=1i64).prop_map(move |(windows, off)| {
            let edge = (window * windows).saturating_add(Duration::from_nanos(1));
            Step::Advance(match off {
                1 => edge,
                0 => window * windows,
                _ => (window * windows).saturating_sub(Duration::from_nanos(1)),
            })
        }),
        1 => (0..5 * nanos * 10).prop_map(|nanos| Step::Advance(Duration::from_nanos(nanos))),
    ];
    proptest::collection::vec(step, 1..400)
}

fn parameters() -> impl Strategy<Value = (Duration, u32, f32)> {
    let ttl = prop_oneof![
        (1..=60u64).prop_map(Duration::from_secs),
        (1_000_000_000..=60_000_000_000u64).prop_map(Duration::from_nanos),
    ];
    let percent = prop_oneof![
        Just(0.0f32),
        Just(1.0f32),
        Just(1e-30f32),
        0.01..1.0f32,
        1.0..20.0f32,
        0.0..=1000.0f32,
    ];
    (ttl, 0..4u32, percent)
}

fn case() -> impl Strategy<Value = ((Duration, u32, f32), Vec<Step>)> {
    parameters().prop_flat_map(|parameters| (Just(parameters), steps(parameters.0)))
}

fn compare(
    (ttl, min_per_sec, percent): (Duration, u32, f32),
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    let theirs = TpsBudget::new(ttl, min_per_sec, percent);
    let ours = RetryBudget::tower(ttl, min_per_sec, percent);
    // Ours begins with its first use, theirs with its making: use it now.
    let mut steps = std::iter::once(Step::Deposit).chain(steps);
    let mut number = 0;
    steps.try_for_each(|step| {
        number += 1;
        match step {
            Step::Deposit => {
                theirs.deposit();
                ours.succeeded(None, clock::now);
            }
            Step::Withdraw => {
                let expected = theirs.withdraw();
                prop_assert_eq!(
                    ours.available() > 0,
                    expected,
                    "seen before step {}",
                    number
                );
                let paid = ours.try_withdraw(ErrorKind::Network, clock::now).is_some();
                prop_assert_eq!(paid, expected, "step {}", number);
            }
            Step::Advance(by) => advance(by),
        }
        Ok(())
    })
}

/// The clock moves when the future is first polled.
fn advance(by: Duration) {
    let mut advanced = std::pin::pin!(tokio::time::advance(by));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = advanced.as_mut().poll(&mut context);
}

proptest! {
    #[test]
    fn agrees_with_tower_step_by_step((parameters, steps) in case()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(async { compare(parameters, steps) })?;
    }
}

#[tokio::test(start_paused = true)]
async fn agrees_with_towers_own_tests() {
    let budget = RetryBudget::tower(Duration::from_secs(1), 0, 0.5);
    let withdraw = || {
        budget
            .try_withdraw(ErrorKind::Network, clock::now)
            .is_some()
    };
    let deposit = || budget.succeeded(None, clock::now);
    deposit();
    deposit();
    advance(Duration::from_millis(901));
    assert!(withdraw(), "deposits of 0.9 s ago count");
    advance(Duration::from_millis(2001));
    deposit();
    advance(Duration::from_millis(301));
    deposit();
    advance(Duration::from_millis(801));
    deposit();
    assert!(withdraw(), "the first has expired, the others count");
    advance(Duration::from_secs(3));
    assert!(!withdraw(), "all have expired");
}

#[tokio::test(start_paused = true)]
async fn a_window_that_ends_a_little_late_counts_as_two_there_too() {
    let ttl = Duration::from_secs(1);
    let theirs = TpsBudget::new(ttl, 1, 0.0);
    let ours = RetryBudget::tower(ttl, 1, 0.0);
    assert!(theirs.withdraw());
    assert!(ours.try_withdraw(ErrorKind::Network, clock::now).is_some());
    for _ in 0..5 {
        advance(ttl / 10 + Duration::from_nanos(1));
        assert!(!theirs.withdraw());
        assert!(ours.try_withdraw(ErrorKind::Network, clock::now).is_none());
    }
    advance(ttl / 10 + Duration::from_nanos(1));
    assert!(theirs.withdraw(), "after six tenths of its time");
    assert!(ours.try_withdraw(ErrorKind::Network, clock::now).is_some());
}
