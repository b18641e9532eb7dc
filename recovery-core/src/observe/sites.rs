//! The counts of each retried function, kept from its first failure on.

use std::fmt;
#[cfg(feature = "metrics")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "metrics")]
use super::metric_events::SiteKeys;
use crate::retry::StopReason;

/// What has become of the calls of one retried function that did not succeed at once.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SiteReport {
    /// The name of the function, as in events.
    pub name: &'static str,
    /// Retries that were scheduled: failed attempts after which another was to follow.
    pub retries: u64,
    /// Calls that succeeded after at least one failure.
    pub recovered: u64,
    /// The waits before these retries, summed up as they were scheduled.
    pub waited: Duration,
    stopped: [u64; StopReason::ALL.len()],
}

impl fmt::Debug for SiteReport {
    /// With the reasons that there were, by name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = StopReason::ALL.iter().zip(self.stopped);
        let stopped: Vec<(&str, u64)> = reasons
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.as_str(), count))
            .collect();
        f.debug_struct("SiteReport")
            .field("name", &self.name)
            .field("retries", &self.retries)
            .field("recovered", &self.recovered)
            .field("waited", &self.waited)
            .field("stopped", &stopped)
            .finish()
    }
}

impl SiteReport {
    /// Calls that ended without success, whatever the reason.
    pub fn gave_up(&self) -> u64 {
        self.stopped.iter().sum()
    }

    /// Calls that ended without success for this reason.
    pub const fn stopped(&self, reason: StopReason) -> u64 {
        self.stopped[reason as usize]
    }
}

/// Every retried function and closure whose calls have ever failed in this process, by name.
///
/// Functions and closures of the same name share one entry; a name is the function's path unless
/// `name` says otherwise.
///
/// # Examples
/// ```
/// use std::io;
/// use recovery_core::{StopReason, observe, retry};
///
/// #[retry(max = 2, initial = 1ms, name = "search")]
/// fn search() -> io::Result<()> {
///     Err(io::ErrorKind::TimedOut.into())
/// }
///
/// search().unwrap_err();
/// let sites = observe::sites();
/// let search = sites.iter().find(|site| site.name == "search").unwrap();
/// assert_eq!((search.retries, search.recovered, search.gave_up()), (1, 0, 1));
/// assert_eq!(search.stopped(StopReason::Exhausted), 1);
/// assert!(format!("{search:?}").ends_with(r#"stopped: [("exhausted", 1)] }"#));
/// ```
pub fn sites() -> Vec<SiteReport> {
    let mut reports: Vec<SiteReport> = Vec::new();
    for &(name, stats) in registry().iter() {
        let report = stats.report(name);
        match reports.iter_mut().find(|known| known.name == name) {
            Some(known) => known.add(&report),
            None => reports.push(report),
        }
    }
    reports.sort_by_key(|report| report.name);
    reports
}

impl SiteReport {
    fn add(&mut self, other: &Self) {
        self.retries += other.retries;
        self.recovered += other.recovered;
        self.waited += other.waited;
        for (sum, stopped) in self.stopped.iter_mut().zip(other.stopped) {
            *sum += stopped;
        }
    }
}

/// The counters behind a [`SiteReport`].
#[derive(Debug)]
pub struct SiteStats {
    is_registered: AtomicBool,
    retries: AtomicU64,
    recovered: AtomicU64,
    waited_ms: AtomicU64,
    stopped: [AtomicU64; StopReason::ALL.len()],
    #[cfg(feature = "metrics")]
    keys: OnceLock<Box<SiteKeys>>,
}

/// Those whose calls have failed.
static REGISTRY: Mutex<Vec<(&'static str, &'static SiteStats)>> = Mutex::new(Vec::new());

/// Nothing under the lock leaves it half changed.
fn registry() -> MutexGuard<'static, Vec<(&'static str, &'static SiteStats)>> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SiteStats {
    /// All at zero.
    #[expect(clippy::new_without_default, reason = "only the attributes make one")]
    pub const fn new() -> Self {
        Self {
            is_registered: AtomicBool::new(false),
            retries: AtomicU64::new(0),
            recovered: AtomicU64::new(0),
            waited_ms: AtomicU64::new(0),
            stopped: [const { AtomicU64::new(0) }; StopReason::ALL.len()],
            #[cfg(feature = "metrics")]
            keys: OnceLock::new(),
        }
    }

    /// Those of a call that has no function of its own: one for each name.
    pub(crate) fn of(name: &'static str) -> &'static Self {
        let mut registry = registry();
        if let Some((_, stats)) = registry.iter().find(|(known, _)| *known == name) {
            return stats;
        }
        let stats: &Self = Box::leak(Box::new(Self::new()));
        stats.is_registered.store(true, Relaxed);
        registry.push((name, stats));
        stats
    }

    #[inline]
    pub(super) fn scheduled(&'static self, name: &'static str, delay: Duration) {
        self.register(name);
        self.retries.fetch_add(1, Relaxed);
        let delay = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
        self.waited_ms.fetch_add(delay.into(), Relaxed);
    }

    #[inline]
    pub(super) fn gave_up(&'static self, name: &'static str, reason: StopReason) {
        self.register(name);
        self.stopped[reason as usize].fetch_add(1, Relaxed);
    }

    pub(super) fn recovered(&self) {
        self.recovered.fetch_add(1, Relaxed);
    }

    #[cfg(feature = "metrics")]
    pub(super) fn keys(&self, name: &'static str) -> &SiteKeys {
        self.keys.get_or_init(|| Box::new(SiteKeys::of(name)))
    }

    #[inline]
    fn register(&'static self, name: &'static str) {
        if !self.is_registered.load(Relaxed) {
            self.register_now(name);
        }
    }

    #[cold]
    #[inline(never)]
    fn register_now(&'static self, name: &'static str) {
        if !self.is_registered.swap(true, Relaxed) {
            registry().push((name, self));
        }
    }

    fn report(&self, name: &'static str) -> SiteReport {
        SiteReport {
            name,
            retries: self.retries.load(Relaxed),
            recovered: self.recovered.load(Relaxed),
            waited: Duration::from_millis(self.waited_ms.load(Relaxed)),
            stopped: std::array::from_fn(|reason| self.stopped[reason].load(Relaxed)),
        }
    }
}
