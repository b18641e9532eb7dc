//! Whether a session that does not come back is worth another RESUME.

use std::time::Duration;

use tokio::time::Instant;

use super::ending::{Ended, Ending, Step};

/// So many times the gateway may refuse to go on with a session.
const REFUSALS: u32 = 3;
/// So many times a RESUME may lead nowhere.
const STUCK: u32 = 3;
/// And so many resumed connections may end at once, without an event.
const FLEETING: u32 = 8;
const AT_ONCE: Duration = Duration::from_secs(5);

/// What speaks against the session that is being resumed.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    refusals: u32,
    stuck: u32,
    fleeting: u32,
    since: Option<Instant>,
}

impl Doubts {
    pub(super) fn note(&mut self, ended: &Ended) {
        let code = ended.how.code();
        if ended.step == Step::Identify {
            if ended.lived.is_some() {
                *self = Self::default();
            }
            return;
        }
        // A refused token, or a hurry of ours, says nothing about the session.
        if !ended.spoke || matches!(code, Some(4004 | 4008)) {
            return;
        }
        let is_refusal = matches!(ended.how, Ending::InvalidSession { .. })
            || code.is_some_and(|code| code >= 4000 && code != 4009);
        let lasted = ended.lived.is_some_and(|lived| lived >= AT_ONCE);
        if !is_refusal && (ended.progressed || lasted) {
            *self = Self::default();
            return;
        }
        self.since.get_or_insert_with(Instant::now);
        if is_refusal {
            self.refusals += 1;
        } else if ended.lived.is_some() {
            self.fleeting += 1;
        } else {
            self.stuck += 1;
        }
    }

    /// Whether to begin a new session. Where the gateway does not say so itself, only after a while: a
    /// front end that fails for a minute is no reason to lose what the session still holds.
    pub(super) fn are_enough(&self, patience: Duration) -> bool {
        let is_long = self.since.is_some_and(|since| since.elapsed() >= patience);
        self.refusals >= REFUSALS || (is_long && (self.stuck >= STUCK || self.fleeting >= FLEETING))
    }
}
