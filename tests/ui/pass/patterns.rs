//! Patterns on the error need no `Classify`; kinds and patterns can stand in one list.
#![deny(warnings)]

use std::io;

use recovery_core::{Classify, ErrorKind, retry, retryable_on};

enum Unclassified {
    Lost,
    Status(u16),
    Refused { again: bool, reason: String },
}

use Unclassified::{Refused, Status};

#[retry]
#[retryable_on(
    Unclassified::Lost,
    Unclassified::Status(502 | 503),
    Status(code) if *code == extra,
    Refused { again: true, .. },
    Refused { reason, .. } if reason == "busy",
)]
async fn listed(
    error: impl Fn() -> Unclassified,
    calls: &mut u32,
    extra: u16,
) -> Result<(), Unclassified> {
    *calls += 1;
    Err(error())
}

async fn calls_until_given_up(error: impl Fn() -> Unclassified) -> u32 {
    let mut calls = 0;
    assert!(listed(error, &mut calls, 429).await.is_err());
    calls
}

#[retry]
#[retryable_on(| Unclassified::Lost | Unclassified::Status(..))]
async fn alternatives(calls: &mut u32) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Status(*calls as u16))
}

#[retry]
#[retryable_on(whole @ Unclassified::Status(500..=599) if !matches!(whole, Status(501)))]
async fn bound(calls: &mut u32, status: u16) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Status(status))
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

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let refused = |again, reason: &str| Unclassified::Refused {
        again,
        reason: reason.to_owned(),
    };
    assert_eq!(calls_until_given_up(|| Unclassified::Lost).await, 3);
    assert_eq!(calls_until_given_up(|| Unclassified::Status(502)).await, 3);
    assert_eq!(calls_until_given_up(|| Unclassified::Status(429)).await, 3);
    assert_eq!(calls_until_given_up(|| Unclassified::Status(404)).await, 1);
    assert_eq!(calls_until_given_up(|| refused(true, "")).await, 3);
    assert_eq!(calls_until_given_up(|| refused(false, "busy")).await, 3);
    assert_eq!(calls_until_given_up(|| refused(false, "")).await, 1);

    let mut calls = 0;
    assert!(alternatives(&mut calls).await.is_err());
    assert!(bound(&mut calls, 500).await.is_err());
    assert!(bound(&mut calls, 501).await.is_err());
    number(&mut calls).await.unwrap_err();
    assert_eq!(calls, 10);

    let mut calls = 0;
    numbers(&mut calls).await.unwrap_err();
    assert_eq!(calls, 3);
    for kind in [
        io::ErrorKind::TimedOut,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::NotFound,
    ] {
        guarded(kind, &mut calls).await.unwrap_err();
    }
    assert_eq!(calls, 10);

    let mut calls = 0;
    kinds_and_patterns((ErrorKind::Network, 0), &mut calls)
        .await
        .unwrap_err();
    kinds_and_patterns((ErrorKind::Other, 2), &mut calls)
        .await
        .unwrap_err();
    kinds_and_patterns((ErrorKind::Timeout, 0), &mut calls)
        .await
        .unwrap_err();
    assert_eq!(calls, 7);
    blocking(&mut calls).unwrap_err();
    assert_eq!(calls, 10);
}
