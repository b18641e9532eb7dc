//! Bodies that go into the loop as they are, and those that only look as if they could.
#![allow(
    unused_qualifications,
    reason = "paths that begin with `self` are shapes under test"
)]

use std::fmt::Debug;
use std::io;
use std::rc::Rc;

use recovery_core::{CircuitBreaker, RetryBudget, retry, retryable_on};

use crate::{Flaky, assert_send, lost, third_time_lucky};

/// A macro that leaves the function, whose name is a fragment.
macro_rules! bail {
    ($error:expr) => {{
        if true {
            return Err($error);
        }
        Ok(1)
    }};
}

macro_rules! through_a_path {
    ($bail:path, $name:ident, $blocking:ident) => {
        #[retry(fallback = |_| Ok(7))]
        async fn $name(calls: &mut u32) -> io::Result<u32> {
            *calls += 1;
            $bail!(lost())
        }

        #[retry(initial = 1ns, fallback = |_| Ok(7))]
        fn $blocking(calls: &mut u32) -> io::Result<u32> {
            *calls += 1;
            $bail!(lost())
        }
    };
}

through_a_path!(bail, hidden, hidden_blocking);

#[tokio::test(start_paused = true)]
async fn a_macro_that_returns_ends_one_attempt_whatever_names_it() {
    let mut calls = 0;
    assert_eq!(assert_send(hidden(&mut calls)).await.unwrap(), 7);
    assert_eq!(calls, 3);
    calls = 0;
    assert_eq!(hidden_blocking(&mut calls).unwrap(), 7);
    assert_eq!(calls, 3);
}

// Bodies that never end leave nothing unreachable behind.
#[retry]
#[allow(dead_code, reason = "it would end the tests")]
fn exits() -> io::Result<u32> {
    std::process::exit(0)
}

#[retry]
async fn serves(calls: &mut u32) -> io::Result<u32> {
    loop {
        third_time_lucky(calls).ok();
        std::future::pending::<()>().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_run_once() {
    let mut calls = 0;
    let second = std::time::Duration::from_secs(1);
    let served = tokio::time::timeout(second, assert_send(serves(&mut calls))).await;
    assert!(served.is_err());
    assert_eq!(calls, 1);
}

// Parts of what is behind a reference are not references themselves.
#[retry]
async fn behind_a_reference(&mut n: &mut u32, flaky: &Flaky) -> io::Result<u32> {
    flaky.call()?;
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn a_pattern_may_look_behind_a_mutable_reference() {
    let flaky = Flaky::new();
    assert_eq!(
        assert_send(behind_a_reference(&mut 7, &flaky))
            .await
            .unwrap(),
        7
    );
    assert_eq!(flaky.calls(), 3);
}

struct Shared {
    first: RetryBudget,
    second: RetryBudget,
}

#[retry(budget = if first { &shared.first } else { &shared.second })]
async fn chosen(first: bool, shared: &Shared, calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[tokio::test(start_paused = true)]
async fn a_shared_object_may_be_chosen() {
    let shared = Shared {
        first: RetryBudget::new(1),
        second: RetryBudget::new(9),
    };
    let mut calls = 0;
    assert!(
        assert_send(chosen(true, &shared, &mut calls))
            .await
            .is_err()
    );
    assert_eq!(calls, 2);
    calls = 0;
    assert_eq!(chosen(false, &shared, &mut calls).await.unwrap(), 3);
}

// The value is not kept over a wait, so that it need not be `Send`.
#[retry(breaker = breaker)]
async fn not_send(breaker: &CircuitBreaker, calls: &mut u32) -> io::Result<Rc<u32>> {
    third_time_lucky(calls).map(Rc::new)
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_send_leaves_the_future_send() {
    let mut calls = 0;
    let value = assert_send(not_send(&CircuitBreaker::new(), &mut calls)).await;
    assert_eq!((*value.unwrap(), calls), (3, 3));
}

#[retry(initial = 1ns, fallback = |_| Ok(Box::new("none")))]
fn coerced(calls: &mut u32) -> io::Result<Box<dyn Debug>> {
    *calls += 1;
    Err(lost())
}

#[test]
fn what_a_fallback_answers_is_coerced_as_what_the_body_does() {
    let mut calls = 0;
    assert_eq!(format!("{:?}", coerced(&mut calls).unwrap()), "\"none\"");
    assert_eq!(calls, 3);
}

/// Functions of a module, named from options by `self::`.
const ATTEMPTS: u32 = 2;

const fn is_lost(_: &io::Error) -> bool {
    true
}

#[async_trait::async_trait]
trait Named {
    async fn call(&self) -> io::Result<u32>;
}

#[async_trait::async_trait]
impl Named for Flaky {
    #[retry(max = self::ATTEMPTS, when = self::is_lost)]
    async fn call(&self) -> io::Result<u32> {
        Self::call(self)
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_that_begins_with_self_is_no_receiver() {
    let flaky = Flaky::new();
    assert!(assert_send(Named::call(&flaky)).await.is_err());
    assert_eq!(flaky.calls(), 2);
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(dead_code, reason = "a kind that is not listed")]
enum ErrorKind {
    NotFound,
    Other,
}

#[retry]
#[retryable_on(self::ErrorKind::NotFound, _ if false)]
async fn of_a_like_name(calls: &mut u32) -> Result<u32, ErrorKind> {
    third_time_lucky(calls).map_err(|_| ErrorKind::NotFound)
}

#[tokio::test(start_paused = true)]
async fn an_error_kind_of_ones_own_is_matched_by_its_path() {
    let mut calls = 0;
    assert_eq!(assert_send(of_a_like_name(&mut calls)).await, Ok(3));
    assert_eq!(calls, 3);
}
