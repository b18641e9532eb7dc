//! What a retried call counts through the `metrics` facade.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use metrics_util::debugging::{DebuggingRecorder, Snapshotter};
use recovery_core::{CircuitBreaker, ErrorKind, RetryBudget, observe, retry};
use support::recorded::counted;
use support::{Failure, NETWORK, Outcome, Service};

/// Records what this thread counts.
fn record() -> (Snapshotter, metrics::LocalRecorderGuard<'static>) {
    let recorder: &'static DebuggingRecorder = Box::leak(Box::new(DebuggingRecorder::new()));
    (
        recorder.snapshotter(),
        metrics::set_default_local_recorder(recorder),
    )
}

fn expected(metrics: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    metrics.iter().map(owned).collect()
}

#[retry(max = 3, initial = 500ms, jitter = none, name = "call")]
async fn call(service: &mut Service) -> Result<u32, Failure> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn success_at_once_counts_nothing() {
    let (snapshotter, _guard) = record();
    call(&mut Service::failing(0, NETWORK)).await.unwrap();
    assert_eq!(counted(&snapshotter), expected(&[]));
}

#[tokio::test(start_paused = true)]
async fn retries_and_ends_are_counted_once() {
    let (snapshotter, _guard) = record();
    call(&mut Service::failing(2, NETWORK)).await.unwrap();
    call(&mut Service::failing(9, NETWORK)).await.unwrap_err();
    call(&mut Service::failing(9, Failure::of(ErrorKind::NotFound)))
        .await
        .unwrap_err();
    assert_eq!(
        counted(&snapshotter),
        expected(&[
            (
                "recovery_calls_total{name=call,result=error,retried=false,reason=not_retryable}",
                "1"
            ),
            (
                "recovery_calls_total{name=call,result=error,retried=true,reason=exhausted}",
                "1"
            ),
            (
                "recovery_calls_total{name=call,result=ok,retried=true,reason=none}",
                "1"
            ),
            ("recovery_retries_total{name=call,kind=Network}", "4"),
            (
                "recovery_retry_delay_seconds{name=call}",
                "[0.5, 1.0, 0.5, 1.0]"
            ),
        ])
    );
}

#[test]
fn every_metric_has_a_description() {
    let (snapshotter, _guard) = record();
    observe::describe_metrics();
    // A description alone makes no metric; counting does.
    let config = recovery_core::RetryConfig::builder()
        .initial_delay(Duration::from_micros(1))
        .build()
        .unwrap();
    let _ = recovery_core::Retry::new(config)
        .run_blocking(|_| Err::<(), _>(std::io::Error::from(std::io::ErrorKind::TimedOut)));
    let metrics = snapshotter.snapshot().into_vec();
    assert_eq!(metrics.len(), 3);
    for (key, _, description, _) in metrics {
        assert!(description.is_some(), "{key:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn named_breakers_and_budgets_have_gauges() {
    #[retry(max = 9, backoff = none, breaker = breaker, budget = budget, name = "gauged")]
    async fn call(
        service: &mut Service,
        breaker: &CircuitBreaker,
        budget: &RetryBudget,
    ) -> Result<u32, Outcome> {
        Ok(service.call().await?)
    }
    let builder = CircuitBreaker::builder().window(3).minimum_calls(3);
    let breaker = builder.name("payments").build().unwrap();
    let unnamed = CircuitBreaker::new();
    let budget = RetryBudget::new(5).with_name("payments");
    let (snapshotter, _guard) = record();
    call(
        &mut Service::failing(1, NETWORK),
        &unnamed,
        &RetryBudget::new(5),
    )
    .await
    .unwrap();
    assert!(
        counted(&snapshotter)
            .keys()
            .all(|key| !key.contains("payments"))
    );

    call(&mut Service::failing(9, NETWORK), &breaker, &budget)
        .await
        .unwrap_err();
    let gauges = |counted: BTreeMap<String, String>| {
        let gauges = ["recovery_breaker_state", "recovery_budget_available"];
        gauges.map(|gauge| counted[&format!("{gauge}{{name=payments}}")].clone())
    };
    assert_eq!(gauges(counted(&snapshotter)), ["2", "3"]);
    tokio::time::advance(Duration::from_secs(30)).await;
    call(&mut Service::failing(0, NETWORK), &breaker, &budget)
        .await
        .unwrap();
    assert_eq!(
        counted(&snapshotter)["recovery_breaker_state{name=payments}"],
        "0"
    );
}
