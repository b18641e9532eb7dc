//! The gauge of a breaker's state.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::*;

/// Opens at the second failure, tries twice, closes.
fn live_through_all(breaker: &CircuitBreaker, mut heard: impl FnMut(BreakerState)) {
    let now = Instant::now();
    for (outcomes, at) in [
        ("+-", now),
        ("-", now + OPEN_FOR),
        ("+++", now + 2 * OPEN_FOR),
    ] {
        for outcome in outcomes.chars() {
            call(breaker, &outcome.to_string(), at);
            heard(breaker.state());
        }
    }
}

fn small(name: Option<&'static str>) -> CircuitBreaker {
    let builder = CircuitBreaker::builder().window(4).minimum_calls(2);
    match name {
        Some(name) => builder.name(name),
        None => builder,
    }
    .probes(2)
    .build()
    .unwrap()
}

/// Its gauge holds the bits of a double.
#[derive(Default)]
struct Gauges {
    value: Arc<AtomicU64>,
    registered: Mutex<Vec<String>>,
    described: Mutex<Vec<String>>,
}

impl Recorder for Gauges {
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.registered.lock().unwrap().push(key.to_string());
        Gauge::from_arc(Arc::clone(&self.value))
    }
    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.described
            .lock()
            .unwrap()
            .push(name.as_str().to_owned());
    }
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
}

#[test]
fn a_breaker_with_a_name_has_a_gauge_of_its_state() {
    let gauges = Gauges::default();
    metrics::with_local_recorder(&gauges, || {
        live_through_all(&small(Some("search")), |state| {
            let value = f64::from_bits(gauges.value.load(Relaxed));
            let expected = match state {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 1.0,
                BreakerState::Open => 2.0,
            };
            assert!(value.total_cmp(&expected).is_eq(), "{value} for {state:?}");
        });
        crate::observe::describe_metrics();
    });
    let registered = gauges.registered.into_inner().unwrap();
    assert_eq!(registered.len(), 5, "once a change");
    for key in registered {
        assert!(key.contains("recovery_breaker_state") && key.contains("name = search"));
    }
    let described = gauges.described.into_inner().unwrap();
    assert!(described.contains(&"recovery_breaker_state".to_owned()));
}

#[test]
fn without_a_name_there_is_none() {
    let gauges = Gauges::default();
    metrics::with_local_recorder(&gauges, || live_through_all(&small(None), |_| {}));
    assert!(gauges.registered.into_inner().unwrap().is_empty());
}
