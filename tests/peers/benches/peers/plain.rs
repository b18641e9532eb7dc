//! A budget and a breaker as one would write them with a `Mutex`: what ours are compared with.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What holds a loop back.
pub(crate) trait Brake: Sync {
    /// Whether an attempt may begin.
    fn admits(&self) -> bool {
        true
    }

    fn succeeded(&self) {}

    /// Whether another attempt may follow.
    fn failed(&self) -> bool {
        true
    }
}

pub(crate) struct NoBrake;

impl Brake for NoBrake {}

/// Tokens, in thousandths; a retry takes one, a success gives a part of one, time gives one a second.
pub(crate) struct MutexBudget {
    capacity: u64,
    refund: u64,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    tokens: u64,
    refilled: Instant,
}

impl MutexBudget {
    pub(crate) fn new(capacity: u64, refund: u64) -> Self {
        let capacity = capacity * 1000;
        let bucket = Bucket {
            tokens: capacity,
            refilled: Instant::now(),
        };
        Self {
            capacity,
            refund,
            bucket: Mutex::new(bucket),
        }
    }
}

impl Brake for MutexBudget {
    fn succeeded(&self) {
        let mut bucket = lock(&self.bucket);
        bucket.tokens = (bucket.tokens + self.refund).min(self.capacity);
    }

    fn failed(&self) -> bool {
        let now = Instant::now();
        let mut bucket = lock(&self.bucket);
        let passed = now.saturating_duration_since(bucket.refilled).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        bucket.refilled += Duration::from_millis(passed);
        let tokens = bucket.tokens.saturating_add(passed).min(self.capacity);
        let left = tokens.checked_sub(1000);
        bucket.tokens = left.unwrap_or(tokens);
        left.is_some()
    }
}

/// Opens for a while when half of the last 100 outcomes are failures.
pub(crate) struct MutexBreaker(Mutex<Window>);

struct Window {
    outcomes: VecDeque<bool>,
    failures: usize,
    opened: Option<Instant>,
}

impl MutexBreaker {
    const LENGTH: usize = 100;
    const OPEN_FOR: Duration = Duration::from_secs(30);

    pub(crate) fn new() -> Self {
        Self(Mutex::new(Window {
            outcomes: VecDeque::with_capacity(Self::LENGTH),
            failures: 0,
            opened: None,
        }))
    }

    fn record(&self, failed: bool) {
        let mut window = lock(&self.0);
        if window.outcomes.len() == Self::LENGTH && window.outcomes.pop_front() == Some(true) {
            window.failures -= 1;
        }
        window.outcomes.push_back(failed);
        window.failures += usize::from(failed);
        if window.outcomes.len() >= 20 && 2 * window.failures >= window.outcomes.len() {
            window.opened = Some(Instant::now());
            window.outcomes.clear();
            window.failures = 0;
        }
    }
}

impl Brake for MutexBreaker {
    fn admits(&self) -> bool {
        let mut window = lock(&self.0);
        match window.opened {
            Some(opened) if opened.elapsed() < Self::OPEN_FOR => false,
            _ => {
                window.opened = None;
                true
            }
        }
    }

    fn succeeded(&self) {
        self.record(false);
    }

    fn failed(&self) -> bool {
        self.record(true);
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
