//! What a retried function does, on tokio's paused clock.

mod support;

use std::sync::Mutex;
use std::time::Duration;

use recovery_core::{Attempt, Effect, ErrorKind, RetryConfig, retry, retryable_on};
use support::{Failure, NETWORK, Service};
use tokio::time::Instant;

#[retry]
async fn by_default(service: &mut Service) -> Result<u32, Failure> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn three_attempts_are_three_in_all() {
    let mut service = Service::failing(2, NETWORK);
    assert_eq!(by_default(&mut service).await, Ok(3));

    let mut service = Service::failing(3, NETWORK);
    assert_eq!(by_default(&mut service).await, Err(NETWORK));
    assert_eq!(service.calls, 3);
}

#[tokio::test(start_paused = true)]
async fn waits_are_those_of_the_schedule() {
    #[retry(max = 5, initial = 100ms, backoff = 3.0, max_delay = 1s, jitter = none)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let start = Instant::now();
    assert_eq!(call(&mut Service::failing(4, NETWORK)).await, Ok(5));
    // 100 + 300 + 900 + 1000
    assert_eq!(start.elapsed(), Duration::from_millis(2_300));
}

#[tokio::test(start_paused = true)]
async fn only_transient_errors_are_retried_by_default() {
    for (kind, calls) in [
        (ErrorKind::Network, 3),
        (ErrorKind::Timeout, 3),
        (ErrorKind::RateLimited, 3),
        (ErrorKind::Server, 3),
        (ErrorKind::Authentication, 1),
        (ErrorKind::Forbidden, 1),
        (ErrorKind::NotFound, 1),
        (ErrorKind::InvalidInput, 1),
        (ErrorKind::Conflict, 1),
        (ErrorKind::Cancelled, 1),
        (ErrorKind::Other, 1),
    ] {
        let mut service = Service::failing(9, Failure::of(kind));
        assert_eq!(by_default(&mut service).await, Err(Failure::of(kind)));
        assert_eq!(service.calls, calls, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn listed_kinds_are_all_that_is_retried() {
    #[retry]
    #[retryable_on(Timeout, Conflict)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    for (kind, calls) in [
        (ErrorKind::Timeout, 3),
        (ErrorKind::Conflict, 3),
        (ErrorKind::Network, 1),
    ] {
        let mut service = Service::failing(9, Failure::of(kind));
        assert!(call(&mut service).await.is_err());
        assert_eq!(service.calls, calls, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_surely_took_effect_is_retried_by_no_kind_but_by_a_pattern() {
    #[retry]
    #[retryable_on(Network)]
    async fn by_kind(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    #[retry]
    #[retryable_on(Failure { kind: ErrorKind::Network, .. })]
    async fn by_pattern(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let done = Failure {
        effect: Effect::Done,
        ..NETWORK
    };
    for (calls, retried) in [(1, false), (3, true)] {
        let mut service = Service::failing(9, done.clone());
        let result = if retried {
            by_pattern(&mut service).await
        } else {
            by_kind(&mut service).await
        };
        assert_eq!((result, service.calls), (Err(done.clone()), calls));
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_once_refuses_where_the_first_may_have_taken_effect() {
    #[retry(at_most_once)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    for (effect, calls) in [(Effect::None, 3), (Effect::Unknown, 1), (Effect::Done, 1)] {
        let mut service = Service::failing(9, Failure { effect, ..NETWORK });
        assert!(call(&mut service).await.is_err());
        assert_eq!(service.calls, calls, "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_a_floor_even_above_the_longest_delay() {
    #[retry(max = 2, initial = 1s, max_delay = 2s)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let asked = Duration::from_secs(60);
    let limited = Failure {
        retry_after: Some(asked),
        ..Failure::of(ErrorKind::RateLimited)
    };
    for _ in 0..100 {
        let start = Instant::now();
        assert_eq!(call(&mut Service::failing(1, limited.clone())).await, Ok(2));
        let waited = start.elapsed();
        // The schedule's jitter, up to a quarter of one second, comes on top.
        assert!(
            waited >= asked && waited <= asked + Duration::from_millis(252),
            "{waited:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn question_marks_and_returns_end_one_attempt_only() {
    #[retry(max = 4)]
    async fn call(service: &mut Service) -> Result<String, Failure> {
        if service.calls == 0 {
            return Err(service.call().await.unwrap_err());
        }
        let calls = service.call().await?;
        if calls == 4 {
            return Ok("returned".to_owned());
        }
        Ok("ended".to_owned())
    }
    assert_eq!(
        call(&mut Service::failing(3, NETWORK)).await.as_deref(),
        Ok("returned")
    );
    assert_eq!(
        call(&mut Service::failing(2, NETWORK)).await.as_deref(),
        Ok("ended")
    );
}

#[tokio::test(start_paused = true)]
async fn hook_sees_each_failure_before_its_wait() {
    type Seen = (u32, u32, ErrorKind, u128, u128);
    static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

    fn note(failed: &Attempt<'_, Failure>) {
        assert_eq!(failed.name, "hooked");
        assert_eq!(failed.error, &NETWORK);
        SEEN.lock().unwrap().push((
            failed.number,
            failed.max_attempts,
            failed.kind,
            failed.delay.as_millis(),
            failed.waited.as_millis(),
        ));
    }

    #[retry(initial = 100ms, jitter = none, on_retry = note, name = "hooked")]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    assert!(call(&mut Service::failing(9, NETWORK)).await.is_err());
    let seen = SEEN.lock().unwrap();
    assert_eq!(
        *seen,
        [
            (1, 3, ErrorKind::Network, 100, 0),
            (2, 3, ErrorKind::Network, 200, 100)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn when_decides_alone_and_still_obeys_the_server() {
    #[retry(initial = 1ms, jitter = none, when = |failure| failure.kind == ErrorKind::Other)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    assert_eq!(call(&mut Service::failing(1, NETWORK)).await, Err(NETWORK));

    let start = Instant::now();
    let asked = Duration::from_secs(7);
    let other = Failure {
        retry_after: Some(asked),
        ..Failure::of(ErrorKind::Other)
    };
    assert_eq!(call(&mut Service::failing(1, other)).await, Ok(2));
    assert_eq!(start.elapsed(), asked);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_which_nothing_is_known_is_told_apart_by_when_or_by_patterns() {
    #[derive(Clone, Debug, PartialEq)]
    enum Plain {
        Busy(u16),
        Gone,
    }
    #[retry(when = |error| *error == Plain::Gone)]
    async fn by_when(calls: &mut u32, error: &Plain) -> Result<(), Plain> {
        *calls += 1;
        Err(error.clone())
    }
    #[retry]
    #[retryable_on(Plain::Busy(code) if *code > 500)]
    async fn by_pattern(calls: &mut u32, error: &Plain) -> Result<(), Plain> {
        *calls += 1;
        Err(error.clone())
    }
    for (error, calls_by_when, calls_by_pattern) in [
        (Plain::Busy(503), 1, 3),
        (Plain::Busy(500), 1, 1),
        (Plain::Gone, 3, 1),
    ] {
        let (mut first, mut second) = (0, 0);
        assert_eq!(by_when(&mut first, &error).await, Err(error.clone()));
        assert_eq!(by_pattern(&mut second, &error).await, Err(error.clone()));
        assert_eq!(
            (first, second),
            (calls_by_when, calls_by_pattern),
            "{error:?}"
        );
    }
}

struct Client {
    retry_config: RetryConfig,
}

impl Client {
    #[retry(policy = self.retry_config)]
    async fn call(&self, service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }

    #[retry(policy = &self.retry_config, max = 2)]
    async fn call_twice(&self, service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }

    #[retry(max = self.retry_config.max_attempts() + 1, initial = self.retry_config.max_delay())]
    async fn call_computed(&self, service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
}

#[tokio::test(start_paused = true)]
async fn policy_of_run_time_rules_and_written_options_override_it() {
    let retry_config = RetryConfig::builder()
        .max_attempts(5)
        .build()
        .expect("valid");
    let client = Client { retry_config };
    for (call, calls) in [(0, 5), (1, 2), (2, 6)] {
        let mut service = Service::failing(99, NETWORK);
        let result = match call {
            0 => client.call(&mut service).await,
            1 => client.call_twice(&mut service).await,
            _ => client.call_computed(&mut service).await,
        };
        assert_eq!((result, service.calls), (Err(NETWORK), calls));
    }
}

#[tokio::test(start_paused = true)]
async fn values_of_run_time_that_cannot_be_meant_are_taken_to_the_nearest() {
    #[retry(max = max, backoff = factor, jitter = fraction, initial = Duration::from_secs(99))]
    async fn call(
        service: &mut Service,
        max: u32,
        factor: f64,
        fraction: f64,
    ) -> Result<u32, Failure> {
        service.call().await
    }
    let mut service = Service::failing(9, NETWORK);
    assert_eq!(call(&mut service, 0, 2.0, 0.0).await, Err(NETWORK));
    assert_eq!(service.calls, 1, "at least one attempt");

    for (factor, fraction) in [(f64::NAN, f64::NAN), (-1.0, -1.0), (f64::INFINITY, 9.0)] {
        let start = Instant::now();
        assert_eq!(
            call(&mut Service::failing(1, NETWORK), 2, factor, fraction).await,
            Ok(2)
        );
        let waited = start.elapsed().as_secs();
        assert!(
            (15..=30).contains(&waited),
            "never above the default cap: {waited}"
        );
    }
}

#[retry(max = 2, timeout = limit)]
async fn never(limit: Duration) -> std::io::Result<u32> {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_own_time_limit() {
    #[retry(max = 3, initial = 1s, backoff = 1.0, jitter = none, timeout = 5s, attempt = n)]
    async fn call(dropped: &mut u32) -> std::io::Result<u32> {
        struct Count<'a>(&'a mut u32);
        impl Drop for Count<'_> {
            fn drop(&mut self) {
                *self.0 += 1;
            }
        }
        let _count = Count(dropped);
        let seconds = if n == 3 { 4 } else { 60 };
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(n)
    }
    let (start, mut dropped) = (Instant::now(), 0);
    assert_eq!(call(&mut dropped).await.unwrap(), 3);
    assert_eq!(dropped, 3, "an attempt that is cut off is dropped");
    assert_eq!(start.elapsed(), Duration::from_secs(5 + 1 + 5 + 1 + 4));
    let error = never(Duration::from_secs(7)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "no answer within 7s");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_ends_it_in_an_attempt_or_in_a_wait() {
    #[retry(max = 100, initial = 1s, jitter = none)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let mut service = Service::failing(99, NETWORK);
    let limit = Duration::from_millis(3_500); // the third attempt is at 3 s, the wait until 7 s
    assert!(
        tokio::time::timeout(limit, call(&mut service))
            .await
            .is_err()
    );
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(service.calls, 3);
}

#[tokio::test]
async fn a_call_that_fails_at_once_and_for_ever_can_be_cancelled() {
    #[retry(max = u32::MAX, initial = 0s)]
    async fn call() -> Result<(), Failure> {
        Err(NETWORK)
    }
    let task = tokio::spawn(call());
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

/// A call that fails at once and for ever lets others run, though it never waits.
#[tokio::test]
async fn endless_attempts_without_a_delay_can_be_aborted() {
    #[retry(max = unlimited, backoff = none)]
    async fn endless(attempts: &mut u32) -> std::io::Result<()> {
        *attempts += 1;
        assert!(*attempts < 100_000, "nobody else had a turn");
        Err(std::io::ErrorKind::TimedOut.into())
    }
    let task = tokio::spawn(async { endless(&mut 0).await });
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}
