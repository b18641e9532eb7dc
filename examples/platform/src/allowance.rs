//! How many sessions a bot may begin, and how fast.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The time in which `max_concurrency` sessions may be begun.
const CONCURRENCY_WINDOW: Duration = Duration::from_secs(5);

/// The rules, the same for every bot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StartRules {
    pub(crate) starts: u32,
    pub(crate) reset_after: Duration,
    pub(crate) max_concurrency: u32,
    pub(crate) enforce_concurrency: bool,
}

/// One bot's session starts.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    used: u32,
    /// The first start of the current period; a period begins with it.
    since: Option<Instant>,
    recent: VecDeque<Instant>,
}

/// What a bot may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StartsLeft {
    pub(crate) remaining: u32,
    pub(crate) reset_after: Duration,
}

/// Whether a session may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Admitted,
    /// Admitted although there were too many within the window.
    TooFast,
    /// Refused: too many within the window.
    RefusedTooFast,
    /// Refused: the starts are used up.
    UsedUp,
}

impl Allowance {
    pub(crate) fn left(&self, rules: StartRules, now: Instant) -> StartsLeft {
        let elapsed = self.since.map(|since| now.duration_since(since));
        let current = elapsed.filter(|elapsed| *elapsed < rules.reset_after);
        StartsLeft {
            remaining: rules
                .starts
                .saturating_sub(current.map_or(0, |_| self.used)),
            reset_after: rules
                .reset_after
                .saturating_sub(current.unwrap_or_default()),
        }
    }

    /// Takes one start, if it may be taken.
    pub(crate) fn take(&mut self, rules: StartRules, now: Instant) -> Admission {
        if self.left(rules, now).remaining == 0 {
            return Admission::UsedUp;
        }
        let old = |at: &Instant| now.duration_since(*at) >= CONCURRENCY_WINDOW;
        while self.recent.front().is_some_and(old) {
            self.recent.pop_front();
        }
        let too_fast = self.recent.len() >= rules.max_concurrency as usize;
        if too_fast && rules.enforce_concurrency {
            return Admission::RefusedTooFast;
        }
        let over = |since: Instant| now.duration_since(since) >= rules.reset_after;
        if self.since.is_none_or(over) {
            self.since = Some(now);
            self.used = 0;
        }
        self.used += 1;
        self.recent.push_back(now);
        if too_fast {
            Admission::TooFast
        } else {
            Admission::Admitted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: StartRules = StartRules {
        starts: 2,
        reset_after: Duration::from_secs(60),
        max_concurrency: 1,
        enforce_concurrency: true,
    };

    #[test]
    fn starts_come_back_after_the_period_that_the_first_began() {
        let (mut allowance, begin) = (Allowance::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(allowance.left(RULES, begin).reset_after, RULES.reset_after);
        assert_eq!(allowance.take(RULES, at(0)), Admission::Admitted);
        assert_eq!(allowance.take(RULES, at(10)), Admission::Admitted);
        assert_eq!(allowance.take(RULES, at(20)), Admission::UsedUp);
        let left = allowance.left(RULES, at(20));
        assert_eq!((left.remaining, left.reset_after.as_secs()), (0, 40));
        assert_eq!(allowance.left(RULES, at(60)).remaining, 2);
        assert_eq!(allowance.take(RULES, at(60)), Admission::Admitted);
        assert_eq!(allowance.left(RULES, at(61)).remaining, 1);
    }

    #[test]
    fn a_hurried_start_is_refused_only_where_that_is_enforced() {
        let (mut allowance, begin) = (Allowance::default(), Instant::now());
        let later = begin + CONCURRENCY_WINDOW;
        assert_eq!(allowance.take(RULES, begin), Admission::Admitted);
        assert_eq!(allowance.take(RULES, begin), Admission::RefusedTooFast);
        assert_eq!(allowance.take(RULES, later), Admission::Admitted);
        let lenient = StartRules {
            starts: 9,
            enforce_concurrency: false,
            ..RULES
        };
        assert_eq!(allowance.take(lenient, later), Admission::TooFast);
    }
}
