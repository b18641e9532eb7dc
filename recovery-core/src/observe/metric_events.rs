//! The metrics of the feature `metrics`.

use std::time::Duration;

use metrics::{Key, Label, Level, Metadata, Unit, gauge, with_recorder};

use super::Told;
use crate::classify::ErrorKind;
use crate::retry::{BreakerChange, BreakerState, RetryBudget, StopReason};

const CALLS: &str = "recovery_calls_total";
const RETRIES: &str = "recovery_retries_total";
const DELAY: &str = "recovery_retry_delay_seconds";
const BREAKER: &str = "recovery_breaker_state";
const BUDGET: &str = "recovery_budget_available";
#[cfg(feature = "botrs")]
const CONNECTED: &str = "recovery_gateway_connected";
#[cfg(feature = "botrs")]
const DISCONNECTS: &str = "recovery_gateway_disconnects_total";
#[cfg(feature = "botrs")]
const EVENTS: &str = "recovery_gateway_events_total";
#[cfg(feature = "botrs")]
const EVENTS_HANDLED: &str = "recovery_events_handled_total";
#[cfg(feature = "botrs")]
const EVENTS_IN_HAND: &str = "recovery_events_in_hand";
#[cfg(feature = "botrs")]
const HANDLER_FAILURES: &str = "recovery_handler_failures_total";
#[cfg(feature = "watch")]
const HEALTH: &str = "recovery_health_state";
#[cfg(feature = "botrs")]
const REPLIES: &str = "recovery_replies_total";
#[cfg(feature = "botrs")]
const OUTBOX: &str = "recovery_outbox_total";
#[cfg(feature = "botrs")]
const OUTBOX_WAITING: &str = "recovery_outbox_waiting";
#[cfg(feature = "watch")]
const ERRORS: &str = "recovery_errors_total";

/// Gives the installed recorder the descriptions and units of all metrics.
///
/// Call it once, after the recorder has been installed; a Prometheus exporter then shows them as
/// `# HELP`. Without it everything is counted all the same.
///
/// # Examples
/// ```
/// recovery_core::observe::describe_metrics(); // without a recorder it does nothing
/// ```
pub fn describe_metrics() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        CALLS,
        Unit::Count,
        "Calls that failed at least once, by how they ended"
    );
    describe_counter!(
        RETRIES,
        Unit::Count,
        "Retries that were scheduled, by the kind of the failure"
    );
    describe_histogram!(DELAY, Unit::Seconds, "Waits before retries, as scheduled");
    describe_gauge!(BREAKER, "0 closed, 1 half-open, 2 open");
    describe_gauge!(BUDGET, Unit::Count, "Retries left in a budget");
    #[cfg(feature = "botrs")]
    {
        describe_gauge!(CONNECTED, "1 while the shard is connected");
        describe_counter!(
            DISCONNECTS,
            Unit::Count,
            "Gateway connections that ended or could not be made, by cause"
        );
        describe_counter!(
            EVENTS,
            Unit::Count,
            "Events of the gateway, by shard, repeated ones included"
        );
        describe_counter!(
            EVENTS_HANDLED,
            Unit::Count,
            "Events that are in hand no more, by how they ended"
        );
        describe_gauge!(
            EVENTS_IN_HAND,
            Unit::Count,
            "Events that wait for their handler, or whose handler runs"
        );
        describe_counter!(
            HANDLER_FAILURES,
            Unit::Count,
            "Handlers that panicked or took too long"
        );
        describe_counter!(
            REPLIES,
            Unit::Count,
            "Replies and active messages, by how they ended"
        );
        describe_counter!(
            OUTBOX,
            Unit::Count,
            "Replies that were kept, refused, delivered later or dropped"
        );
        describe_gauge!(
            OUTBOX_WAITING,
            Unit::Count,
            "Replies that wait in the outbox"
        );
    }
    #[cfg(feature = "watch")]
    {
        describe_gauge!(HEALTH, "0 healthy, 1 degraded, 2 starting, 3 unhealthy");
        describe_counter!(
            ERRORS,
            Unit::Count,
            "Errors that an ErrorMonitor was told of, by kind"
        );
    }
}

static METADATA: Metadata<'static> = Metadata::new("recovery", Level::INFO, Some(module_path!()));

/// The keys of one site's metrics, made once: a recorder is then asked without an allocation.
#[derive(Debug)]
pub(super) struct SiteKeys {
    retries: [Key; ErrorKind::ALL.len()],
    delay: Key,
    recovered: Key,
    /// By reason, and by whether it was retried.
    gave_up: [[Key; 2]; StopReason::ALL.len()],
}

