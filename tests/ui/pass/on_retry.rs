//! `on_retry`, a closure or a path, sees each failure that is followed by another attempt.
#![deny(warnings)]

use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use recovery_core::{Attempt, retry};

thread_local!(static REPORTED: Cell<u32> = const { Cell::new(0) });

fn report(failed: &Attempt<'_, io::Error>) {
    assert_eq!(failed.error.kind(), io::ErrorKind::TimedOut);
    REPORTED.set(REPORTED.get() + 1);
}

fn report_any<E>(_: &Attempt<'_, E>) {
    REPORTED.set(REPORTED.get() + 1);
}

#[retry(on_retry = report)]
async fn by_path() -> Result<(), io::Error> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(on_retry = report_any)]
async fn by_generic_path() -> Result<(), io::Error> {
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(max = 4, initial = 1s, max_delay = 2s, jitter = none, name = "seen", on_retry = |failed| {
    seen.push((failed.name.to_owned(), failed.number, failed.max_attempts, failed.delay));
})]
async fn by_closure(seen: &mut Vec<(String, u32, u32, Duration)>) -> Result<(), io::Error> {
    Err(io::ErrorKind::TimedOut.into())
}

struct Client {
    log: RefCell<Vec<u32>>,
}

impl Client {
    fn note<E>(&self, failed: &Attempt<'_, E>) {
        self.log.borrow_mut().push(failed.number);
    }

    #[retry(on_retry = |failed| self.note(failed))]
    async fn by_self(&self) -> Result<(), io::Error> {
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    by_path().await.unwrap_err();
    by_generic_path().await.unwrap_err();
    assert_eq!(REPORTED.get(), 4);

    let mut seen = Vec::new();
    by_closure(&mut seen).await.unwrap_err();
    let seconds: Vec<_> = seen
        .iter()
        .map(|(_, number, _, delay)| (*number, delay.as_secs()))
        .collect();
    assert_eq!(seconds, [(1, 1), (2, 2), (3, 2)]);
    assert!(
        seen.iter()
            .all(|(name, _, max, _)| name == "seen" && *max == 4)
    );

    let client = Client {
        log: RefCell::default(),
    };
    client.by_self().await.unwrap_err();
    assert_eq!(*client.log.borrow(), [1, 2]);
}
