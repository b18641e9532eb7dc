//! The engine's clock, and its instants as numbers that fit into an atomic.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The first instant that anybody asked about.
static FIRST: OnceLock<Instant> = OnceLock::new();

/// The number of the first instant: 146 years of nanoseconds. What is first need not be earliest
/// (each test may have a paused clock of its own), so there is room below it, and more above.
const NUMBER_OF_FIRST: u64 = 1 << 62;

/// The present, on tokio's clock, so that a paused one governs here as it governs the waits.
#[cfg(feature = "tokio")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The present.
#[cfg(not(feature = "tokio"))]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// `at` in nanoseconds since an epoch of the process, saturating at both ends.
///
/// Zero lies 146 years before the first instant seen: free to mean "never".
pub(crate) fn nanos_since_epoch(at: Instant) -> u64 {
    let first = *FIRST.get_or_init(|| at);
    match at.checked_duration_since(first) {
        Some(later) => NUMBER_OF_FIRST.saturating_add(nanos(later)),
        None => NUMBER_OF_FIRST.saturating_sub(nanos(first.saturating_duration_since(at))),
    }
}

/// The nanoseconds of `duration`; 584 years where it is longer.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    match duration.as_secs().checked_mul(1_000_000_000) {
        Some(nanos) => nanos.saturating_add(duration.subsec_nanos() as u64),
        None => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_instants_keep_their_distance() {
        let at = Instant::now();
        nanos_since_epoch(at);
        let hour = Duration::from_secs(3600);
        let later = at + hour;
        assert_eq!(
            nanos_since_epoch(later) - nanos_since_epoch(at),
            nanos(hour)
        );
        if let Some(earlier) = at.checked_sub(hour) {
            assert_eq!(
                nanos_since_epoch(at) - nanos_since_epoch(earlier),
                nanos(hour)
            );
        }
    }

    #[test]
    fn the_far_future_saturates() {
        assert_eq!(nanos(Duration::MAX), u64::MAX);
        let at = Instant::now();
        nanos_since_epoch(at);
        if let Some(far) = at.checked_add(Duration::from_secs(1 << 40)) {
            assert_eq!(nanos_since_epoch(far), u64::MAX);
        }
    }

    #[cfg(feature = "tokio")]
    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_governs() {
        let before = now();
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert_eq!(now() - before, Duration::from_secs(86_400));
    }
}
