//! The attribute and the closure API are one machine: the same calls, the same waits, the same ends,
//! the same events, blocking or not.

mod support;

use std::time::Duration;

use recovery_core::{
    Backoff, CircuitBreaker, Effect, ErrorKind, Jitter, Pushback, Retry, RetryBudget, RetryConfig,
    RetryConfigBuilder, retry, retryable_on,
};
use support::log::Lines;
use support::{Failure, NETWORK, Outcome, Service, asked};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All that can be seen of one call.
#[derive(Debug, PartialEq)]
struct Seen {
    /// An error by its text.
    result: Result<u32, String>,
    calls: u32,
    elapsed: Duration,
    lines: Vec<String>,
}

impl Seen {
    /// Pauses of others are kept in whole milliseconds of the process, so that one call may wait a
    /// millisecond longer than its like a moment later.
    fn assert_agrees_with(&self, other: &Self) {
        let left = self.elapsed.abs_diff(other.elapsed);
        let milliseconds = Duration::from_millis(u64::from(self.calls));
        assert!(left <= milliseconds, "{self:?} and {other:?}");
        if left.is_zero() {
            assert_eq!(self, other);
        } else {
            assert_eq!((&self.result, self.calls), (&other.result, other.calls));
            assert_eq!(self.lines.len(), other.lines.len());
        }
    }
}

/// What is seen of one call after the other, each with a service that fails as `failures` say; on a
/// paused clock of their own, which what they share goes by.
fn seen<F>(failures: impl Iterator<Item = (u32, Failure)>, call: &F) -> Vec<Seen>
where
    F: AsyncFn(&mut Service, &Shared) -> Result<u32, Outcome>,
{
    fastrand::seed(17);
    let shared = Shared::new();
    let (lines, _guard) = Lines::capture();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut seen = Vec::new();
        for (count, failure) in failures {
            let mut service = Service::failing(count, failure);
            let start = Instant::now();
            let result = call(&mut service, &shared).await;
            seen.push(Seen {
                result: result.map_err(|error| error.to_string()),
                calls: service.calls,
                elapsed: start.elapsed(),
                lines: lines.take(),
            });
        }
        seen
    })
}

/// Failures of all sorts, each once, twice, and more often than any policy here has patience.
fn failures(server_asks: bool) -> impl Iterator<Item = (u32, Failure)> {
    let with_effect = |effect| Failure { effect, ..NETWORK };
    let mut failures = vec![
        NETWORK,
        with_effect(Effect::None),
        with_effect(Effect::Done),
        Failure::of(ErrorKind::Timeout),
        Failure::of(ErrorKind::NotFound),
        Failure::of(ErrorKind::Other),
    ];
    if server_asks {
        failures.extend([asked(3), asked(300)]);
    }
    let each = |failure: Failure| [0, 1, 2, 9].map(|count| (count, failure.clone()));
    failures.into_iter().flat_map(each)
}

/// What calls share.
struct Shared {
    budget: RetryBudget,
    breaker: CircuitBreaker,
    pushback: Pushback,
    shutdown: CancellationToken,
}

impl Shared {
    fn new() -> Self {
        let breaker = CircuitBreaker::builder().window(16).failure_ratio(0.6);
        Self {
            budget: RetryBudget::new(8).with_refund(0.5),
            breaker: breaker.open_for(Duration::from_secs(40)).build().unwrap(),
            pushback: Pushback::new(),
            shutdown: CancellationToken::new(),
        }
    }
}

/// One policy in both ways gives the same, call after call, for failures of all sorts.
macro_rules! agree {
    (
        $name:ident, [$($option:tt)*], [$($partner:tt)*],
        |$retry:ident, $config:ident, $shared:ident| $built:expr
    ) => {
        #[test]
        fn $name() {
            #[retry(name = "call", $($option)*)]
            $($partner)*
            #[allow(unused_variables, reason = "not every policy shares something")]
            async fn annotated(service: &mut Service, $shared: &Shared) -> Result<u32, Outcome> {
                Ok(service.call().await?)
            }

            #[allow(unused_variables, reason = "as above")]
            async fn closed(
                service: &mut Service,
                $shared: &Shared,
            ) -> Result<u32, Outcome> {
                let service = &Mutex::new(service);
                let $config = RetryConfig::builder();
                let $retry = |config: RetryConfigBuilder| {
                    Retry::<Outcome>::new(config.build().unwrap()).name("call")
                };
                let retry = $built;
                retry.run(|_| async move { Ok(service.lock().await.call().await?) }).await
            }

            let by_attribute = seen(failures(true), &annotated);
            let by_closure = seen(failures(true), &closed);
            assert_eq!(by_attribute.len(), by_closure.len());
            for (by_attribute, by_closure) in by_attribute.iter().zip(&by_closure) {
                by_attribute.assert_agrees_with(by_closure);
            }
            assert!(by_closure.iter().any(|seen| seen.calls > 1), "it is retried at all");
        }
    };
}

agree!(defaults, [], [], |retry, config, shared| retry(config));

agree!(
    schedules,
    [
        max = 6,
        initial = 30ms,
        backoff = 1.7,
        max_delay = 100ms,
        jitter = full
    ],
    [],
    |retry, config, shared| retry(
        config
            .max_attempts(6)
            .initial_delay(Duration::from_millis(30))
            .max_delay(Duration::from_millis(100))
            .backoff_factor(1.7)
            .jitter(Jitter::Full)
    )
);

