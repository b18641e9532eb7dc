//! `on_retry`, a closure or a path, sees each failure that is followed by another attempt.

use std::cell::Cell;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use recovery_core::{Attempt, retry};

use crate::{assert_send, lost};

thread_local!(static REPORTED: Cell<u32> = const { Cell::new(0) });

fn report(failed: &Attempt<'_, io::Error>) {
    assert_eq!(failed.error.kind(), io::ErrorKind::ConnectionReset);
    REPORTED.set(REPORTED.get() + 1);
}

fn report_any<E>(_: &Attempt<'_, E>) {
    REPORTED.set(REPORTED.get() + 1);
}

#[retry(on_retry = report)]
async fn by_path(calls: &mut u32) -> Result<(), io::Error> {
    *calls += 1;
    Err(lost())
}

#[retry(on_retry = report_any)]
async fn by_generic_path(calls: &mut u32) -> Result<(), io::Error> {
    *calls += 1;
    Err(lost())
}

#[retry(max = 4, initial = 1s, max_delay = 2s, jitter = none, name = "seen", on_retry = |failed| {
    seen.push((failed.name.to_owned(), failed.number, failed.max_attempts, failed.delay));
})]
async fn by_closure(seen: &mut Vec<(String, u32, u32, Duration)>) -> Result<(), io::Error> {
    Err(lost())
}

#[derive(Default)]
struct Client {
    log: Mutex<Vec<u32>>,
}

impl Client {
    fn note<E>(&self, failed: &Attempt<'_, E>) {
        self.log.lock().unwrap().push(failed.number);
    }

    #[retry(on_retry = |failed| self.note(failed))]
    async fn by_self(&self) -> Result<(), io::Error> {
        Err(lost())
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_is_called_before_each_wait() {
    let mut calls = 0;
    assert_send(by_path(&mut calls)).await.unwrap_err();
    assert_send(by_generic_path(&mut calls)).await.unwrap_err();
    assert_eq!((calls, REPORTED.get()), (6, 4));
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_called_before_each_wait() {
    let mut seen = Vec::new();
    assert_send(by_closure(&mut seen)).await.unwrap_err();
    let seconds: Vec<_> = seen
        .iter()
        .map(|(_, number, _, delay)| (*number, delay.as_secs()))
        .collect();
    assert_eq!(seconds, [(1, 1), (2, 2), (3, 2)]);
    assert!(
        seen.iter()
            .all(|(name, _, max, _)| name == "seen" && *max == 4)
    );
}

#[tokio::test(start_paused = true)]
async fn a_closure_may_name_self() {
    let client = Client::default();
    assert_send(client.by_self()).await.unwrap_err();
    assert_eq!(*client.log.lock().unwrap(), [1, 2]);
}
