//! gRPC: the cases of proposal A6, "Client Retries", as `test/retry_test.go` of grpc-go has them, and
//! the table of "Connection Backoff".

use std::time::Duration;

use recovery_core::http::grpc_retry_pushback;
use recovery_core::{
    Classify, ErrorKind, InvalidBudget, Retry, RetryAfter, RetryBudget, RetryConfig,
};

use crate::support::Failure;
use crate::{doubling, first};

/// A server that answers requests by their index.
struct Server {
    next: u32,
    ok: &'static [u32],
    fatal: &'static [u32],
}

impl Server {
    /// The error's kind, if it is one, and the index of the last request.
    async fn call(&mut self, budget: &RetryBudget) -> (Option<ErrorKind>, u32) {
        let config = RetryConfig::builder().max_attempts(4).build().unwrap();
        let result = Retry::new(config)
            .budget(budget)
            .run(|_| {
                let index = self.next;
                self.next += 1;
                std::future::ready(if self.ok.contains(&index) {
                    Ok(())
                } else if self.fatal.contains(&index) {
                    Err(Failure::of(ErrorKind::Other))
                } else {
                    Err(Failure::of(ErrorKind::Server))
                })
            })
            .await;
        (result.err().map(|error| error.kind), self.next - 1)
    }
}

const FATAL: Option<ErrorKind> = Some(ErrorKind::Other);
const UNAVAILABLE: Option<ErrorKind> = Some(ErrorKind::Server);

#[tokio::test(start_paused = true)]
async fn unary_calls_are_retried_up_to_four_attempts() {
    let mut server = Server {
        next: 0,
        ok: &[0, 2, 5],
        fatal: &[6, 8, 11],
    };
    let plenty = RetryBudget::new(1000);
    for expected in [
        (None, 0),
        (None, 2),
        (None, 5),
        (FATAL, 6),
        (FATAL, 8),
        (FATAL, 11),
        (UNAVAILABLE, 15),
    ] {
        assert_eq!(server.call(&plenty).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn retries_are_throttled() {
    let mut server = Server {
        next: 0,
        ok: &[0, 3, 6, 10, 11, 12, 13, 14, 16, 18],
        fatal: &[],
    };
    let budget = RetryBudget::grpc_throttling(10.0, 0.5);
    for expected in [
        (None, 0),
        (None, 3),
        (None, 6),
        (UNAVAILABLE, 8),
        (UNAVAILABLE, 9),
        (None, 10),
        (None, 11),
        (None, 12),
        (None, 13),
        (None, 14),
        (None, 16),
        (UNAVAILABLE, 17),
    ] {
        assert_eq!(server.call(&budget).await, expected);
    }
}

/// An error with what the server sent as `grpc-retry-pushback-ms`.
#[derive(Debug)]
struct Pushed(&'static [&'static str]);

impl std::fmt::Display for Pushed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unavailable")
    }
}

impl Classify for Pushed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Server
    }
    fn retry_after(&self) -> Option<Duration> {
        grpc_retry_pushback(self.0.iter().copied()).retry_after
    }
    fn forbids_retry(&self) -> bool {
        grpc_retry_pushback(self.0.iter().copied()).forbids_retry
    }
}

/// The delays before retries, in milliseconds, of a call whose attempts are pushed back so.
async fn delays(pushed: &[&'static [&'static str]]) -> Vec<u128> {
    let config = doubling(0.1, 30.0)
        .retry_after(RetryAfter::Exact)
        .build()
        .unwrap();
    let mut pushed = pushed.iter();
    let mut delays = Vec::new();
    let _ = Retry::new(config)
        .on_retry(|failed| delays.push(failed.delay.as_millis()))
        .run(|_| std::future::ready(pushed.next().map_or(Ok(()), |values| Err(Pushed(values)))))
        .await;
    delays
}

#[tokio::test(start_paused = true)]
async fn push_back_forbids_or_sets_the_delay() {
    for no in [&["-1"][..], &["xxx"], &["100", "10"]] {
        assert_eq!(delays(&[no]).await, []);
    }
    // Exactly what was asked for; then the backoff begins anew.
    let delays = delays(&[&[], &[], &["1000"], &[], &[]]).await;
    assert_eq!(delays, [100, 200, 1000, 100, 200]);
}

#[test]
fn throttling_is_validated() {
    for tokens in [0.0, -1.0, 1000.5, f64::NAN] {
        let refused = RetryBudget::try_grpc_throttling(tokens, 0.5);
        assert!(
            matches!(refused, Err(InvalidBudget::MaxTokens(_))),
            "{tokens}"
        );
    }
    for ratio in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let refused = RetryBudget::try_grpc_throttling(10.0, ratio);
        assert!(
            matches!(refused, Err(InvalidBudget::TokenRatio(_))),
            "{ratio}"
        );
    }
    assert!(RetryBudget::try_grpc_throttling(1000.0, 0.001).is_ok());
    // Policies: delays above zero and a factor are the builder's; ours may also allow one attempt.
    assert!(RetryConfig::builder().max_attempts(0).build().is_err());
    assert!(RetryConfig::builder().backoff_factor(0.0).build().is_err());
}

#[tokio::test(start_paused = true)]
async fn the_ratio_counts_to_three_decimals() {
    // 0.5466 is 0.546: from nothing, 915 successes give 499.59 tokens, and one more passes the half.
    let budget = RetryBudget::grpc_throttling(1000.0, 0.5466);
    let once = RetryConfig::builder().max_attempts(1).build().unwrap();
    let call = async |ok: bool, config: &RetryConfig| {
        let failure = Failure::of(ErrorKind::Server);
        let mut attempts = 0;
        let _ = Retry::new(config.clone())
            .budget(&budget)
            .run(|_| {
                attempts += 1;
                std::future::ready(if ok { Ok(()) } else { Err(failure.clone()) })
            })
            .await;
        attempts
    };
    for _ in 0..1000 {
        call(false, &once).await;
    }
    for _ in 0..917 {
        call(true, &once).await;
    }
    // The failure itself takes one: 500.682 − 1 is below the half, one success more is not.
    let twice = RetryConfig::builder().max_attempts(2).build().unwrap();
    assert_eq!(call(false, &twice).await, 1);
    for _ in 0..3 {
        call(true, &once).await;
    }
    assert_eq!(call(false, &twice).await, 2);
}

#[test]
fn connections_back_off_by_their_table() {
    let config = doubling(1.0, 120.0).backoff_factor(1.6).build().unwrap();
    let table = [
        1.0, 1.6, 2.56, 4.096, 6.554, 10.486, 16.777, 26.844, 42.95, 68.719, 109.951, 120.0, 120.0,
    ];
    for (delay, expected) in first(13, &config).into_iter().zip(table) {
        assert!((delay - expected).abs() < 0.0005, "{delay} and {expected}");
    }
}