agree!(
    decorrelated,
    [max = 8, backoff = decorrelated],
    [],
    |retry, config, shared| retry(config.max_attempts(8).backoff(Backoff::Decorrelated))
);

agree!(
    kinds,
    [at_most_once],
    [#[retryable_on(Network, Other, except(Timeout))]],
    |retry, config, shared| retry(config)
        .at_most_once()
        .retryable_on(&[ErrorKind::Network, ErrorKind::Other])
        .except(&[ErrorKind::Timeout])
);

fn is_not_found(error: &Outcome) -> bool {
    matches!(error, Outcome::Failed(failure) if failure.kind == ErrorKind::NotFound)
}

agree!(
    predicates,
    [when = is_not_found],
    [],
    |retry, config, shared| retry(config).when(is_not_found)
);

agree!(deadlines, [deadline = 2s], [], |retry, config, shared| {
    retry(config).deadline(Duration::from_secs(2))
});

agree!(
    budgets,
    [budget = shared.budget],
    [],
    |retry, config, shared| retry(config).budget(&shared.budget)
);

agree!(
    breakers,
    [breaker = shared.breaker],
    [],
    |retry, config, shared| retry(config).breaker(&shared.breaker)
);

agree!(
    push_back,
    [pushback = shared.pushback, deadline = 200s],
    [],
    |retry, config, shared| retry(config)
        .pushback(&shared.pushback)
        .deadline(Duration::from_secs(200))
);

agree!(
    cancellation,
    [cancel = shared.shutdown, timeout = 5s],
    [],
    |retry, config, shared| retry(config)
        .cancel(shared.shutdown.cancelled())
        .timeout(Duration::from_secs(5))
);

agree!(
    fallbacks_with_the_history,
    [
        history,
        fallback = |error, reason, history| {
            let text = format!("{reason}: {history}");
            tracing::info!(text);
            if reason == recovery_core::StopReason::Exhausted {
                Ok(0)
            } else {
                Err(error)
            }
        },
        on_retry = |failed| tracing::info!(
            failed.number,
            attempts = failed.history.len(),
            waited = ?failed.waited,
            delay = ?failed.delay,
        ),
    ],
    [],
    |retry, config, shared| retry(config)
        .history()
        .fallback(async |stopped| {
            let text = format!("{}: {}", stopped.reason, stopped.history);
            tracing::info!(text);
            if stopped.reason == recovery_core::StopReason::Exhausted {
                Ok(0)
            } else {
                Err(stopped.error)
            }
        })
        .on_retry(|failed| tracing::info!(
            failed.number,
            attempts = failed.history.len(),
            waited = ?failed.waited,
            delay = ?failed.delay,
        ))
);

agree!(
    all_brakes,
    [
        max = 4,
        timeout = 5s,
        deadline = 500s,
        budget = shared.budget,
        breaker = shared.breaker,
        pushback = shared.pushback,
        cancel = shared.shutdown,
    ],
    [],
    |retry, config, shared| retry(config.max_attempts(4))
        .timeout(Duration::from_secs(5))
        .deadline(Duration::from_secs(500))
        .budget(&shared.budget)
        .breaker(&shared.breaker)
        .pushback(&shared.pushback)
        .cancel(shared.shutdown.cancelled())
);

/// Without waits the blocking forms can be compared too; only their clock is another.
#[test]
fn blocking_calls_are_no_others() {
    macro_rules! annotated {
        ($service:ident, $shared:ident, [$($asyncness:tt)*], $call:expr) => {
            #[retry(
                name = "call",
                max = 4,
                backoff = none,
                deadline = 500s,
                budget = $shared.budget,
                breaker = $shared.breaker,
                pushback = $shared.pushback,
                cancel = $shared.shutdown,
            )]
            #[retryable_on(Network, NotFound)]
            $($asyncness)* fn annotated($service: &mut Service, $shared: &Shared) -> Result<u32, Outcome> {
                Ok($call?)
            }
        };
    }
    mod asynchronous {
        use super::*;
        annotated!(service, shared, [pub(super) async], service.call().await);
    }
    mod blocking {
        use super::*;
        annotated!(service, shared, [pub(super)], service.call_blocking());
    }
    fn closed(service: &mut Service, shared: &Shared) -> Result<u32, Outcome> {
        let config = RetryConfig::builder()
            .max_attempts(4)
            .backoff(Backoff::None);
        Retry::new(config.build().unwrap())
            .name("call")
            .retryable_on(&[ErrorKind::Network, ErrorKind::NotFound])
            .deadline(Duration::from_secs(500))
            .budget(&shared.budget)
            .breaker(&shared.breaker)
            .pushback(&shared.pushback)
            .cancel(shared.shutdown.cancelled())
            .run_blocking(|_| Ok(service.call_blocking()?))
    }

    let by_async = seen(failures(false), &asynchronous::annotated);
    let by_blocking = seen(failures(false), &async |service, shared| {
        blocking::annotated(service, shared)
    });
    let by_closure = seen(failures(false), &async |service, shared| {
        closed(service, shared)
    });
    assert_eq!(by_async, by_blocking);
    assert_eq!(by_async, by_closure);
}
