//! What holds of every bucket, whatever happens to it.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{RetryBudget, bucket, tokens};
use crate::classify::ErrorKind;

#[derive(Clone, Debug)]
enum Step {
    Fail,
    Withdraw(ErrorKind),
    Succeed,
    GiveBack,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Fail),
        Just(Step::Withdraw(ErrorKind::Network)),
        Just(Step::Withdraw(ErrorKind::Timeout)),
        Just(Step::Withdraw(ErrorKind::RateLimited)),
        Just(Step::Succeed),
        Just(Step::GiveBack),
        (0..5_000_000_000u64).prop_map(Step::Wait),
    ]
}

/// A budget, and the interval of its floor.
fn budgets() -> impl Strategy<Value = (RetryBudget, Option<Duration>)> {
    let rules = prop_oneof![
        (0..30u32, 0.0..3.0f64).prop_map(|(capacity, refund)| {
            RetryBudget::new(capacity)
                .with_refund(refund)
                .refill_every(Duration::MAX)
        }),
        (0..60u32).prop_map(RetryBudget::aws_standard_with_capacity),
        Just(()).prop_map(|()| RetryBudget::aws_standard_2026()),
        (0.001..20.0f64, 0.001..3.0f64)
            .prop_map(|(tokens, ratio)| RetryBudget::grpc_throttling(tokens, ratio)),
    ];
    (rules, proptest::option::of(1_000..3_000_000_000u64)).prop_map(|(budget, floor)| {
        let floor = floor.map(Duration::from_nanos);
        match floor {
            Some(interval) => (budget.refill_every(interval), floor),
            None => (budget, None),
        }
    })
}

proptest! {
    #[test]
    fn never_below_nothing_nor_above_capacity_and_always_recovers(
        (budget, floor) in budgets(),
        steps in proptest::collection::vec(step(), 0..200),
    ) {
        let mut now = Instant::now();
        let mut last = None;
        let capacity = bucket(&budget).tariff.capacity;
        prop_assert_eq!(tokens(&budget, now), capacity, "starts full");
        for step in steps {
            let before = tokens(&budget, now);
            match step {
                Step::Fail => {
                    budget.failed(|| now);
                    prop_assert_eq!(
                        tokens(&budget, now),
                        before.saturating_sub(bucket(&budget).tariff.failure.into())
                    );
                }
                Step::Withdraw(kind) => {
                    let cost = bucket(&budget).tariff.cost_after(kind);
                    let is_covered = before >= bucket(&budget).tariff.floor + u64::from(cost);
                    last = budget.try_withdraw(kind, || now);
                    prop_assert_eq!(last.is_some(), is_covered);
                    let taken = if is_covered { u64::from(cost) } else { 0 };
                    prop_assert_eq!(tokens(&budget, now), before - taken);
                }
                Step::Succeed => {
                    budget.succeeded(last.take(), || now);
                    prop_assert!(tokens(&budget, now) >= before);
                }
                Step::GiveBack => if let Some(last) = last.take() {
                    budget.give_back(last);
                    prop_assert!(tokens(&budget, now) >= before);
                },
                Step::Wait(nanos) => {
                    now += Duration::from_nanos(nanos);
                    prop_assert!(tokens(&budget, now) >= before);
                    prop_assert!(floor.is_some() || tokens(&budget, now) == before);
                }
            }
            prop_assert!(tokens(&budget, now) <= capacity);
        }
        if let Some(interval) = floor {
            let whole = u32::try_from(capacity.div_ceil(1000)).unwrap();
            let recovered = now + interval * whole + Duration::from_nanos(1);
            prop_assert_eq!(tokens(&budget, recovered), capacity);
            prop_assert!(budget.is_idle_at(recovered));
        }
    }
}
