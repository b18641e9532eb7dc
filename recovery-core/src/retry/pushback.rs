//! Push-back that is shared: when one call is told to wait, its siblings wait too.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::clock;

/// Makes the calls to one server wait together when it asks one of them to.
///
/// A server that answers "too many requests, come back in a minute" means everybody who shares
/// the limit. Without this, each of a hundred siblings finds out for itself, by a request that
/// counts against the limit once more.
///
/// The pause only ever grows: of several, the one that ends last holds. Nobody is let through
/// before it ends; on top of it each waits a random part of its own, up to a quarter of the pause
/// that was asked for, so that the siblings do not all return at the same moment (*Exponential
/// Backoff And Jitter*, the AWS Architecture Blog). The random part is at most 17 and a half minutes.
/// Times are kept in milliseconds, like those of tokio's timers: a pause may end up to one
/// millisecond later than was asked, never earlier.
///
/// It takes no lock; while no pause has been asked for, it costs a call one relaxed load.
///
/// # Examples
/// ```
/// use recovery_core::Pushback;
///
/// static SEARCH_SERVICE: Pushback = Pushback::new();
///
/// assert!(!SEARCH_SERVICE.is_closed());
/// ```
pub struct Pushback {
    /// The end of the pause in milliseconds, and in the low bits the spread, also in milliseconds;
    /// 0 where there is no pause. In one word, the greater of two is the pause that ends later.
    pause: AtomicU64,
}

const SPREAD_BITS: u32 = 20;
const MAX_SPREAD: u64 = (1 << SPREAD_BITS) - 1;
const MAX_END: u64 = (1 << (u64::BITS - SPREAD_BITS)) - 1;
const NANOS_PER_MILLI: u64 = 1_000_000;

impl Pushback {
    /// Without a pause.
    pub const fn new() -> Self {
        Self {
            pause: AtomicU64::new(0),
        }
    }

    /// Whether a pause is on.
    pub fn is_closed(&self) -> bool {
        let pause = self.pause.load(Relaxed);
        pause != 0 && left(pause, clock::now()).is_some()
    }

    /// The server asked at `now` for a pause of `asked`.
    pub(crate) fn close_for(&self, asked: Duration, now: Instant) {
        if asked.is_zero() {
            return;
        }
        let asked = clock::nanos(asked);
        let earliest = clock::nanos_since_epoch(now).saturating_add(asked);
        let latest = earliest.saturating_add(asked / 4);
        // Rounded inwards at both ends: never before what was asked, never beyond a quarter more.
        let end = earliest.div_ceil(NANOS_PER_MILLI).min(MAX_END);
        let spread = (latest / NANOS_PER_MILLI)
            .saturating_sub(end)
            .min(MAX_SPREAD);
        self.pause.fetch_max(end << SPREAD_BITS | spread, Relaxed);
    }

    /// Whether no pause is known, not even one that has ended: then there is no need to read the
    /// clock for [`remaining`](Self::remaining).
    pub(crate) fn is_idle(&self) -> bool {
        self.pause.load(Relaxed) == 0
    }

    /// How long a call that would begin at `now` has to wait, its own random part included.
    pub(crate) fn remaining(&self, now: Instant) -> Option<Duration> {
        let pause = self.pause.load(Relaxed);
        if pause == 0 {
            return None;
        }
        let Some(left) = left(pause, now) else {
            // Idle again, unless a longer pause has come meanwhile.
            let _ = self.pause.compare_exchange(pause, 0, Relaxed, Relaxed);
            return None;
        };
        let spread = (pause & MAX_SPREAD) * NANOS_PER_MILLI;
        let wait = left.saturating_add(fastrand::u64(0..=spread));
        Some(Duration::from_nanos(wait))
    }
}

/// The nanoseconds from `now` to the end of `pause`, if it has not ended.
fn left(pause: u64, now: Instant) -> Option<u64> {
    let end = (pause >> SPREAD_BITS) * NANOS_PER_MILLI;
    let left = end.saturating_sub(clock::nanos_since_epoch(now));
    (left > 0).then_some(left)
}

