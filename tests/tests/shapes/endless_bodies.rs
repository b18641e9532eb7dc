//! A body without an end of its own compiles; a panic is no failure, and is not retried.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use recovery_core::retry;

use crate::{Flaky, assert_send};

#[retry]
async fn unfinished() -> io::Result<u32> {
    todo!()
}

#[retry(initial = 1ns)]
fn blocking_unfinished(_: u32) -> io::Result<u32> {
    unimplemented!("later")
}

#[retry]
async fn panics(flaky: &Flaky) -> io::Result<u32> {
    let failed = flaky.call().unwrap_err();
    panic!("{failed}");
}

#[retry(initial = 1ns)]
fn blocking_panics(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    unreachable!()
}

#[retry(timeout = 1s)]
async fn never(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    }
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "not yet implemented")]
async fn a_body_may_be_written_later() {
    assert_send(unfinished()).await.unwrap_err();
}

#[test]
#[should_panic(expected = "not implemented: later")]
fn a_blocking_body_may_be_written_later() {
    blocking_unfinished(0).unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_not_retried() {
    static FLAKY: Flaky = Flaky::new();
    let task = tokio::spawn(panics(&FLAKY));
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(FLAKY.calls(), 1);
    let mut calls = 0;
    let caught = catch_unwind(AssertUnwindSafe(|| blocking_panics(&mut calls)));
    assert!(caught.is_err());
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_cut_off_in_each_attempt() {
    let mut calls = 0;
    let error = assert_send(never(&mut calls)).await.unwrap_err();
    assert_eq!((error.kind(), calls), (io::ErrorKind::TimedOut, 3));
}
