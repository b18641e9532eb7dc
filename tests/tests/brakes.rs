//! Deadline, budget and breaker in the attribute, on tokio's paused clock.

mod support;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use recovery_core::{
    Backoff, BreakerState, CircuitBreaker, Classify, Effect, ErrorKind, Pushback, RetryBudget,
    RetryConfig, StopReason, retry, retryable_on,
};
use support::{Failure, NETWORK, Outcome, Service, asked};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const SECOND: Duration = Duration::from_secs(1);

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test(start_paused = true)]
async fn no_wait_begins_that_would_pass_the_deadline() {
    #[retry(max = unlimited, initial = 1s, backoff = constant, jitter = none, deadline = 3500ms)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let start = Instant::now();
    let mut service = Service::failing(u32::MAX, NETWORK);
    assert_eq!(call(&mut service).await, Err(NETWORK));
    // The fourth wait would end at 4 s, so it does not begin.
    assert_eq!((service.calls, start.elapsed()), (4, 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_the_attempts_too() {
    #[retry(max = 10, initial = 1s, backoff = constant, jitter = none, deadline = limit)]
    async fn call(limit: Duration, calls: &mut u32) -> io::Result<()> {
        *calls += 1;
        tokio::time::sleep(4 * SECOND).await;
        Err(io::ErrorKind::TimedOut.into())
    }
    for (limit, attempts) in [(4, 1), (5, 2), (10, 3), (11, 3)] {
        let mut calls = 0;
        let limit = Duration::from_secs(limit);
        call(limit, &mut calls).await.unwrap_err();
        assert_eq!(calls, attempts, "{limit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_server_asks_for_is_not_begun_past_the_deadline() {
    #[retry(deadline = 60s, jitter = none)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let start = Instant::now();
    let mut service = Service::failing(1, asked(61));
    assert_eq!(call(&mut service).await, Err(asked(61)));
    assert_eq!((service.calls, start.elapsed()), (1, Duration::ZERO));
    assert_eq!(call(&mut Service::failing(1, asked(60))).await, Ok(2));
}

#[test]
fn a_blocking_deadline_goes_by_the_clock_that_the_thread_waits_on() {
    #[retry(max = unlimited, backoff = constant, initial = 5ms, jitter = none, deadline = 30ms)]
    fn call(calls: &mut u32) -> io::Result<()> {
        *calls += 1;
        Err(io::ErrorKind::TimedOut.into())
    }
    let mut calls = 0;
    call(&mut calls).unwrap_err();
    assert!((1..=6).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_shared_by_all_calls_and_refilled_by_time() {
    static BUDGET: RetryBudget = RetryBudget::new(3).refill_every(Duration::from_secs(10));

    #[retry(max = 10, backoff = none, budget = BUDGET)]
    async fn call(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let mut service = Service::failing(u32::MAX, NETWORK);
    assert_eq!(call(&mut service).await, Err(NETWORK));
    assert_eq!(service.calls, 4, "one call and the three retries there are");
    assert_eq!(call(&mut service).await, Err(NETWORK));
    assert_eq!(service.calls, 5, "first attempts are free");

    tokio::time::advance(Duration::from_secs(20)).await;
    assert_eq!(call(&mut service).await, Err(NETWORK));
    assert_eq!(service.calls, 8, "two tokens have come back");
}

#[tokio::test(start_paused = true)]
async fn a_success_gives_a_part_of_a_token_back() {
    #[retry(max = 2, backoff = none, budget = budget)]
    async fn call(budget: &RetryBudget, service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let budget = RetryBudget::new(1)
        .refill_every(Duration::MAX)
        .with_refund(0.5);
    assert_eq!(
        call(&budget, &mut Service::failing(1, NETWORK)).await,
        Ok(2)
    );
    assert_eq!(budget.available(), 0);
    assert_eq!(
        call(&budget, &mut Service::failing(0, NETWORK)).await,
        Ok(1)
    );
    assert_eq!(budget.available(), 1);
}

fn small_breaker() -> CircuitBreaker {
    CircuitBreaker::builder()
        .window(4)
        .minimum_calls(4)
        .failure_ratio(1.0)
        .open_for(30 * SECOND)
        .build()
        .unwrap()
}

struct Client {
    breaker: CircuitBreaker,
}

impl Client {
    #[retry(max = 3, initial = 1s, backoff = constant, jitter = none, breaker = self.breaker)]
    #[retryable_on(Network, except(Timeout))]
    async fn call(&self, service: &mut Service) -> Result<u32, Outcome> {
        Ok(service.call().await?)
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_ends_the_retries_and_refuses_further_calls() {
    let client = Client {
        breaker: small_breaker(),
    };
    let mut service = Service::failing(6, NETWORK);
    assert_eq!(client.call(&mut service).await, Err(NETWORK.into()));
    assert_eq!(service.calls, 3);
    // The fourth failure in a row opens it: the second attempt of this call is not made.
    assert_eq!(client.call(&mut service).await, Err(NETWORK.into()));
    assert_eq!(service.calls, 4);
    assert_eq!(client.breaker.state(), BreakerState::Open);

    let Err(Outcome::Refused(refused)) = client.call(&mut service).await else {
        panic!("no attempt is made");
    };
    assert_eq!(service.calls, 4);
    assert_eq!(refused.reason(), StopReason::BreakerOpen);
    assert_eq!(refused.retry_after(), Some(30 * SECOND));
    assert_eq!(refused.effect(), Effect::None);
    assert_eq!(
        refused.to_string(),
        "the call was not made: its circuit breaker is open"
    );

    // Half-open: the probe fails, and the call ends with its error; then one succeeds.
    tokio::time::advance(30 * SECOND).await;
    assert_eq!(client.call(&mut service).await, Err(NETWORK.into()));
    assert_eq!(service.calls, 5);
    tokio::time::advance(30 * SECOND).await;
    service.failures = 5;
    assert_eq!(client.call(&mut service).await, Ok(6));
    assert_eq!(client.breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn errors_that_are_excepted_or_the_callers_own_open_no_breaker() {
    let client = Client {
        breaker: small_breaker(),
    };
    for kind in [ErrorKind::Timeout, ErrorKind::NotFound] {
        for _ in 0..10 {
            let failure = Failure::of(kind);
            let result = client.call(&mut Service::failing(9, failure.clone())).await;
            assert_eq!(result, Err(failure.into()));
        }
        assert_eq!(client.breaker.state(), BreakerState::Closed, "{kind}");
    }
    // Not retried here, but a sign of an ailing server all the same.
    for _ in 0..4 {
        let failure = Failure::of(ErrorKind::Server);
        let _ = client.call(&mut Service::failing(9, failure)).await;
    }
    assert_eq!(client.breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_gives_its_probe_back() {
    struct Stuck;
    impl Stuck {
        #[retry(max = 1, breaker = breaker)]
        async fn call(&self, breaker: &CircuitBreaker) -> Result<(), Outcome> {
            std::future::pending().await
        }
    }

    let client = Client {
        breaker: small_breaker(),
    };
    let mut service = Service::failing(4, NETWORK);
    let _ = client.call(&mut service).await;
    let _ = client.call(&mut service).await;
    tokio::time::advance(30 * SECOND).await;

    let dropped = tokio::time::timeout(SECOND, Stuck.call(&client.breaker)).await;
    assert!(dropped.is_err(), "the only probe is out, and dropped");
    assert_eq!(client.breaker.state(), BreakerState::HalfOpen);
    assert_eq!(client.call(&mut service).await, Ok(5));
}

#[tokio::test(start_paused = true)]
async fn all_brakes_work_together() {
    struct Client {
        budget: Arc<RetryBudget>,
        breaker: Arc<CircuitBreaker>,
        pushback: Arc<Pushback>,
        shutdown: CancellationToken,
        config: RetryConfig,
    }
    impl Client {
        #[retry(
            policy = self.config,
            max = 4,
            deadline = 60s,
            budget = self.budget,
            breaker = self.breaker,
            pushback = self.pushback,
            cancel = self.shutdown,
            timeout = 2s,
            at_most_once,
            name = "all",
        )]
        #[retryable_on(Network, RateLimited, except(Outcome::Refused(_)))]
        async fn call(&self, service: &mut Service) -> Result<u32, Outcome> {
            Ok(service.call().await?)
        }
    }
    let client = Client {
        budget: Arc::new(RetryBudget::new(2).refill_every(Duration::MAX)),
        breaker: Arc::default(),
        pushback: Arc::default(),
        shutdown: CancellationToken::new(),
        config: RetryConfig::builder()
            .backoff(Backoff::Constant)
            .build()
            .unwrap(),
    };
    let refused = Failure {
        effect: Effect::None,
        ..NETWORK
    };
    let mut service = Service::failing(9, refused.clone());
    let result = assert_send(client.call(&mut service)).await;
    assert_eq!(result, Err(refused.into()));
    assert_eq!(service.calls, 3, "the budget is the shortest");
    let mut service = Service::failing(9, NETWORK);
    let _ = client.call(&mut service).await;
    assert_eq!(service.calls, 1, "it may have taken effect");
}

#[test]
fn brakes_hold_blocking_calls_too() {
    static BREAKER: std::sync::LazyLock<CircuitBreaker> = std::sync::LazyLock::new(small_breaker);

    #[retry(max = 3, backoff = none, breaker = BREAKER)]
    fn call(calls: &mut u32) -> io::Result<()> {
        *calls += 1;
        Err(io::ErrorKind::ConnectionReset.into())
    }
    let mut calls = 0;
    for _ in 0..2 {
        let error = call(&mut calls).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    assert_eq!(calls, 4);
    let refused = call(&mut calls).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the call was not made: its circuit breaker is open"
    );
    assert_eq!(Classify::kind(&refused), ErrorKind::Server);
    assert_eq!(calls, 4);
}
