//! What differs between the editions is decided by the user's edition, with `#[retry]` as without.

use std::io;
use std::sync::Mutex;

use recovery_core::retry;

use crate::{Flaky, assert_send};

/// Writes its name into a log when it is dropped.
struct Noisy<'l>(&'static str, &'l Mutex<Vec<&'static str>>);

impl Noisy<'_> {
    fn call(&self, flaky: &Flaky) -> io::Result<u32> {
        self.note("call");
        flaky.call()
    }

    fn note(&self, event: &'static str) {
        self.1.lock().unwrap().push(event);
    }
}

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.note(self.0);
    }
}

type Log = Mutex<Vec<&'static str>>;

// A temporary of the last expression: since 2024 it is dropped before the local variables.
macro_rules! ends_in_a_temporary {
    ($log:ident, $flaky:ident) => {{
        let _local = Noisy("local", $log);
        Noisy("temporary", $log).call($flaky)
    }};
}

fn expected(flaky: &Flaky) -> Vec<&'static str> {
    fn without_retry(log: &Log, flaky: &Flaky) -> io::Result<u32> {
        let _local = Noisy("local", log);
        Noisy("temporary", log).call(flaky)
    }
    let log = Log::default();
    while without_retry(&log, flaky).is_err() {}
    flaky.calls();
    log.into_inner().unwrap()
}

#[retry]
async fn in_async(log: &Log, flaky: &Flaky) -> io::Result<u32> {
    let _local = Noisy("local", log);
    Noisy("temporary", log).call(flaky)
}

#[retry(initial = 1ns)]
fn in_blocking(log: &Log, flaky: &Flaky) -> io::Result<u32> {
    let _local = Noisy("local", log);
    Noisy("temporary", log).call(flaky)
}

#[retry]
async fn in_async_with_a_question_mark(log: &Log, flaky: &Flaky) -> io::Result<u32> {
    io::Result::Ok(())?;
    let _local = Noisy("local", log);
    Noisy("temporary", log).call(flaky)
}

#[retry(initial = 1ns)]
fn in_blocking_with_a_question_mark(log: &Log, flaky: &Flaky) -> io::Result<u32> {
    io::Result::Ok(())?;
    let _local = Noisy("local", log);
    Noisy("temporary", log).call(flaky)
}

#[retry]
async fn in_a_macro(log: &Log, flaky: &Flaky) -> io::Result<u32> {
    ends_in_a_temporary!(log, flaky)
}

// A temporary of an `if let`: since 2024 it is dropped before the `else`.
#[retry(initial = 1ns)]
#[expect(clippy::option_if_let_else, reason = "the shape under test")]
fn in_if_let(log: &Log, flaky: &Flaky) -> io::Result<u32> {
    if let Ok(calls) = Noisy("temporary", log).call(flaky) {
        Ok(calls)
    } else {
        log.lock().unwrap().push("else");
        Err(crate::lost())
    }
}

fn expected_in_if_let(flaky: &Flaky) -> Vec<&'static str> {
    #[expect(clippy::option_if_let_else, reason = "the shape under test")]
    fn without_retry(log: &Log, flaky: &Flaky) -> io::Result<u32> {
        if let Ok(calls) = Noisy("temporary", log).call(flaky) {
            Ok(calls)
        } else {
            log.lock().unwrap().push("else");
            Err(crate::lost())
        }
    }
    let log = Log::default();
    while without_retry(&log, flaky).is_err() {}
    flaky.calls();
    log.into_inner().unwrap()
}

#[test]
fn this_is_the_edition_that_it_is_said_to_be() {
    let log = expected(&Flaky::new());
    let first = if env!("CARGO_PKG_NAME").ends_with("2021") {
        ["call", "local", "temporary"]
    } else {
        ["call", "temporary", "local"]
    };
    assert_eq!(log[..3], first);
}

#[tokio::test(start_paused = true)]
async fn temporaries_are_dropped_when_the_users_edition_says() {
    let (flaky, log) = (Flaky::new(), Log::default());
    let expected = expected(&flaky);
    assert_eq!(assert_send(in_async(&log, &flaky)).await.unwrap(), 3);
    assert_eq!(log.into_inner().unwrap(), expected);
    flaky.calls();
    let log = Log::default();
    assert_eq!(in_blocking(&log, &flaky).unwrap(), 3);
    assert_eq!(log.into_inner().unwrap(), expected);
    flaky.calls();
    let log = Log::default();
    let result = assert_send(in_async_with_a_question_mark(&log, &flaky)).await;
    assert_eq!(result.unwrap(), 3);
    assert_eq!(log.into_inner().unwrap(), expected);
    flaky.calls();
    let log = Log::default();
    assert_eq!(in_blocking_with_a_question_mark(&log, &flaky).unwrap(), 3);
    assert_eq!(log.into_inner().unwrap(), expected);
    flaky.calls();
    let log = Log::default();
    assert_eq!(assert_send(in_a_macro(&log, &flaky)).await.unwrap(), 3);
    assert_eq!(log.into_inner().unwrap(), expected);
}

#[test]
fn temporaries_of_if_let_are_dropped_when_the_users_edition_says() {
    let (flaky, log) = (Flaky::new(), Log::default());
    let expected = expected_in_if_let(&flaky);
    assert_eq!(in_if_let(&log, &flaky).unwrap(), 3);
    assert_eq!(log.into_inner().unwrap(), expected);
}
