//! The retry budget: what many calls may spend on retries together.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::clock;

/// Everything is counted in thousandths, so that parts of a token need no floating point.
const TOKEN: u64 = 1000;

/// Limits the retries of many calls together, so that an outage is not multiplied by them.
///
/// `max_attempts` bounds one call. When everything fails at once, it still lets every caller
/// multiply the load (threefold, at 3 attempts) on a server that fails *because* of load; across
/// layers that retry, the factors multiply. A budget bounds the sum: first attempts are free, each
/// retry takes a token, and a failure that finds none is final.
///
/// The bucket starts full and refills in two ways:
/// - each success gives back a part of a token ([`with_refund`](Self::with_refund), default 0.1):
///   retries stay a fraction of the traffic that works, however much there is of it;
/// - time alone gives back one token a second ([`refill_every`](Self::refill_every)): a budget
///   that an outage emptied is full again after `capacity` times that interval, even if no call
///   succeeds meanwhile, and callers with little traffic can retry at all.
///
/// One budget belongs to one thing that can be overloaded, such as a service, and is shared by all
/// who call it. It takes no lock; while the bucket is full, a success only reads.
///
/// The ratio of a tenth is the per-client budget of *Site Reliability Engineering* (Google),
/// chapter "Handling Overload"; a bucket of tokens with a floor in time is that of Finagle's
/// `RetryBudget` and of tower's `TpsBudget`; AWS's SDKs limit their standard retries by a bucket
/// too (*Timeouts, retries, and backoff with jitter*, the Amazon Builders' Library).
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::RetryBudget;
///
/// // At most 20 retries at once, then one for every 20 successes, and one every 5 seconds.
/// static MAIL_SERVER: RetryBudget = RetryBudget::new(20)
///     .with_refund(0.05)
///     .refill_every(Duration::from_secs(5));
///
/// assert_eq!(MAIL_SERVER.available(), 20);
/// ```
pub struct RetryBudget {
    capacity: u64,
    refund: u64,
    /// Nanoseconds that a whole token takes; at least one for each thousandth.
    refill: u64,
    /// The moment at which time alone will have filled the bucket, on the clock of
    /// [`moment`](Self::moment): what is missing at any other moment is the distance to it. So one
    /// word tells all, and is changed in one step: no span of time can be credited twice.
    full_at: AtomicU64,
    /// The latest moment of a withdrawal. A bucket that was full then is full.
    seen: AtomicU64,
}

impl RetryBudget {
    /// A full budget of `capacity` retries, with the default refund of 0.1 token a success, and
    /// one token a second.
    ///
    /// A capacity of 0 allows no retry, ever.
    pub const fn new(capacity: u32) -> Self {
        let capacity = capacity as u64 * TOKEN;
        Self {
            capacity,
            refund: TOKEN / 10,
            refill: clock::nanos(Duration::from_secs(1)),
            full_at: AtomicU64::new(0),
            seen: AtomicU64::new(0),
        }
    }

