//! Windows that many threads turn over.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::super::windows::Windows;
use super::{RetryBudget, Rule, SECOND, try_withdraw, withdraw_all};
use crate::classify::ErrorKind;

fn windows(budget: &RetryBudget) -> &Windows {
    match &budget.rule {
        Rule::Windows(windows) => windows,
        Rule::Bucket(_) => panic!("no windows"),
    }
}

#[test]
fn threads_never_spend_the_same_token() {
    for _ in 0..200 {
        let budget = RetryBudget::tower(SECOND, 5, 0.5);
        let start = Instant::now();
        let withdrawn: u32 = std::thread::scope(|scope| {
            let budget = &budget;
            let threads = [(); 4].map(|()| {
                scope.spawn(move || {
                    // Eight successes pay for four retries, beside the five of the reserve.
                    budget.succeeded(None, || start);
                    budget.succeeded(None, || start);
                    withdraw_all(budget, start)
                })
            });
            threads.map(|thread| thread.join().unwrap()).iter().sum()
        });
        assert_eq!(withdrawn, 9);
        assert_eq!(budget.available_at(start), 0);
        assert!(windows(&budget).is_balanced());
    }
}

#[test]
fn threads_that_turn_windows_over_lose_and_invent_nothing() {
    const ROUNDS: u32 = 20_000;
    const STEP: Duration = Duration::from_micros(700);
    let budget = RetryBudget::tower(SECOND, 20, 0.5);
    let start = Instant::now();
    let (withdrawn, deposited) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (budget, withdrawn, deposited) = (&budget, &withdrawn, &deposited);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for round in 0..ROUNDS {
                    let now = start + STEP * round;
                    match random.u8(0..3) {
                        0 => {
                            budget.succeeded(None, || now);
                            deposited.fetch_add(1, Relaxed);
                        }
                        1 => {
                            let taken = budget.try_withdraw(ErrorKind::Network, || now);
                            withdrawn.fetch_add(u32::from(taken.is_some()), Relaxed);
                        }
                        _ => {
                            let taken = budget.try_withdraw(ErrorKind::Network, || now);
                            if let Some(taken) = taken {
                                budget.give_back(taken);
                            }
                        }
                    }
                }
            });
        }
    });
    assert!(windows(&budget).is_balanced());
    // The reserve comes back whenever all that was booked has expired: here, where windows are
    // turned over a little late and each counts as two, after about half a second.
    let paid = 20 * 2 * 15 + deposited.into_inner() / 2;
    let withdrawn = withdrawn.into_inner();
    assert!(withdrawn <= paid, "{withdrawn} of {paid}");
    assert!(withdrawn > 20 * 10, "and time pays: {withdrawn}");
    let later = start + STEP * ROUNDS + 2 * SECOND;
    assert!(budget.is_idle_at(later));
    assert_eq!(withdraw_all(&budget, later), 20, "all has expired");
    assert!(windows(&budget).is_balanced());
}

#[test]
fn what_is_given_back_is_there_again_and_counts_once() {
    let start = Instant::now();
    let budget = RetryBudget::tower(SECOND, 1, 0.5);
    let withdraw = |now| budget.try_withdraw(ErrorKind::Network, || now);
    let taken = withdraw(start).unwrap();
    assert!(!try_withdraw(&budget, start));
    budget.give_back(taken);
    let taken = withdraw(start).unwrap();
    // In a later window it is taken out of the window that it was booked in.
    let later = start + SECOND / 2;
    assert!(!try_withdraw(&budget, later));
    budget.give_back(taken);
    assert_eq!(withdraw_all(&budget, later), 1);
    assert_eq!(budget.available_at(later + 2 * SECOND), 1);
    assert!(windows(&budget).is_balanced());
}

#[test]
fn what_has_come_back_by_itself_is_not_given_back_again() {
    let start = Instant::now();
    let budget = RetryBudget::tower(SECOND, 1, 0.5);
    let taken = budget.try_withdraw(ErrorKind::Network, || start).unwrap();
    let later = start + 3 * SECOND;
    assert!(try_withdraw(&budget, later));
    budget.give_back(taken);
    assert!(!try_withdraw(&budget, later));
}

#[test]
fn a_clock_that_went_back_turns_nothing_over() {
    let start = Instant::now();
    let budget = RetryBudget::tower(SECOND, 1, 0.5);
    assert!(try_withdraw(&budget, start + 10 * SECOND));
    assert!(!try_withdraw(&budget, start));
    assert!(!try_withdraw(&budget, start + 10 * SECOND));
    assert!(try_withdraw(&budget, start + 12 * SECOND));
}

#[test]
fn is_idle_when_all_has_expired() {
    let start = Instant::now();
    let budget = RetryBudget::tower(SECOND, 1, 0.5);
    assert!(budget.is_idle_at(start));
    budget.succeeded(None, || start);
    assert!(!budget.is_idle_at(start));
    assert!(!budget.is_idle_at(start + SECOND));
    assert!(budget.is_idle_at(start + 2 * SECOND));
}

#[test]
fn a_century_of_idleness_is_turned_over_at_once() {
    let start = Instant::now();
    let budget = RetryBudget::tower(SECOND, 1, 0.5);
    assert!(try_withdraw(&budget, start));
    assert!(try_withdraw(&budget, start + SECOND * 100 * 365 * 86_400));
}

#[test]
fn what_is_booked_can_be_given_back_until_it_expires() {
    let start = Instant::now();
    let budget = RetryBudget::tower(SECOND, 1, 0.5);
    let taken = budget.try_withdraw(ErrorKind::Network, || start).unwrap();
    // A window that is turned over at its very end counts as one.
    for window in 1..=10 {
        assert!(!try_withdraw(&budget, start + SECOND / 10 * window));
    }
    budget.give_back(taken);
    assert_eq!(budget.available_at(start + SECOND), 1);
    // In the next it comes back by itself, and not twice.
    assert_eq!(budget.available_at(start + SECOND / 10 * 11), 1);
    assert!(windows(&budget).is_balanced());
}
