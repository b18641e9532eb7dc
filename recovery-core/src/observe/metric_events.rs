//! The metrics of the feature `metrics`.

use std::time::Duration;

use metrics::{counter, histogram};

use super::Told;
use crate::retry::StopReason;

const CALLS: &str = "recovery_calls_total";
const RETRIES: &str = "recovery_retries_total";
const DELAY: &str = "recovery_retry_delay_seconds";

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
    use metrics::{Unit, describe_counter, describe_histogram};
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
}

pub(super) fn scheduled(told: &Told<'_>, delay: Duration) {
    counter!(RETRIES, "name" => told.name, "kind" => told.kind.as_str()).increment(1);
    histogram!(DELAY, "name" => told.name).record(delay);
}

pub(super) fn gave_up(told: &Told<'_>, reason: StopReason) {
    let retried = told.attempt > 1;
    called(told.name, "error", retried, reason.as_str());
}

pub(super) fn recovered(name: &'static str) {
    called(name, "ok", true, "none");
}

fn called(name: &'static str, result: &'static str, retried: bool, reason: &'static str) {
    let retried = if retried { "true" } else { "false" };
    counter!(CALLS, "name" => name, "result" => result, "retried" => retried, "reason" => reason)
        .increment(1);
}
