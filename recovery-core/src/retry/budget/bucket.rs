//! A bucket of tokens that successes and time refill: one word, changed in one step.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::Withdrawal;
use crate::classify::ErrorKind;
use crate::retry::clock;

/// Everything is counted in thousandths, so that parts of a token need no floating point.
pub(super) const TOKEN: u32 = 1000;

/// The `refill` of a bucket that time does not fill.
const NEVER: u64 = u64::MAX;

/// What things cost and give, in thousandths of a token.
pub(super) struct Tariff {
    pub(super) capacity: u64,
    pub(super) retry: u32,
    /// The kind of failure after which a retry takes something else, and what that is.
    pub(super) retry_after: (ErrorKind, u32),
    /// What each failure takes, whether or not a retry follows.
    pub(super) failure: u32,
    /// What must be left for a retry to be allowed.
    pub(super) floor: u64,
    /// What a success gives back.
    pub(super) refund: u64,
    /// Whether the success of a retry gives back what that retry took instead.
    pub(super) returns_last: bool,
}

impl Tariff {
    /// A retry takes a token.
    pub(super) const fn new(capacity: u64) -> Self {
        Self {
            capacity,
            retry: TOKEN,
            retry_after: (ErrorKind::Other, TOKEN),
            failure: 0,
            floor: 0,
            refund: 0,
            returns_last: false,
        }
    }

    pub(super) fn cost_after(&self, kind: ErrorKind) -> u32 {
        match self.retry_after {
            (special, cost) if special == kind => cost,
            _ => self.retry,
        }
    }
}

pub(super) struct Bucket {
    pub(super) tariff: Tariff,
    /// Nanoseconds that a whole token takes; at least one for each thousandth.
    refill: u64,
    /// The moment at which time alone will have filled the bucket, on the clock of
    /// [`moment`](Self::moment): what is missing at any other moment is the distance to it. So one
    /// word tells all, and is changed in one step: no span of time can be credited twice.
    full_at: AtomicU64,
    /// The latest moment of a withdrawal. A bucket that was full then is full.
    seen: AtomicU64,
}

impl Bucket {
    /// Full, and time gives nothing.
    pub(super) const fn new(tariff: Tariff) -> Self {
        Self {
            tariff,
            refill: NEVER,
            full_at: AtomicU64::new(0),
            seen: AtomicU64::new(0),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and takes NaN to 0"
    )]
    pub(super) const fn set_refund(&mut self, tokens: f64) {
        let refund = (tokens * 1000.0 + 0.5) as u64;
        self.tariff.refund = if refund > self.tariff.capacity {
            self.tariff.capacity
        } else {
            refund
        };
    }

    pub(super) const fn set_refill(&mut self, interval: Duration) {
        let nanos = clock::nanos(interval);
        self.refill = if nanos < TOKEN as u64 {
            TOKEN as u64
        } else {
            nanos
        };
    }

    /// In whole tokens.
    pub(super) fn capacity(&self) -> u64 {
        self.tariff.capacity / u64::from(TOKEN)
    }

    pub(super) fn missing(&self, now: impl FnOnce() -> Instant) -> u64 {
        self.full_at
            .load(Relaxed)
            .saturating_sub(self.moment(now))
            .min(self.tariff.capacity)
    }

    /// In retries at the usual cost.
    pub(super) fn available(&self, now: impl FnOnce() -> Instant) -> u64 {
        self.retries_of(self.tariff.capacity - self.missing(now))
    }

    #[cfg(feature = "status")]
    pub(super) fn when_full(&self) -> u64 {
        self.retries_of(self.tariff.capacity)
    }

    fn retries_of(&self, left: u64) -> u64 {
        let cost = u64::from(self.tariff.retry) + u64::from(self.tariff.failure);
        left.saturating_sub(self.tariff.floor) / cost
    }

    pub(super) fn failed(&self, now: impl FnOnce() -> Instant) {
        if self.tariff.failure == 0 {
            return;
        }
        let now = self.moment(now);
        self.take(now, |missing| {
            // Empty stays empty: a failure never takes below nothing.
            let counted = missing.saturating_add(u64::from(self.tariff.failure));
            let counted = counted.min(self.tariff.capacity);
            (counted > missing).then_some(counted)
        });
    }

    /// What was taken.
    pub(super) fn try_withdraw(
        &self,
        kind: ErrorKind,
        now: impl FnOnce() -> Instant,
    ) -> Option<u32> {
        let cost = self.tariff.cost_after(kind);
        let now = self.moment(now);
        let is_taken = self.take(now, |missing| {
            let missing = missing.saturating_add(u64::from(cost));
            (missing <= self.tariff.capacity - self.tariff.floor).then_some(missing)
        });
        is_taken.then_some(cost)
    }

    /// From what is missing to what will be, if anything is to be taken. Where nothing is, as in a
    /// long outage, nothing is written either.
    fn take(&self, now: u64, price: impl Fn(u64) -> Option<u64>) -> bool {
        let taken = self.full_at.fetch_update(Relaxed, Relaxed, |full_at| {
            price(full_at.saturating_sub(now)).map(|missing| now.saturating_add(missing))
        });
        if taken.is_ok() && self.refill != NEVER {
            self.seen.fetch_max(now, Relaxed);
        }
        taken.is_ok()
    }

    /// Reads no clock.
    #[inline]
    pub(super) fn succeeded(&self, last: Option<Withdrawal>) {
        let reward = match last {
            Some(Withdrawal::Thousandths(taken)) if self.tariff.returns_last => u64::from(taken),
            _ => self.tariff.refund,
        };
        if reward == 0 || self.full_at.load(Relaxed) <= self.seen.load(Relaxed) {
            return;
        }
        self.refund(reward);
    }

    pub(super) fn give_back(&self, taken: u32) {
        self.refund(u64::from(taken));
    }

    fn refund(&self, amount: u64) {
        // Below the present it counts no more than the present: a bucket is never more than full.
        let refunded = |full_at: u64| Some(full_at.saturating_sub(amount));
        let _ = self.full_at.fetch_update(Relaxed, Relaxed, refunded);
    }

    /// `now` on a clock that advances by one for each thousandth of a token that time gives back;
    /// it stands still, unread, where time gives nothing.
    fn moment(&self, now: impl FnOnce() -> Instant) -> u64 {
        if self.refill == NEVER {
            return 0;
        }
        let nanos = clock::nanos_since_epoch(now());
        let moment = u128::from(nanos) * u128::from(TOKEN) / u128::from(self.refill);
        // No more than `nanos`, as a thousandth takes at least a nanosecond.
        u64::try_from(moment).unwrap_or(nanos)
    }
}

#[cfg(test)]
impl Bucket {
    pub(super) fn full_at(&self) -> u64 {
        self.full_at.load(Relaxed)
    }
}
