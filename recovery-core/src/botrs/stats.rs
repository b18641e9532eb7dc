//! The counts of one client.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a client has done since it was made, over its starts and stops.
///
/// Each event that has come counts as received, and at its end as one other; in between it is in hand:
///
/// `events_received = duplicates + events_handled + handlers_panicked + handlers_timed_out + unreadable +
/// cut_off + in_hand`
///
/// READY and RESUMED are events like others, since a handler is called for them. An event that the gateway
/// pushes again, after a resume perhaps, is received again, and a duplicate. One that was read when a
/// connection ended and found no room any more counts for nothing: it comes again.
///
/// ```
/// use botrs::{EventHandler, Intents, Token};
/// use recovery_core::botrs::{ClientStats, ResilientBotClient};
///
/// struct Silent;
///
/// #[async_trait::async_trait]
/// impl EventHandler for Silent {}
///
/// # fn main() -> Result<(), botrs::BotError> {
/// let client = ResilientBotClient::new(Token::new("app", "secret"), Intents::default(), Silent, false)?;
/// assert_eq!(client.handle().stats(), ClientStats::default());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStats {
    /// Events that have come, of all shards.
    pub events_received: u64,
    /// Those that were known already, and were not handled again.
    pub duplicates: u64,
    /// Those whose handler has come to its end.
    pub events_handled: u64,
    /// Those whose handler panicked.
    pub handlers_panicked: u64,
    /// Those whose handler was stopped by its time limit.
    pub handlers_timed_out: u64,
    /// Those that could not be turned into a call of a handler.
    pub unreadable: u64,
    /// Those that were given back unhandled, when the client ended. A later process gets them again.
    pub cut_off: u64,
    /// Those that wait for their handler, or whose handler runs.
    pub in_hand: u64,
    /// Frames of the gateway that could not be understood; they are no events.
    pub malformed_frames: u64,
    /// How many times READY or RESUMED has come.
    pub connections: u64,
    /// How many of these resumed a session.
    pub resumed: u64,
    /// Connections that ended while they were wanted, or could not be made.
    pub disconnections: u64,
}

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Duplicate,
    Handled,
    Panicked,
    TimedOut,
    Unreadable,
    CutOff,
}

impl Outcome {
    const COUNT: usize = 6;

    #[cfg(feature = "metrics")]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Handled => "handled",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::Unreadable => "unreadable",
            Self::CutOff => "cut_off",
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    received: AtomicU64,
    ended: [AtomicU64; Outcome::COUNT],
    malformed: AtomicU64,
    connections: AtomicU64,
    resumed: AtomicU64,
    disconnections: AtomicU64,
}

impl Counts {
    pub(super) fn received(&self) {
        self.received.fetch_add(1, Relaxed);
    }

    pub(super) fn ended(&self, outcome: Outcome) {
        self.ended[outcome as usize].fetch_add(1, Relaxed);
    }

    pub(super) fn malformed(&self) {
        self.malformed.fetch_add(1, Relaxed);
    }

    pub(super) fn connected(&self, resumed: bool) {
        self.connections.fetch_add(1, Relaxed);
        self.resumed.fetch_add(u64::from(resumed), Relaxed);
    }

    pub(super) fn disconnected(&self) {
        self.disconnections.fetch_add(1, Relaxed);
    }

    pub(super) fn stats(&self) -> ClientStats {
        let ended = |outcome: Outcome| self.ended[outcome as usize].load(Relaxed);
        let mut stats = ClientStats {
            duplicates: ended(Outcome::Duplicate),
            events_handled: ended(Outcome::Handled),
            handlers_panicked: ended(Outcome::Panicked),
            handlers_timed_out: ended(Outcome::TimedOut),
            unreadable: ended(Outcome::Unreadable),
            cut_off: ended(Outcome::CutOff),
            malformed_frames: self.malformed.load(Relaxed),
            connections: self.connections.load(Relaxed),
            resumed: self.resumed.load(Relaxed),
            disconnections: self.disconnections.load(Relaxed),
            ..ClientStats::default()
        };
        let ended = stats.duplicates
            + stats.events_handled
            + stats.handlers_panicked
            + stats.handlers_timed_out
            + stats.unreadable
            + stats.cut_off;
        // What ends while this is read was received before, or is received by now.
        stats.events_received = self.received.load(Relaxed).max(ended);
        stats.in_hand = stats.events_received - ended;
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_one_place() {
        let counts = Counts::default();
        for _ in 0..7 {
            counts.received();
        }
        for outcome in [
            Outcome::Duplicate,
            Outcome::Handled,
            Outcome::Panicked,
            Outcome::TimedOut,
            Outcome::Unreadable,
            Outcome::CutOff,
        ] {
            counts.ended(outcome);
        }
        let stats = ClientStats {
            events_received: 7,
            duplicates: 1,
            events_handled: 1,
            handlers_panicked: 1,
            handlers_timed_out: 1,
            unreadable: 1,
            cut_off: 1,
            in_hand: 1,
            ..ClientStats::default()
        };
        assert_eq!(counts.stats(), stats);
    }
}
