//! The errors of the last so much time, and whether they are too many.

mod crossing;
mod operations;
mod report;
mod sliding;
mod tallies;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, futures::Notified};

pub(in crate::watch) use self::crossing::Crossing;
pub use self::report::ErrorReport;
use self::sliding::SLOTS;
use self::tallies::Tallies;
use crate::classify::{Classify, ErrorKind};
use crate::retry::clock;

/// Errors are counted over this long at least.
const SHORTEST_WINDOW: Duration = Duration::from_millis(1);

/// Counts errors over a sliding window, and tells when they are too many.
///
/// Clones are cheap and share their counts, so one monitor serves all parts of a program. Recording takes
/// one short lock: about 70 ns where nobody else holds it.
///
/// # The window
/// It is made of 60 slots: those of a window of a minute are seconds. An error counts in its own slot and in the 59
/// that follow, so for at most the window, and for at least 59/60 of it. More slots would make it no more
/// useful; fewer would let the count fall in steps that are seen.
///
/// The memory is bounded by some 160 KiB, however many errors there are: 256 names of operations are told
/// apart at a time, by their first 64 bytes; the errors of all others are counted under `other`. A name
/// gives up its place when none of its errors is in the window any more, and another needs it.
///
/// Time is tokio's clock; a clock that goes back counts in the newest slot.
///
/// # Examples
/// ```
/// use std::io;
/// use std::time::Duration;
/// use recovery_core::watch::ErrorMonitor;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let monitor = ErrorMonitor::new(3, Duration::from_secs(60));
/// let error = io::Error::from(io::ErrorKind::ConnectionReset);
/// assert!(!monitor.record_error("fetch", &error));
/// assert!(!monitor.record_error("send", &error));
/// assert!(monitor.record_error("send", &error), "the third within a minute");
/// assert_eq!(monitor.report().by_operation[0], ("send".to_owned(), 2));
///
/// tokio::time::advance(Duration::from_secs(60)).await;
/// assert_eq!(monitor.error_count(), 0);
/// assert_eq!(monitor.report().total, 3);
/// # }
/// ```
#[derive(Clone)]
pub struct ErrorMonitor {
    shared: Arc<Shared>,
}

struct Shared {
    threshold: u64,
    window: Duration,
    /// The length of a slot in nanoseconds; not zero.
    slot: u64,
    tallies: Mutex<Tallies>,
    /// Woken at each crossing.
    crossed: Notify,
}

impl ErrorMonitor {
    /// A monitor for which `threshold` errors within `window` are too many.
    ///
    /// A threshold of 0 is taken as 1, a window of less than a millisecond as one millisecond. A window of
    /// centuries forgets nothing.
    pub fn new(threshold: u64, window: Duration) -> Self {
        let window = window.max(SHORTEST_WINDOW);
        Self {
            shared: Arc::new(Shared {
                threshold: threshold.max(1),
                window,
                slot: clock::nanos(window) / SLOTS,
                tallies: Mutex::default(),
                crossed: Notify::new(),
            }),
        }
    }

    /// Counts `error`, which happened in `operation`. Whether the errors in the window are now too many: at
    /// or above the threshold, this one included.
    ///
    /// `operation` should be one of few names, such as a function's; it is no place for ids.
    pub fn record_error(&self, operation: &str, error: &(impl Classify + ?Sized)) -> bool {
        self.record(operation, error.kind())
    }

    /// Counts an error by its kind alone.
    ///
    /// ```
    /// use std::time::Duration;
    /// use recovery_core::{ErrorKind, watch::ErrorMonitor};
    ///
    /// let monitor = ErrorMonitor::new(1, Duration::from_secs(60));
    /// assert!(monitor.record("login", ErrorKind::Authentication));
    /// ```
    pub fn record(&self, operation: &str, kind: ErrorKind) -> bool {
        self.record_at(clock::now(), operation, kind)
    }

    /// Errors a second, over the window. It falls when the errors stop.
    pub fn get_error_rate(&self) -> f64 {
        self.rate_of(self.error_count())
    }

    /// The errors in the window.
    pub fn error_count(&self) -> u64 {
        let slot = self.shared.slot_of(clock::now());
        self.shared.lock().count(slot)
    }

    /// What there is to tell, at this moment.
    pub fn report(&self) -> ErrorReport {
        self.report_at(clock::now())
    }

    fn record_at(&self, now: Instant, operation: &str, kind: ErrorKind) -> bool {
        crate::observe::error_recorded(kind);
        let shared = &*self.shared;
        let slot = shared.slot_of(now);
        let mut tallies = shared.lock();
        let count = tallies.record(slot, operation, kind);
        // One by one, so the threshold is not passed over.
        if count == shared.threshold {
            tallies.cross(slot, now);
            drop(tallies);
            shared.crossed.notify_waiters();
        }
        count >= shared.threshold
    }

    /// The next crossing, also if it comes before the future is first polled.
    pub(in crate::watch) fn crossed(&self) -> Notified<'_> {
        self.shared.crossed.notified()
    }

    /// The newest crossing, if it is newer than number `seen`; nobody who begins later hears of it again.
    pub(in crate::watch) fn crossing_after(&self, seen: u64) -> Option<Crossing> {
        self.shared.lock().crossing_after(seen)
    }

    /// The number of the last crossing that one who begins to judge has no need to hear of: somebody has
    /// heard of it, and it is over.
    pub(in crate::watch) fn settled_crossing(&self) -> u64 {
        let slot = self.shared.slot_of(clock::now());
        let mut tallies = self.shared.lock();
        let goes_on = tallies.count(slot) >= self.shared.threshold;
        tallies.seen_crossing().saturating_sub(goes_on.into())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate needs no more than 53 bits"
    )]
    pub(in crate::watch) fn rate_of(&self, count: u64) -> f64 {
        count as f64 / self.shared.window.as_secs_f64()
    }

    pub(in crate::watch) fn window(&self) -> Duration {
        self.shared.window
    }

    /// How long the newest slot still lasts: until then no count falls.
    pub(in crate::watch) fn rest_of_slot(&self, now: Instant) -> Duration {
        let slot = self.shared.slot;
        Duration::from_nanos(slot - clock::nanos_since_epoch(now) % slot)
    }

    pub(in crate::watch) fn report_at(&self, now: Instant) -> ErrorReport {
        let shared = &*self.shared;
        let slot = shared.slot_of(now);
        let mut tallies = shared.lock();
        let count = tallies.count(slot);
        let by_kind = tallies.by_kind(slot);
        let by_operation = tallies.by_operation(slot);
        let total = tallies.total();
        drop(tallies);
        ErrorReport {
            count,
            rate: self.rate_of(count),
            total,
            threshold: shared.threshold,
            window: shared.window,
            is_raised: count >= shared.threshold,
            by_kind,
            by_operation,
        }
    }
}

impl Shared {
    /// What it guards is whole at every moment, and nothing of a caller's runs under it.
    fn lock(&self) -> MutexGuard<'_, Tallies> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot_of(&self, now: Instant) -> u64 {
        clock::nanos_since_epoch(now) / self.slot
    }
}

impl fmt::Debug for ErrorMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorMonitor")
            .field("threshold", &self.shared.threshold)
            .field("window", &self.shared.window)
            .field("count", &self.error_count())
            .finish_non_exhaustive()
    }
}