    /// What a successful call gives back, in tokens, to the nearest thousandth. Default 0.1.
    ///
    /// With 0 time alone refills. A value outside `0..=capacity` is taken to the nearest within,
    /// NaN to 0: like [`new`](Self::new), this must work in a `static` and cannot refuse.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and takes NaN to 0"
    )]
    pub const fn with_refund(mut self, tokens: f64) -> Self {
        let refund = (tokens * 1000.0 + 0.5) as u64;
        self.refund = if refund > self.capacity {
            self.capacity
        } else {
            refund
        };
        self
    }

    /// The time that gives back one token. Default one second.
    ///
    /// Less than a microsecond counts as one. `Duration::MAX` (anything from 584 years) turns the
    /// floor off, for all that a process can live to see: then only successes refill.
    #[must_use]
    pub const fn refill_every(mut self, interval: Duration) -> Self {
        let nanos = clock::nanos(interval);
        self.refill = if nanos < TOKEN { TOKEN } else { nanos };
        self
    }

    /// The retries that would be allowed now, without waiting.
    pub fn available(&self) -> u32 {
        self.available_at(clock::now())
    }

    /// Takes the token of one retry, if there is one.
    pub(crate) fn try_withdraw(&self, now: Instant) -> bool {
        let now = self.moment(now);
        self.seen.fetch_max(now, Relaxed);
        self.full_at
            .fetch_update(Relaxed, Relaxed, |full_at| {
                let missing = full_at.saturating_sub(now).saturating_add(TOKEN);
                (missing <= self.capacity).then(|| now.saturating_add(missing))
            })
            .is_ok()
    }

    /// Gives back a successful call's part. Reads no clock.
    pub(crate) fn deposit(&self) {
        if self.refund == 0 || self.full_at.load(Relaxed) <= self.seen.load(Relaxed) {
            return;
        }
        self.refund(self.refund);
    }

    /// Gives back the token of a retry that was not made after all.
    pub(crate) fn give_back(&self) {
        self.refund(TOKEN);
    }

    fn refund(&self, amount: u64) {
        // Below the present it counts no more than the present: a bucket is never more than full.
        let refunded = |full_at: u64| Some(full_at.saturating_sub(amount));
        let _ = self.full_at.fetch_update(Relaxed, Relaxed, refunded);
    }

    fn available_at(&self, now: Instant) -> u32 {
        let missing = self.full_at.load(Relaxed).saturating_sub(self.moment(now));
        u32::try_from(self.capacity.saturating_sub(missing) / TOKEN).unwrap_or(u32::MAX)
    }

    /// `now` on a clock that advances by one for each thousandth of a token that time gives back.
    fn moment(&self, now: Instant) -> u64 {
        let nanos = clock::nanos_since_epoch(now);
        let moment = u128::from(nanos) * u128::from(TOKEN) / u128::from(self.refill);
        // No more than `nanos`, as a thousandth takes at least a nanosecond.
        u64::try_from(moment).unwrap_or(nanos)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("available", &self.available())
            .field("capacity", &(self.capacity / TOKEN))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    const SECOND: Duration = Duration::from_secs(1);
    const NEVER: Duration = Duration::MAX;

    fn withdraw_all(budget: &RetryBudget, now: Instant) -> u32 {
        (0..1000).map(|_| u32::from(budget.try_withdraw(now))).sum()
    }

    #[test]
    fn starts_full_and_stops_when_empty() {
        let now = Instant::now();
        let budget = RetryBudget::new(3);
        assert_eq!(budget.available_at(now), 3);
        assert_eq!(withdraw_all(&budget, now), 3);
        assert_eq!(budget.available_at(now), 0);
    }

    #[test]
    fn a_token_that_is_given_back_is_there_again() {
        let now = Instant::now();
        let budget = RetryBudget::new(2).refill_every(NEVER);
        assert_eq!(withdraw_all(&budget, now), 2);
        budget.give_back();
        assert_eq!(withdraw_all(&budget, now), 1);
        for _ in 0..5 {
            budget.give_back();
        }
        assert_eq!(budget.available_at(now), 2, "never more than full");
    }

    #[test]
    fn ten_successes_pay_for_one_retry() {
        let now = Instant::now();
        let budget = RetryBudget::new(5).refill_every(NEVER);
        withdraw_all(&budget, now);
        for _ in 0..9 {
            budget.deposit();
        }
        assert!(!budget.try_withdraw(now));
        budget.deposit();
        assert!(budget.try_withdraw(now));
        assert!(!budget.try_withdraw(now));
    }

    #[test]
    fn time_alone_refills_it_within_capacity_times_the_interval() {
        let start = Instant::now();
        let budget = RetryBudget::new(10).with_refund(0.0);
        withdraw_all(&budget, start);
        let full = start + 10 * SECOND;
        assert_eq!(budget.available_at(start + Duration::from_millis(9_999)), 9);
        assert_eq!(budget.available_at(full), 10);
        assert_eq!(withdraw_all(&budget, full), 10);
    }

    #[test]
    fn refusals_on_the_way_lose_no_time() {
        let start = Instant::now();
        // A token takes a prime number of nanoseconds, so that no rounding comes out even.
        let interval = Duration::from_nanos(1_000_003);
        let budget = RetryBudget::new(1).with_refund(0.0).refill_every(interval);
        assert!(budget.try_withdraw(start));
        for nanos in (0..999_000).step_by(997) {
            assert!(!budget.try_withdraw(start + Duration::from_nanos(nanos)));
        }
        assert!(budget.try_withdraw(start + interval));
    }

    #[test]
    fn idle_time_saves_no_more_than_the_capacity() {
        let start = Instant::now();
        let budget = RetryBudget::new(4);
        assert!(budget.try_withdraw(start));
        assert_eq!(withdraw_all(&budget, start + 3600 * SECOND), 4);
        for _ in 0..100_000 {
            budget.deposit();
        }
        assert_eq!(budget.available_at(start + 7200 * SECOND), 4);
        assert_eq!(withdraw_all(&budget, start + 7200 * SECOND), 4);
    }

    #[test]
    fn a_clock_that_went_back_is_credited_once() {
        let start = Instant::now();
        let budget = RetryBudget::new(2).with_refund(0.0);
        withdraw_all(&budget, start + 10 * SECOND);
        assert_eq!(withdraw_all(&budget, start), 0);
        assert_eq!(withdraw_all(&budget, start + 10 * SECOND), 0);
        assert_eq!(withdraw_all(&budget, start + 11 * SECOND), 1);
    }

    #[test]
    fn extremes_are_taken_to_the_nearest() {
        let now = Instant::now();
        for refund in [f64::NAN, -1.0, f64::NEG_INFINITY, 0.0004] {
            assert_eq!(RetryBudget::new(1).with_refund(refund).refund, 0);
        }
        for refund in [f64::INFINITY, f64::MAX, 2.0] {
            let budget = RetryBudget::new(2).with_refund(refund).refill_every(NEVER);
            withdraw_all(&budget, now);
            budget.deposit();
            assert_eq!(budget.available_at(now), 2);
        }
        assert_eq!(withdraw_all(&RetryBudget::new(0), now), 0);
        let huge = RetryBudget::new(u32::MAX).refill_every(Duration::ZERO);
        assert!(huge.try_withdraw(now));
        assert_eq!(huge.available_at(now + 3600 * SECOND), u32::MAX);
    }

    #[test]
    fn threads_together_get_what_was_paid_and_never_more() {
        const CAPACITY: u32 = 7;
        const ROUNDS: u32 = 20_000;
        const STEP: Duration = Duration::from_micros(300);
        let budget = RetryBudget::new(CAPACITY);
        let start = Instant::now();
        let withdrawn = AtomicU32::new(0);
        let deposited = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for seed in 0..4 {
                let (budget, withdrawn, deposited) = (&budget, &withdrawn, &deposited);
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(seed);
                    for round in 0..ROUNDS {
                        if random.bool() {
                            budget.deposit();
                            deposited.fetch_add(1, Relaxed);
                        } else if budget.try_withdraw(start + STEP * round) {
                            withdrawn.fetch_add(1, Relaxed);
                        }
                        assert!(budget.available_at(start + STEP * round) <= CAPACITY);
                    }
                });
            }
        });
        let end = start + STEP * ROUNDS;
        let left = u64::from(withdraw_all(&budget, end));
        let spent = (u64::from(withdrawn.into_inner()) + left) * TOKEN;
        let paid = u64::from(CAPACITY) * TOKEN
            + u64::from(deposited.into_inner()) * (TOKEN / 10)
            + u64::from(ROUNDS) * 3 / 10;
        assert!(spent <= paid, "{spent} of {paid}");
        assert!(
            spent > paid / 2,
            "and the payments count: {spent} of {paid}"
        );
    }

    #[test]
    fn threads_that_start_together_share_one_capacity() {
        for _ in 0..200 {
            let budget = RetryBudget::new(5);
            let start = Instant::now();
            let withdrawn: u32 = std::thread::scope(|scope| {
                let budget = &budget;
                let threads = [(); 4].map(|()| scope.spawn(move || withdraw_all(budget, start)));
                threads.map(|thread| thread.join().unwrap()).iter().sum()
            });
            assert_eq!(withdrawn, 5);
            assert_eq!(budget.available_at(start), 0);
        }
    }

    #[test]
    fn successes_stop_writing_once_the_bucket_is_full() {
        let now = Instant::now();
        let budget = RetryBudget::new(2);
        assert!(budget.try_withdraw(now));
        for _ in 0..10 {
            budget.deposit();
        }
        let full_at = budget.full_at.load(Relaxed);
        budget.deposit();
        assert_eq!(budget.full_at.load(Relaxed), full_at);
        assert_eq!(withdraw_all(&budget, now), 2);
    }

    #[test]
    fn serves_as_a_static_and_shows_no_internals() {
        static BUDGET: RetryBudget = RetryBudget::new(3);
        BUDGET.deposit();
        assert_eq!(
            format!("{BUDGET:?}"),
            "RetryBudget { available: 3, capacity: 3, .. }"
        );
    }
}
