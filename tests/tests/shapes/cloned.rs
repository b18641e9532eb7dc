//! `clone(..)` gives each attempt its own, for a body that consumes its arguments.

use std::io;
use std::sync::Arc;

use recovery_core::retry;

use crate::{Flaky, assert_send, third_time_lucky};

#[retry(clone(body, shared))]
async fn consumed(body: String, shared: Arc<u32>, calls: &mut u32) -> io::Result<(usize, u32)> {
    let bytes = body.into_bytes();
    drop(shared);
    let calls = third_time_lucky(calls)?;
    Ok((bytes.len(), calls))
}

#[retry(clone(words,))]
async fn changed(mut words: Vec<u32>, calls: &mut u32) -> io::Result<Vec<u32>> {
    words.push(*calls);
    third_time_lucky(calls)?;
    Ok(words)
}

#[retry(clone(a))]
async fn of_a_pattern((a, _): (String, u32), calls: &mut u32) -> io::Result<Vec<u8>> {
    let bytes = a.into_bytes();
    third_time_lucky(calls)?;
    Ok(bytes)
}

#[retry(clone(body, flaky))]
async fn moved_into_a_task<T: Clone + Send + 'static>(body: T, flaky: Arc<Flaky>) -> io::Result<T> {
    let task = async move { flaky.call().map(|_| body) };
    tokio::spawn(task).await.map_err(io::Error::other)?
}

#[retry(initial = 1ns, clone(body))]
fn blocking(body: String, calls: &mut u32) -> io::Result<Vec<u8>> {
    let bytes = body.into_bytes();
    third_time_lucky(calls)?;
    Ok(bytes)
}

#[tokio::test(start_paused = true)]
async fn each_attempt_consumes_its_own() {
    let result = assert_send(consumed("a".to_owned(), Arc::new(1), &mut 0)).await;
    assert_eq!(result.unwrap(), (1, 3));
    let bytes = assert_send(of_a_pattern(("a".to_owned(), 0), &mut 0)).await;
    assert_eq!(bytes.unwrap(), b"a");
    let mut calls = 0;
    assert_eq!(blocking("a".to_owned(), &mut calls).unwrap(), b"a");
    assert_eq!(calls, 3);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_changes_its_own() {
    let words = assert_send(changed(Vec::new(), &mut 0)).await;
    assert_eq!(words.unwrap(), [2]);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_gives_its_own_away() {
    let flaky = Arc::new(Flaky::new());
    let value = assert_send(moved_into_a_task(7, Arc::clone(&flaky))).await;
    assert_eq!((value.unwrap(), flaky.calls()), (7, 3));
}