impl Default for Pushback {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pushback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pushback")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn is_open_at_first_and_after_the_pause() {
        let now = Instant::now();
        let pushback = Pushback::new();
        assert_eq!(pushback.remaining(now), None);
        pushback.close_for(SECOND, now);
        assert!(
            pushback
                .remaining(now + Duration::from_nanos(999_999_999))
                .is_some()
        );
        assert!(!pushback.is_idle());
        assert_eq!(pushback.remaining(now + SECOND + MILLI), None);
        assert!(pushback.is_idle(), "nothing more to compute");
    }

    #[test]
    fn waits_spread_over_a_quarter_of_the_pause() {
        fastrand::seed(3);
        let now = Instant::now();
        let pushback = Pushback::new();
        pushback.close_for(8 * SECOND, now);
        let waits: Vec<Duration> = (0..1000).filter_map(|_| pushback.remaining(now)).collect();
        assert_eq!(waits.len(), 1000);
        assert!(
            waits
                .iter()
                .all(|wait| (8 * SECOND..=10 * SECOND).contains(wait))
        );
        let shortest = waits.iter().min().copied().unwrap_or_default();
        let longest = waits.iter().max().copied().unwrap_or_default();
        assert!(shortest < 8020 * MILLI, "{shortest:?}");
        assert!(longest > 9980 * MILLI, "{longest:?}");
    }

    #[test]
    fn a_late_comer_has_the_same_spread() {
        let now = Instant::now();
        let pushback = Pushback::new();
        pushback.close_for(8 * SECOND, now);
        let late = now + 7 * SECOND;
        let waits: Vec<Duration> = (0..1000).filter_map(|_| pushback.remaining(late)).collect();
        assert!(
            waits
                .iter()
                .all(|wait| (SECOND..=3 * SECOND).contains(wait))
        );
        assert!(waits.iter().any(|wait| *wait > 2 * SECOND));
    }

    #[test]
    fn every_length_keeps_both_bounds() {
        let now = Instant::now();
        for micros in (1..20_000).step_by(37) {
            let asked = Duration::from_micros(micros);
            let pushback = Pushback::new();
            pushback.close_for(asked, now);
            let wait = pushback.remaining(now).unwrap_or_default();
            assert!(wait >= asked, "{wait:?} for {asked:?}");
            assert!(
                wait <= (asked + asked / 4).max(asked + MILLI),
                "{wait:?} for {asked:?}"
            );
        }
    }

    #[test]
    fn only_extends() {
        let now = Instant::now();
        let pushback = Pushback::new();
        pushback.close_for(60 * SECOND, now);
        pushback.close_for(SECOND, now);
        pushback.close_for(Duration::ZERO, now);
        assert!(pushback.remaining(now) >= Some(60 * SECOND));
        pushback.close_for(60 * SECOND, now + SECOND);
        assert!(pushback.remaining(now) >= Some(61 * SECOND));
    }

    #[test]
    fn nothing_asked_is_no_pause() {
        let pushback = Pushback::new();
        pushback.close_for(Duration::ZERO, Instant::now());
        assert!(pushback.is_idle());
    }

    #[test]
    fn the_longest_of_racing_pauses_holds() {
        let now = Instant::now();
        let pushback = Pushback::new();
        std::thread::scope(|scope| {
            for thread in 0..4u32 {
                let pushback = &pushback;
                scope.spawn(move || {
                    for step in 0..1000 {
                        pushback.close_for(SECOND * (1 + (step * 4 + thread) % 3999), now);
                    }
                });
            }
        });
        let wait = pushback.remaining(now).unwrap_or_default();
        assert!(
            (3999 * SECOND..=3999 * SECOND * 5 / 4).contains(&wait),
            "{wait:?}"
        );
    }

    #[test]
    fn absurd_pauses_saturate() {
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);
        let now = Instant::now();
        let pushback = Pushback::new();
        pushback.close_for(100_000 * SECOND, now);
        let wait = pushback.remaining(now).unwrap_or_default();
        assert!(wait <= 100_000 * SECOND + 18 * 60 * SECOND, "{wait:?}");
        pushback.close_for(Duration::MAX, now);
        assert!(pushback.remaining(now) > Some(CENTURY));
        pushback.close_for(Duration::MAX, now + SECOND);
        assert!(pushback.is_closed());
    }

    #[test]
    fn says_whether_it_is_closed() {
        static PUSHBACK: Pushback = Pushback::new();
        assert_eq!(format!("{PUSHBACK:?}"), "Pushback { closed: false, .. }");
        PUSHBACK.close_for(3600 * SECOND, clock::now());
        assert_eq!(format!("{PUSHBACK:?}"), "Pushback { closed: true, .. }");
    }
}
