//! The program as it is now, and as it was in the last minutes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::process::resident_bytes;
use super::report::{
    Cause, Count, Errors, HealthPart, Program, Reason, Report, SamplesPart, Site, age, millis,
};
use super::samples::{self, Samples};
use super::sources::answer;
use super::{PrometheusMetrics, StatusBuilder};
use crate::observe;
use crate::watch::{ErrorMonitor, Health, HealthChecker, HealthState};

/// Samples between two upkeeps of the metrics: five seconds.
const UPKEEP: u64 = 5;

/// What a [`StatusServer`](super::StatusServer) shows. Clones show the same.
///
/// Retries by function ([`observe::sites`]), memory (on Linux) and uptime need no source; all else is given
/// to the [builder](Self::builder). What has no source is not shown.
///
/// # Examples
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
///
/// use recovery_core::status::Status;
/// use recovery_core::watch::{ErrorMonitor, HealthChecker};
/// use recovery_core::{CircuitBreaker, RetryBudget};
///
/// static ORDERS: AtomicU64 = AtomicU64::new(0);
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new();
/// static RETRIES: RetryBudget = RetryBudget::new(20);
///
/// let status = Status::builder("shop")
///     .version(env!("CARGO_PKG_VERSION"))
///     .health(HealthChecker::new())
///     .errors(ErrorMonitor::new(20, Duration::from_secs(60)))
///     .counter("orders", || ORDERS.load(Ordering::Relaxed))
///     .breaker("payments", &PAYMENTS)
///     .budget("retries", &RETRIES)
///     .build();
/// assert!(status.is_alive());
/// ```
#[derive(Clone)]
pub struct Status(Arc<Inner>);

struct Inner {
    sources: StatusBuilder,
    run: String,
    began: Instant,
    series: Vec<String>,
    samples: Samples,
    sampler: Mutex<Option<JoinHandle<()>>>,
}

impl Status {
    /// Begins with the program's name, as the page's title.
    pub fn builder(name: impl Into<String>) -> StatusBuilder {
        StatusBuilder::new(name.into())
    }

    /// What `/healthz` answers: whether it is not unhealthy. Without a health checker it is alive.
    pub fn is_alive(&self) -> bool {
        self.health()
            .is_none_or(|health| health.state != HealthState::Unhealthy)
    }

    /// What `/readyz` answers: whether it is healthy or degraded, as far as a health checker says, and each
    /// shard of each client is connected.
    pub fn is_ready(&self) -> bool {
        let is_healthy = self.health().is_none_or(|health| {
            matches!(health.state, HealthState::Healthy | HealthState::Degraded)
        });
        is_healthy && self.0.sources.bots.are_connected()
    }

    fn health(&self) -> Option<Health> {
        self.0.sources.health.as_ref().map(HealthChecker::health)
    }

    /// A line for each thing that is not as it should be, and for how the whole is.
    pub(super) fn reasons(&self) -> String {
        let mut lines = match self.health() {
            None => Vec::new(),
            Some(health) => {
                let reasons = health.reasons.iter().map(ToString::to_string);
                std::iter::once(health.state.to_string())
                    .chain(reasons)
                    .collect()
            }
        };
        for shard in self
            .0
            .sources
            .bots
            .shards()
            .iter()
            .filter(|shard| shard.state != "connected")
        {
            let cause = shard
                .cause
                .as_ref()
                .map_or("not connected", |Cause { text, .. }| text);
            lines.push(format!(
                "shard {} is {}: {cause}",
                shard.number, shard.state
            ));
        }
        if lines.is_empty() {
            lines.push("ok".to_owned());
        }
        // One line each, whatever a cause may contain.
        lines
            .iter()
            .map(|line| line.replace(['\r', '\n'], " ") + "\n")
            .collect()
    }

    pub(super) fn render_metrics(&self) -> Option<String> {
        self.0
            .sources
            .metrics
            .as_ref()
            .map(PrometheusMetrics::render)
    }

    /// All there is to show, with the samples that have a greater number.
    pub(super) fn report(&self, after: u64) -> Report {
        let sources = &self.0.sources;
        let bots = &sources.bots;
        let counters = sources.counters.iter().map(|counter| Count {
            name: counter.name.clone(),
            count: answer(&counter.value),
        });
        Report {
            run: self.0.run.clone(),
            program: Program {
                name: sources.name.clone(),
                version: sources.version.clone(),
                up_ms: age(self.0.began),
                memory_bytes: resident_bytes(),
            },
            is_alive: self.is_alive(),
            is_ready: self.is_ready(),
            health: self.health().map(|health| HealthPart {
                state: health.state.as_str(),
                for_ms: age(health.since),
                reasons: health.reasons.into_iter().map(Reason::from).collect(),
            }),
            shards: bots.shards(),
            events: bots.events(),
            replies: bots.replies(),
            waiting: bots.waiting(),
            errors: sources.errors.as_ref().map(errors_of),
            saves: sources.saves.as_ref().and_then(answer),
            retries: observe::sites().into_iter().map(Site::from).collect(),
            breakers: sources.breakers.iter().filter_map(answer).collect(),
            budgets: sources.budgets.iter().filter_map(answer).collect(),
            counters: counters.collect(),
            samples: SamplesPart::of(&self.0.series, self.0.samples.after(after)),
        }
    }

    /// Begins to take samples, if nobody has, until the last clone is gone.
    pub(super) fn keep_samples(&self) {
        let mut sampler = self
            .0
            .sampler
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // That of a runtime that has ended has ended, too.
        if sampler.as_ref().is_none_or(JoinHandle::is_finished) {
            let inner = Arc::downgrade(&self.0);
            *sampler = Some(tokio::spawn(async move {
                let mut ticks = interval(samples::EVERY);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let mut taken = 0_u64;
                loop {
                    ticks.tick().await;
                    let Some(inner) = inner.upgrade() else { return };
                    let status = Self(inner);
                    status.take_sample();
                    taken = taken.wrapping_add(1);
                    if let Some(metrics) = &status.0.sources.metrics
                        && taken.is_multiple_of(UPKEEP)
                    {
                        metrics.run_upkeep();
                    }
                }
            }));
        }
    }

    fn take_sample(&self) {
        let values = self
            .0
            .sources
            .measures()
            .into_iter()
            .map(|(_, value)| value);
        self.0.samples.push(age(self.0.began), values.collect());
    }

    pub(super) fn of(sources: StatusBuilder) -> Self {
        Self(Arc::new(Inner {
            run: format!("{:016x}", fastrand::u64(..)),
            began: Instant::now(),
            series: sources
                .measures()
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
            samples: Samples::default(),
            sampler: Mutex::default(),
            sources,
        }))
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Status").field(&self.0.sources).finish()
    }
}

fn errors_of(monitor: &ErrorMonitor) -> Errors {
    let report = monitor.report();
    let kinds = report.by_kind.into_iter();
    let operations = report.by_operation.into_iter();
    Errors {
        count: report.count,
        total: report.total,
        threshold: report.threshold,
        window_ms: millis(report.window),
        is_raised: report.is_raised,
        by_kind: kinds
            .map(|(kind, count)| Count::of(kind.as_str(), count))
            .collect(),
        by_operation: operations
            .map(|(name, count)| Count::of(name, count))
            .collect(),
    }
}
