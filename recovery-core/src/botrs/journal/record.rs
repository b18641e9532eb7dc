//! One line of the journal.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::botrs::send::SendKey;

/// The format that is written; a greater one is not read.
pub(super) const FORMAT: u32 = 1;

/// What is remembered, as it happens. The names are short: most lines are `handled`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Record {
    /// The first line.
    #[serde(rename = "gateway journal")]
    Begin { format: u32, app: String },
    /// A shard has a new session.
    #[serde(rename = "session")]
    Session {
        shard: u32,
        shards: u32,
        intents: u32,
        id: String,
        /// Everything up to this number is done.
        #[serde(rename = "u")]
        handled: u64,
    },
    /// An event of the shard's session is done.
    #[serde(rename = "h")]
    Handled {
        #[serde(rename = "n")]
        shard: u32,
        #[serde(rename = "s")]
        sequence: u64,
        /// Everything up to this number is.
        #[serde(rename = "u")]
        handled: u64,
        /// Tells the session, should a line be missing.
        #[serde(rename = "t")]
        tag: u16,
        #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// Events of the shard's session are done, from one number to another.
    #[serde(rename = "range")]
    Range {
        #[serde(rename = "n")]
        shard: u32,
        from: u64,
        to: u64,
    },
    /// An event is done whose session is over.
    #[serde(rename = "e")]
    Event {
        #[serde(rename = "i")]
        id: String,
    },
    /// A session start was used; milliseconds since 1970.
    #[serde(rename = "identify")]
    Identify { at: u64 },
    /// A send begins.
    #[serde(rename = "b")]
    Send {
        #[serde(flatten)]
        key: SendKey,
        #[serde(rename = "t")]
        at: u64,
    },
}

impl Record {
    pub(super) fn begin(app_id: &str) -> Self {
        Self::Begin {
            format: FORMAT,
            app: app_id.to_owned(),
        }
    }
}

/// A few bits of a session's id.
pub(super) fn tag(session: &str) -> u16 {
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = session.bytes().fold(0x811c_9dc5, fold);
    let [a, b, c, d] = hash.to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}

/// Milliseconds since 1970.
pub(in crate::botrs) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(UNIX_EPOCH)
}
