//! Other attributes, docs and `#[cfg]`s keep their meaning beside `#[retry]`.
#![warn(missing_docs, clippy::missing_docs_in_private_items)]

use std::io;

use recovery_core::{retry, retryable_on};

use crate::{Flaky, assert_send, third_time_lucky};

/// Documented.
#[must_use = "the answer"]
#[inline]
#[retry(max = 3, initial = 1ns)]
#[allow(clippy::unused_async)]
/// Also between the attributes.
#[retryable_on(Network)]
#[cfg(not(any()))]
#[track_caller]
fn documented(
    #[cfg(any())] absent: NoSuchType,
    #[cfg(not(any()))] calls: &mut u32,
    #[allow(unused_variables)] unused: u32,
) -> io::Result<u32> {
    third_time_lucky(calls)
}

/** Documented by a block. */
#[retry]
/**
 * Of more than one line.
 */
async fn documented_by_a_block(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

/// Allowed.
#[retry]
#[allow(unused_mut, unused_variables)]
async fn allowed(mut unused: u32, calls: &mut u32) -> io::Result<u32> {
    let mut inner = 1;
    third_time_lucky(calls)
}

/// Never called.
#[allow(dead_code)]
#[retry]
async fn never_called() -> io::Result<()> {
    Ok(())
}

/// Never called, which is expected.
#[retry]
#[expect(dead_code)]
async fn never_called_as_expected() -> io::Result<()> {
    Ok(())
}

/// Deprecated.
#[retry]
#[deprecated]
#[doc(hidden)]
#[cold]
#[inline(never)]
async fn deprecated(calls: &mut u32) -> io::Result<u32> {
    #![allow(unused)]
    let inner = 1;
    third_time_lucky(calls)
}

/// Expected to leave a variable unused.
#[allow(unreachable_code)]
#[retry]
#[cfg_attr(all(), expect(unused_variables))]
async fn expected(calls: &mut u32) -> io::Result<u32> {
    let unused = 1;
    third_time_lucky(calls)
}

/// Expected to do so above the attribute.
#[expect(unused_variables, unused_mut)]
#[retry(initial = 1ns)]
fn expected_above(mut unused: u32, calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

/// Retried on a condition.
#[cfg_attr(all(), retry(max = 4, initial = 1s), retryable_on(Network))]
async fn conditional(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

/// Not retried, on a condition.
#[cfg_attr(any(), retry)]
async fn conditionally_not(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

/// In a runtime of its own for all attempts.
#[retry(max = 3)]
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn runtime(calls: &mut u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    third_time_lucky(calls)
}

/// In a runtime of its own for each attempt.
#[tokio::main(flavor = "current_thread", start_paused = true)]
#[retry(initial = 1ms)]
async fn runtime_on_top(calls: &mut u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    third_time_lucky(calls)
}

#[tokio::test(start_paused = true)]
async fn lints_docs_and_hints_stay() {
    assert_eq!(documented(&mut 0, 0).unwrap(), 3);
    let calls = assert_send(documented_by_a_block(&mut 0)).await;
    assert_eq!(calls.unwrap(), 3);
    assert_eq!(assert_send(allowed(0, &mut 0)).await.unwrap(), 3);
    #[allow(deprecated)]
    let calls = assert_send(deprecated(&mut 0)).await;
    assert_eq!(calls.unwrap(), 3);
    assert_eq!(assert_send(expected(&mut 0)).await.unwrap(), 3);
    assert_eq!(expected_above(0, &mut 0).unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn cfg_attr_switches_retries_on_and_off() {
    assert_eq!(assert_send(conditional(&mut 0)).await.unwrap(), 3);
    let mut calls = 0;
    assert_send(conditionally_not(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 1);
}

#[test]
fn a_runtime_is_below_or_above() {
    assert_eq!(runtime(&mut 0).unwrap(), 3);
    assert_eq!(runtime_on_top(&mut 0).unwrap(), 3);
}

#[retry]
#[tokio::test(start_paused = true)]
async fn an_async_test_is_retried() -> io::Result<()> {
    static FLAKY: Flaky = Flaky::new();
    tokio::task::yield_now().await;
    assert_eq!(FLAKY.call()?, 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
#[retry(initial = 1ns)]
async fn an_async_test_is_retried_with_a_runtime_for_each_attempt() -> io::Result<()> {
    static FLAKY: Flaky = Flaky::new();
    tokio::task::yield_now().await;
    assert_eq!(FLAKY.call()?, 3);
    Ok(())
}

#[retry(initial = 1ns)]
#[test]
fn a_blocking_test_is_retried() -> io::Result<()> {
    static FLAKY: Flaky = Flaky::new();
    assert_eq!(FLAKY.call()?, 3);
    Ok(())
}

#[test]
#[retry(initial = 1ns)]
fn a_blocking_test_is_retried_below() -> io::Result<()> {
    static FLAKY: Flaky = Flaky::new();
    assert_eq!(FLAKY.call()?, 3);
    Ok(())
}
