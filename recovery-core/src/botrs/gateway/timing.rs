//! How long the gateway may take for what.

use std::time::Duration;

/// Time limits and waits of a gateway connection. The defaults suit the platform; a test on a local
/// platform may want shorter ones.
///
/// ```
/// use std::time::Duration;
/// use recovery_core::botrs::GatewayTiming;
///
/// let timing = GatewayTiming {
///     hello: Duration::from_secs(3),
///     ..GatewayTiming::default()
/// };
/// assert_eq!(timing.connect, Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayTiming {
    /// For each of: looking up the name and connecting by TCP; the TLS handshake; the WebSocket
    /// upgrade. Default 10 s.
    pub connect: Duration,
    /// From the upgrade to HELLO. Default 10 s.
    pub hello: Duration,
    /// From IDENTIFY to READY, and from RESUME to RESUMED or, while events are being replayed, to the
    /// next of them. Default 20 s.
    pub log_in: Duration,
    /// For one frame that we write, and for the close handshake. Default 5 s.
    pub write: Duration,
    /// After `INVALID_SESSION`, for the close code that tells the reason. Default 3 s.
    pub close_behind_invalid: Duration,
    /// A connection that lived so long was stable: the delays begin anew. Default 30 s.
    pub stable_after: Duration,
    /// A session that does not come back, although the gateway does not call it over, is given up for a
    /// new one after so long at the earliest. Default 2 min.
    pub doubt_after: Duration,
    /// When the platform asked to reconnect, the next connection begins within so long, at a random
    /// time. Default 1 s.
    pub planned_within: Duration,
    /// The least wait before a new session after an invalid one. Default 3 s, as in the official SDK
    /// for Node.js.
    pub after_invalid: Duration,
    /// The least wait after "too fast" (4008, or a rate limit). Default 60 s, as in the official SDK
    /// for Node.js.
    pub after_too_fast: Duration,
    /// The window in which the platform allows `max_concurrency` IDENTIFYs. Default 5.25 s: the
    /// platform's 5 s and a margin for the network's.
    pub identify_window: Duration,
}

impl GatewayTiming {
    /// Nothing is longer than a year, which is as good as for ever and can be added to the clock.
    pub(crate) fn clamped(mut self) -> Self {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        for limit in [
            &mut self.connect,
            &mut self.hello,
            &mut self.log_in,
            &mut self.write,
            &mut self.close_behind_invalid,
            &mut self.stable_after,
            &mut self.doubt_after,
            &mut self.planned_within,
            &mut self.after_invalid,
            &mut self.after_too_fast,
            &mut self.identify_window,
        ] {
            *limit = (*limit).min(YEAR);
        }
        self
    }
}

impl Default for GatewayTiming {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(10),
            hello: seconds(10),
            log_in: seconds(20),
            write: seconds(5),
            close_behind_invalid: seconds(3),
            stable_after: seconds(30),
            doubt_after: seconds(120),
            planned_within: seconds(1),
            after_invalid: seconds(3),
            after_too_fast: seconds(60),
            identify_window: Duration::from_millis(5_250),
        }
    }
}
