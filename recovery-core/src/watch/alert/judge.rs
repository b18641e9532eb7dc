//! Decides when an outage begins and when it is over.

use std::time::{Duration, Instant, SystemTime};

use super::{Alert, AlertKind, AlertPolicy, MOST_OPERATIONS};
use crate::watch::monitor::{Crossing, ErrorMonitor, ErrorReport};

/// What one who watches a monitor knows of it.
pub(super) struct Judge {
    monitor: ErrorMonitor,
    policy: AlertPolicy,
    /// The number of the last crossing that it has heard of.
    seen: u64,
    outage: Option<Outage>,
}

struct Outage {
    raised: Instant,
    begun: Instant,
    since: SystemTime,
    /// The errors that there had ever been before it.
    before: u64,
    calm_since: Option<Instant>,
}

impl Judge {
    pub(super) fn new(monitor: ErrorMonitor, policy: AlertPolicy) -> Self {
        Self {
            seen: monitor.settled_crossing(),
            monitor,
            policy,
            outage: None,
        }
    }

    pub(super) const fn monitor(&self) -> &ErrorMonitor {
        &self.monitor
    }

    /// What has to be told at present, if something has.
    pub(super) fn look(&mut self, now: Instant) -> Option<Alert> {
        let crossing = self.monitor.crossing_after(self.seen);
        let report = self.monitor.report_at(now);
        if let Some(crossing) = &crossing {
            self.seen = crossing.number;
        }
        let Some(outage) = &mut self.outage else {
            let crossing = crossing?;
            self.outage = Some(Outage {
                raised: now,
                begun: crossing.at,
                since: crossing.when,
                before: crossing.before,
                calm_since: None,
            });
            let mut alert = raised(crossing, report);
            alert.rate = self.monitor.rate_of(alert.count);
            return Some(alert);
        };
        if report.count > self.policy.calm_at(report.threshold) {
            outage.calm_since = None;
        } else if crossing.is_some() {
            outage.calm_since = Some(now);
        } else {
            outage.calm_since.get_or_insert(now);
        }
        let calm_since = outage.calm_since?;
        if !self.policy.left(outage, report.window, now)?.is_zero() {
            return None;
        }
        let alert = Alert {
            kind: AlertKind::Cleared,
            count: report.count,
            rate: report.rate,
            threshold: report.threshold,
            window: report.window,
            since: outage.since,
            lasted: calm_since.saturating_duration_since(outage.begun),
            errors: report.total.saturating_sub(outage.before),
            by_kind: report.by_kind,
            by_operation: most(report.by_operation),
        };
        self.outage = None;
        Some(alert)
    }

    /// How long until another look is due; `None` if only the next crossing can change something.
    pub(super) fn until_next_look(&self, now: Instant) -> Option<Duration> {
        let outage = self.outage.as_ref()?;
        let next_slot = self.monitor.rest_of_slot(now);
        let left = self.policy.left(outage, self.monitor.window(), now);
        Some(left.map_or(next_slot, |left| left.min(next_slot)))
    }
}

impl AlertPolicy {
    /// How long it still has to be calm; `None` if it is not calm.
    fn left(&self, outage: &Outage, window: Duration, now: Instant) -> Option<Duration> {
        let calm = now.saturating_duration_since(outage.calm_since?);
        let raised = now.saturating_duration_since(outage.raised);
        let calm_for = self.calm_for(window).saturating_sub(calm);
        Some(calm_for.max(self.min_interval.saturating_sub(raised)))
    }
}

/// Told as it was when the threshold was reached: the window may have moved on since.
fn raised(crossing: Crossing, report: ErrorReport) -> Alert {
    let is_still = report.is_raised;
    let count = if is_still {
        report.count
    } else {
        report.threshold
    };
    let (by_kind, by_operation) = if is_still {
        (report.by_kind, report.by_operation)
    } else {
        (crossing.by_kind, crossing.by_operation)
    };
    Alert {
        kind: AlertKind::Raised,
        count,
        rate: report.rate,
        threshold: report.threshold,
        window: report.window,
        since: crossing.when,
        lasted: Duration::ZERO,
        errors: report.total.saturating_sub(crossing.before),
        by_kind,
        by_operation: most(by_operation),
    }
}

fn most(mut by_operation: Vec<(String, u64)>) -> Vec<(String, u64)> {
    by_operation.truncate(MOST_OPERATIONS);
    by_operation
}
