//! When to send a heartbeat, and when the silence means that the peer is gone.

use std::time::Duration;

use tokio::time::Instant;

/// So many beats without an answer, and the connection counts as dead.
const MISSED_MEANS_DEAD: u32 = 2;

/// No interval is shorter: a HELLO of zero must not become a flood.
const SHORTEST: Duration = Duration::from_millis(10);

/// The rhythm of one connection. It begins with HELLO: the first beat is due one interval later.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    next: Instant,
    unanswered: u32,
}

/// What is to be done when a beat is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Send,
    /// The beats before were not answered.
    Dead,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        let interval = interval.max(SHORTEST);
        Self {
            interval,
            next: now + interval,
            unanswered: 0,
        }
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// A beat is due at `now`.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        if self.unanswered >= MISSED_MEANS_DEAD {
            return Due::Dead;
        }
        self.unanswered += 1;
        self.next = now + self.interval;
        Due::Send
    }

    pub(super) fn answered(&mut self) {
        self.unanswered = 0;
    }

    /// Nothing was read for a while, for reasons of our own: answers may be waiting unread, behind
    /// much else.
    pub(super) fn excuse(&mut self) {
        self.unanswered = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_missed_answers_mean_a_dead_peer() {
        let start = Instant::now();
        let interval = Duration::from_secs(40);
        let mut heartbeat = Heartbeat::new(interval, start);
        assert_eq!(heartbeat.next(), start + interval);
        assert_eq!(heartbeat.due(start + interval), Due::Send);
        heartbeat.answered();
        assert_eq!(heartbeat.due(start + 2 * interval), Due::Send);
        assert_eq!(heartbeat.due(start + 3 * interval), Due::Send);
        assert_eq!(heartbeat.due(start + 4 * interval), Due::Dead);
    }

    #[test]
    fn a_late_answer_is_an_answer() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(Duration::from_secs(1), start);
        for second in 1..100 {
            let now = start + Duration::from_secs(second);
            assert_eq!(heartbeat.due(now), Due::Send);
            if second % 2 == 0 {
                heartbeat.answered();
            }
        }
    }

    #[test]
    fn an_interval_of_zero_is_no_flood() {
        let start = Instant::now();
        let heartbeat = Heartbeat::new(Duration::ZERO, start);
        assert!(heartbeat.next() > start);
    }
}
