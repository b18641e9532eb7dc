//! Deposits and withdrawals that expire, window by window.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::retry::clock;

const PLACES: usize = 10;
const WINDOWS: u64 = PLACES as u64;

/// `began` before the first call.
const NEVER: u64 = 0;

/// What happened is booked in the window of its time, and forgotten ten windows later.
///
/// A window ends with the first call that comes after its time; the next begins with that call.
pub(super) struct Windows {
    deposit: i64,
    withdrawal: i64,
    reserve: i64,
    /// Nanoseconds.
    length: u64,
    /// The sum of `current` and `past`, in one word: two withdrawals cannot both be paid from the
    /// same token.
    balance: AtomicI64,
    /// What has been booked since the present window began.
    current: AtomicI64,
    past: [AtomicI64; PLACES],
    /// The number of the present window; its place among `past` is the last digit.
    turn: AtomicU64,
    /// When it began, in nanoseconds of the clock's epoch.
    began: AtomicU64,
}

impl Windows {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` rounds down, as the rule does, and saturates"
    )]
    #[expect(
        clippy::cast_possible_wrap,
        reason = "a time to live is a minute at most"
    )]
    pub(super) const fn new(ttl: Duration, min_per_sec: u32, retry_percent: f32) -> Self {
        let (deposit, withdrawal) = if retry_percent == 0.0 {
            (0, 1)
        } else if retry_percent <= 1.0 {
            (1, (1.0 / retry_percent) as i64)
        } else {
            (1000, (1000.0 / retry_percent) as i64)
        };
        Self {
            deposit,
            withdrawal,
            reserve: (min_per_sec as i64)
                .saturating_mul(ttl.as_secs() as i64)
                .saturating_mul(withdrawal),
            length: clock::nanos(ttl) / WINDOWS,
            balance: AtomicI64::new(0),
            current: AtomicI64::new(0),
            past: [const { AtomicI64::new(0) }; PLACES],
            turn: AtomicU64::new(0),
            began: AtomicU64::new(NEVER),
        }
    }

    /// In retries.
    pub(super) fn reserve(&self) -> i64 {
        self.reserve / self.withdrawal
    }

    /// In retries. Turns no window over: whoever only looks changes nothing.
    pub(super) fn available(&self, now: Instant) -> u64 {
        let over = self.windows_over(self.began.load(Relaxed), clock::nanos_since_epoch(now));
        let balance = if over > WINDOWS {
            0
        } else {
            let turn = self.turn.load(Relaxed);
            let expired = (turn..turn + over).map(|turn| self.entry(turn).load(Relaxed));
            self.balance
                .load(Relaxed)
                .saturating_sub(expired.fold(0, i64::saturating_add))
        };
        let left = balance.saturating_add(self.reserve).max(0) / self.withdrawal;
        left.unsigned_abs()
    }

    /// Whether all that was booked has expired.
    pub(super) fn are_over(&self, now: Instant) -> bool {
        let began = self.began.load(Relaxed);
        began == NEVER || self.windows_over(began, clock::nanos_since_epoch(now)) > WINDOWS
    }

    pub(super) fn deposit(&self, now: Instant) {
        self.turn_over(now);
        self.balance.fetch_add(self.deposit, Relaxed);
        self.current.fetch_add(self.deposit, Relaxed);
    }

    /// The number of the window in which it was booked, without its upper half.
    pub(super) fn try_withdraw(&self, now: Instant) -> Option<u32> {
        self.turn_over(now);
        let withdrawn = |balance: i64| {
            let is_covered = balance.saturating_add(self.reserve) >= self.withdrawal;
            is_covered.then(|| balance.saturating_sub(self.withdrawal))
        };
        self.balance
            .fetch_update(Relaxed, Relaxed, withdrawn)
            .ok()?;
        self.current.fetch_sub(self.withdrawal, Relaxed);
        Some(low_half(self.turn.load(Relaxed)))
    }

    /// Cancels what was booked in the window of this number, where that has not expired by itself.
    pub(super) fn give_back(&self, turn: u32) {
        let present = self.turn.load(Relaxed);
        let age = u64::from(low_half(present).wrapping_sub(turn));
        let entry = match age {
            0 => &self.current,
            1..=WINDOWS => self.entry(present.saturating_sub(age)),
            _ => return,
        };
        entry.fetch_add(self.withdrawal, Relaxed);
        self.balance.fetch_add(self.withdrawal, Relaxed);
    }

    /// Who finds the window over begins the next; others go on as if they had come before that.
    ///
    /// Each amount is moved by a swap, and what is swapped out leaves the balance. So the balance
    /// is the sum of the windows whatever comes between the steps; a thread that is held up
    /// between them for as long as a window lasts makes amounts expire too early or too late.
    fn turn_over(&self, now: Instant) {
        let now = clock::nanos_since_epoch(now);
        let began = self.began.load(Relaxed);
        let over = self.windows_over(began, now);
        if began != NEVER && over == 0 {
            return;
        }
        let exchanged = self.began.compare_exchange(began, now, Relaxed, Relaxed);
        if exchanged.is_err() || began == NEVER {
            return;
        }
        let turn = self.turn.fetch_add(over, Relaxed);
        let ended = self.current.swap(0, Relaxed);
        let mut expired = self.entry(turn).swap(ended, Relaxed);
        for skipped in turn + 1..turn + over {
            expired = expired.wrapping_add(self.entry(skipped).swap(0, Relaxed));
        }
        self.balance.fetch_sub(expired, Relaxed);
    }

    /// How many windows have ended since `began`, one begun counting as a whole; no more than
    /// empty them all.
    fn windows_over(&self, began: u64, now: u64) -> u64 {
        let elapsed = now.saturating_sub(began);
        if began == NEVER || elapsed < self.length {
            0
        } else {
            elapsed.div_ceil(self.length).min(WINDOWS + 1)
        }
    }

    fn entry(&self, turn: u64) -> &AtomicI64 {
        &self.past[(turn % WINDOWS) as usize]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
const fn low_half(turn: u64) -> u32 {
    turn as u32
}

#[cfg(test)]
impl Windows {
    /// Whether the balance is the sum of the windows, once nobody is at it.
    pub(super) fn is_balanced(&self) -> bool {
        let past: i64 = self.past.iter().map(|entry| entry.load(Relaxed)).sum();
        self.balance.load(Relaxed) == past + self.current.load(Relaxed)
    }
}
