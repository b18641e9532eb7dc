//! Patterns on the error need no `Classify`; kinds and patterns can stand in one list.

use std::io;

use recovery_core::{Classify, ErrorKind, retry, retryable_on};

use crate::assert_send;
use Unclassified::{Refused, Status};

enum Unclassified {
    Lost,
    Http(u16),
    Status(u16),
    Refused { again: bool, reason: String },
}

#[retry]
#[retryable_on(
    Unclassified::Lost,
    Unclassified::Http(502 | 503),
    Status(code) if *code == extra,
    Refused { again: true, .. },
    Refused { reason, .. } if reason == "busy",
)]
async fn listed(
    error: impl Fn() -> Unclassified + Sync,
    calls: &mut u32,
    extra: u16,
) -> Result<(), Unclassified> {
    *calls += 1;
    Err(error())
}

async fn calls_until_given_up(error: impl Fn() -> Unclassified + Send + Sync) -> u32 {
    let mut calls = 0;
    assert!(assert_send(listed(error, &mut calls, 429)).await.is_err());
    calls
}

#[retry]
#[retryable_on(| Unclassified::Lost | Unclassified::Http(..))]
async fn alternatives(calls: &mut u32) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Http(500))
}

#[retry]
#[retryable_on(whole @ Unclassified::Http(500..=599) if !matches!(whole, Unclassified::Http(501)))]
async fn bound(calls: &mut u32, status: u16) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Http(status))
}

#[retry]
#[retryable_on(502 | 503)]
async fn number(calls: &mut u32) -> Result<(), u16> {
    *calls += 1;
    Err(503)
}

#[retry]
#[retryable_on(503, 0)]
async fn numbers(calls: &mut u32) -> Result<(), u16> {
    *calls += 1;
    Err(503)
}

fn is_timeout(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

#[retry]
#[retryable_on(error if is_timeout(error), Network)]
async fn guarded(kind: io::ErrorKind, calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(kind.into())
}

#[derive(Debug)]
struct Failed {
    kind: ErrorKind,
    code: u16,
}

impl Classify for Failed {
    fn kind(&self) -> ErrorKind {
        self.kind
    }
}

#[retry]
#[retryable_on(Network, RateLimited, Failed { code: 1 | 2, .. })]
async fn kinds_and_patterns(failed: (ErrorKind, u16), calls: &mut u32) -> Result<(), Failed> {
    *calls += 1;
    Err(Failed {
        kind: failed.0,
        code: failed.1,
    })
}

#[retry(initial = 1ns)]
#[retryable_on(Other, Timeout)]
fn blocking(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(io::ErrorKind::OutOfMemory.into())
}

#[tokio::test(start_paused = true)]
async fn patterns_need_no_classification() {
    fn refused(again: bool, reason: &str) -> Unclassified {
        Refused {
            again,
            reason: reason.to_owned(),
        }
    }
    assert_eq!(calls_until_given_up(|| Unclassified::Lost).await, 3);
    assert_eq!(calls_until_given_up(|| Unclassified::Http(502)).await, 3);
    assert_eq!(calls_until_given_up(|| Status(429)).await, 3);
    assert_eq!(calls_until_given_up(|| Status(404)).await, 1);
    assert_eq!(calls_until_given_up(|| refused(true, "")).await, 3);
    assert_eq!(calls_until_given_up(|| refused(false, "busy")).await, 3);
    assert_eq!(calls_until_given_up(|| refused(false, "")).await, 1);
}

#[tokio::test(start_paused = true)]
async fn patterns_may_have_alternatives_bindings_and_literals() {
    let mut calls = 0;
    assert!(assert_send(alternatives(&mut calls)).await.is_err());
    assert_eq!(calls, 3);
    assert!(assert_send(bound(&mut calls, 500)).await.is_err());
    assert_eq!(calls, 6);
    assert!(assert_send(bound(&mut calls, 501)).await.is_err());
    assert_eq!(calls, 7);
    assert_send(number(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 10);
    assert_send(numbers(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 13);
}

#[tokio::test(start_paused = true)]
async fn patterns_and_kinds_stand_in_one_list() {
    for (kind, expected) in [
        (io::ErrorKind::TimedOut, 3),
        (io::ErrorKind::ConnectionReset, 3),
        (io::ErrorKind::NotFound, 1),
    ] {
        let mut calls = 0;
        assert_send(guarded(kind, &mut calls)).await.unwrap_err();
        assert_eq!(calls, expected, "{kind}");
    }
    for (kind, code, expected) in [
        (ErrorKind::Network, 0, 3),
        (ErrorKind::Other, 2, 3),
        (ErrorKind::Timeout, 0, 1),
    ] {
        let mut calls = 0;
        assert_send(kinds_and_patterns((kind, code), &mut calls))
            .await
            .unwrap_err();
        assert_eq!(calls, expected, "{kind} {code}");
    }
    let mut calls = 0;
    blocking(&mut calls).unwrap_err();
    assert_eq!(calls, 3);
}
