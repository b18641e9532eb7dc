//! The closure API is the machine of the attributes.

use std::io;
use std::time::Duration;

use recovery_core::{Classify, ErrorKind};
use recovery_core::{
    Retry, RetryConfig, exponential_backoff_retry, handle_rate_limit, retry,
    retry_with_extended_timeout, smart_retry,
};
use tokio::time::Instant;

fn lost() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

#[tokio::test(start_paused = true)]
async fn agrees_with_the_attribute_to_the_nanosecond() {
    #[retry(max = 6, initial = 30ms, backoff = 1.7, max_delay = 100ms, jitter = full)]
    async fn annotated(calls: &mut u32) -> Result<(), io::Error> {
        *calls += 1;
        Err(lost())
    }
    let config = RetryConfig::builder()
        .max_attempts(6)
        .initial_delay(Duration::from_millis(30))
        .backoff_factor(1.7)
        .max_delay(Duration::from_millis(100))
        .jitter(recovery_core::Jitter::Full)
        .build()
        .expect("valid");

    for seed in 0..50 {
        let (mut by_attribute, mut by_closure) = (0, 0);
        fastrand::seed(seed);
        let start = Instant::now();
        let _ = annotated(&mut by_attribute).await;
        let waited = start.elapsed();

        fastrand::seed(seed);
        let start = Instant::now();
        let result: Result<(), _> = Retry::new(config.clone())
            .run(|_| {
                by_closure += 1;
                async { Err(lost()) }
            })
            .await;
        assert!(result.is_err());
        assert_eq!(
            (by_attribute, waited),
            (by_closure, start.elapsed()),
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn a_retried_future_can_be_spawned() {
    let words = ["one".to_owned(), "two".to_owned()];
    let task = tokio::spawn(async move {
        let config = RetryConfig::builder()
            .initial_delay(Duration::ZERO)
            .build()
            .expect("valid");
        Retry::new(config)
            .run(async |attempt| {
                tokio::task::yield_now().await;
                words.get(attempt as usize).cloned().ok_or_else(lost)
            })
            .await
    });
    assert_eq!(task.await.expect("no panic").expect("found"), "two");
}

#[test]
fn blocking_and_hooked_and_narrowed() {
    let mut hooked = Vec::new();
    let config = RetryConfig::builder()
        .initial_delay(Duration::ZERO)
        .build()
        .expect("valid");
    let result: Result<(), io::Error> = Retry::new(config.clone())
        .name("blocking")
        .on_retry(|failed| hooked.push((failed.number, failed.name == "blocking")))
        .run_blocking(|_| Err(lost()));
    assert!(result.is_err());
    assert_eq!(hooked, [(1, true), (2, true)]);

    let mut calls = 0;
    let result: Result<(), io::Error> = Retry::new(config.clone())
        .when(|error: &io::Error| error.kind() != io::ErrorKind::ConnectionReset)
        .run_blocking(|_| {
            calls += 1;
            Err(lost())
        });
    assert!(result.is_err());
    assert_eq!(calls, 1);

    let mut calls = 0;
    let result: Result<(), io::Error> =
        Retry::new(config.clone()).at_most_once().run_blocking(|_| {
            calls += 1;
            Err(lost())
        });
    assert!(result.is_err());
    assert_eq!(calls, 1, "a reset connection may have carried the call");

    let result: Result<u32, String> =
        Retry::unclassified(config, |error: &String| error == "again").run_blocking(|attempt| {
            if attempt < 3 {
                Err("again".into())
            } else {
                Ok(attempt)
            }
        });
    assert_eq!(result, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn smart_retry_asks_its_predicate() {
    let mut calls = 0;
    let result: Result<(), io::Error> = smart_retry(
        || {
            calls += 1;
            async { Err(lost()) }
        },
        RetryConfig::default(),
        |_| false,
    )
    .await;
    assert!(result.is_err());
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn exponential_backoff_retry_counts_attempts_in_all() {
    for (max, expected) in [(0, 1), (1, 1), (4, 4)] {
        let mut calls = 0;
        let result: Result<(), io::Error> = exponential_backoff_retry(
            || {
                calls += 1;
                async { Err(lost()) }
            },
            max,
        )
        .await;
        assert!(result.is_err());
        assert_eq!(calls, expected, "max_attempts {max}");
    }
}

#[derive(Debug, PartialEq)]
enum ApiError {
    Limited,
    Down,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Classify for ApiError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Limited => ErrorKind::RateLimited,
            Self::Down => ErrorKind::Server,
        }
    }
    fn retry_after(&self) -> Option<Duration> {
        (*self == Self::Limited).then_some(Duration::from_secs(9))
    }
}

#[tokio::test(start_paused = true)]
async fn handle_rate_limit_waits_what_was_asked_and_retries_nothing_else() {
    let start = Instant::now();
    let mut calls = 0;
    let result: Result<(), _> = handle_rate_limit(
        || {
            calls += 1;
            async { Err(ApiError::Limited) }
        },
        2,
    )
    .await;
    assert_eq!((result, calls), (Err(ApiError::Limited), 3));
    assert!(
        start.elapsed() >= Duration::from_secs(18) && start.elapsed() < Duration::from_secs(19)
    );

    let mut calls = 0;
    let result: Result<(), _> = handle_rate_limit(
        || {
            calls += 1;
            async { Err(ApiError::Down) }
        },
        2,
    )
    .await;
    assert_eq!((result, calls), (Err(ApiError::Down), 1));
}

#[tokio::test(start_paused = true)]
async fn extended_timeouts_double_after_a_timeout_and_only_then() {
    let mut limits = Vec::new();
    let config = RetryConfig::builder()
        .max_attempts(4)
        .build()
        .expect("valid");
    let result: io::Result<()> = retry_with_extended_timeout(
        |limit| {
            limits.push(limit.as_secs());
            let second = limits.len() == 2;
            async move {
                if second {
                    return Err(lost());
                }
                std::future::pending().await
            }
        },
        Duration::from_secs(3),
        config,
    )
    .await;
    assert_eq!(
        result.expect_err("never answered").kind(),
        io::ErrorKind::TimedOut
    );
    assert_eq!(limits, [3, 6, 6, 12]);
}