impl SiteKeys {
    pub(super) fn of(name: &'static str) -> Self {
        let key = |metric, labels: &[(&'static str, &'static str)]| {
            let labels = [("name", name)].into_iter().chain(labels.iter().copied());
            let labels = labels.map(|(key, value)| Label::from_static_parts(key, value));
            Key::from_parts(metric, labels.collect::<Vec<Label>>())
        };
        let ended = |result, retried, reason| {
            let labels = [("result", result), ("retried", retried), ("reason", reason)];
            key(CALLS, &labels)
        };
        Self {
            retries: std::array::from_fn(|kind| {
                key(RETRIES, &[("kind", ErrorKind::ALL[kind].as_str())])
            }),
            delay: key(DELAY, &[]),
            recovered: ended("ok", "true", "none"),
            gave_up: std::array::from_fn(|reason| {
                let reason = StopReason::ALL[reason].as_str();
                ["false", "true"].map(|retried| ended("error", retried, reason))
            }),
        }
    }

    pub(super) fn scheduled(&self, told: &Told<'_>, delay: Duration) {
        count(&self.retries[told.kind as usize]);
        with_recorder(|recorder| {
            recorder
                .register_histogram(&self.delay, &METADATA)
                .record(delay);
        });
    }

    pub(super) fn gave_up(&self, told: &Told<'_>, reason: StopReason) {
        count(&self.gave_up[reason as usize][usize::from(told.attempt > 1)]);
    }

    pub(super) fn recovered(&self) {
        count(&self.recovered);
    }
}

pub(super) fn breaker_changed(change: &BreakerChange) {
    if let Some(name) = change.name {
        let state = match change.to {
            BreakerState::Closed => 0.0,
            BreakerState::HalfOpen => 1.0,
            BreakerState::Open => 2.0,
        };
        gauge!(BREAKER, "name" => name).set(state);
    }
}

pub(super) fn budget_asked(budget: &RetryBudget) {
    if let Some(name) = budget.name() {
        gauge!(BUDGET, "name" => name).set(f64::from(budget.available()));
    }
}

#[cfg(feature = "botrs")]
pub(super) fn gateway_connected(shard: u32, is_connected: bool) {
    gauge!(CONNECTED, "shard" => shard.to_string()).set(if is_connected { 1.0 } else { 0.0 });
}

#[cfg(feature = "botrs")]
pub(super) fn gateway_disconnected(shard: u32, cause: &'static str) {
    gateway_connected(shard, false);
    metrics::counter!(DISCONNECTS, "cause" => cause).increment(1);
}

#[cfg(feature = "botrs")]
pub(super) fn event_received(shard: u32) {
    metrics::counter!(EVENTS, "shard" => shard.to_string()).increment(1);
    gauge!(EVENTS_IN_HAND).increment(1);
}

#[cfg(feature = "botrs")]
pub(super) fn event_ended(outcome: crate::botrs::Outcome) {
    metrics::counter!(EVENTS_HANDLED, "result" => outcome.as_str()).increment(1);
    gauge!(EVENTS_IN_HAND).decrement(1);
}

#[cfg(feature = "botrs")]
pub(super) fn handler_failed(cause: &'static str) {
    metrics::counter!(HANDLER_FAILURES, "cause" => cause).increment(1);
}

#[cfg(feature = "watch")]
pub(super) fn health_changed(state: crate::watch::HealthState) {
    gauge!(HEALTH).set(f64::from(state as u8));
}

#[cfg(feature = "botrs")]
pub(super) fn reply_ended(scene: &'static str, result: &'static str) {
    metrics::counter!(REPLIES, "scene" => scene, "result" => result).increment(1);
}

#[cfg(feature = "botrs")]
pub(super) fn outbox(result: &'static str) {
    metrics::counter!(OUTBOX, "result" => result).increment(1);
}

#[cfg(feature = "botrs")]
pub(super) fn outbox_waiting(count: usize) {
    gauge!(OUTBOX_WAITING).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

#[cfg(feature = "watch")]
pub(super) fn error_recorded(kind: ErrorKind) {
    /// Made once, so that counting needs no allocation.
    static KEYS: std::sync::LazyLock<[Key; ErrorKind::ALL.len()]> =
        std::sync::LazyLock::new(|| {
            std::array::from_fn(|kind| {
                let label = Label::from_static_parts("kind", ErrorKind::ALL[kind].as_str());
                Key::from_parts(ERRORS, vec![label])
            })
        });
    count(&KEYS[kind as usize]);
}

fn count(key: &Key) {
    with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
}
