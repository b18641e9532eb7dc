//! What each close code of the gateway calls for.
//!
//! Source: the table of the official wiki (bot.q.qq.com, v1.32.0, September 2026); codes that it does
//! not list are from the issue trackers of the official SDKs.

use crate::botrs::client::Unrecoverable;

/// What a close code calls for, when it comes for the first time.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// The session lives on.
    Resume,
    /// The session is over; a new one may begin.
    Identify,
    /// The gateway does not take the access token.
    NewToken,
    /// Too many frames; the session lives on.
    TooFast,
    /// The table says that neither helps, and the frames that we send do not depend on the bot's
    /// author: once, by a new session, the platform gets the benefit of the doubt.
    IdentifyOnce,
    /// Nothing helps.
    Stop(Unrecoverable),
    /// Not in any table.
    Unknown,
}

pub(super) fn meaning(code: u16) -> Meaning {
    match code {
        4001 | 4002 => Meaning::IdentifyOnce,
        4004 => Meaning::NewToken,
        4006 | 4007 | 4900..=4913 => Meaning::Identify,
        4008 => Meaning::TooFast,
        // 4009 is also how the platform ends a connection after half an hour; below 4000 stands what
        // the transport has to say.
        4009 | ..=3999 => Meaning::Resume,
        4010..=4012 => Meaning::Stop(Unrecoverable::ShardSettings { code }),
        4013 | 4014 => Meaning::Stop(Unrecoverable::IntentsRefused { code }),
        4914 | 4915 => Meaning::Stop(Unrecoverable::Banned { code }),
        4924 => Meaning::Stop(Unrecoverable::IpNotAllowed),
        _ => Meaning::Unknown,
    }
}

/// The code's name, for logs and errors.
pub(super) fn name(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1006 => "no close frame",
        1011 => "internal error",
        4001 => "invalid opcode",
        4002 => "invalid payload",
        4004 => "authentication failed",
        4006 => "session no longer valid",
        4007 => "invalid sequence number",
        4008 => "payloads too fast",
        4009 => "session timed out",
        4010 => "invalid shard",
        4011 => "sharding required",
        4012 => "invalid version",
        4013 => "invalid intents",
        4014 => "intents not permitted",
        4902 => "reset by resume",
        4903 => "cannot create a session",
        4900..=4913 => "internal error of the platform",
        4914 => "bot delisted",
        4915 => "bot banned",
        4924 => "IP address not allowed",
        _ => "unknown",
    }
}
