//! What the platform's own error codes mean.
//!
//! Source: the error code pages of the official wiki (bot.q.qq.com, v1.32.0, September 2026);
//! codes that it does not list are from the issue trackers of the official SDKs.

use crate::classify::{Effect, ErrorKind};

/// The first number that is a code of the platform and no HTTP status.
pub(super) const FIRST_CODE: u32 = 1_000;

/// The reply was deduplicated: one with this `msg_id` and `msg_seq` has arrived before.
pub(super) const DEDUPLICATED: u32 = 40_054_005;

/// The access token does not exist or has expired.
pub(super) const TOKEN_EXPIRED: u32 = 11_244;

/// Accepted, and waiting for an audit.
pub(super) const AUDITED: [u32; 2] = [304_023, 304_024];

/// Kind and effect of a refusal that carries the platform's code.
pub(super) fn meaning(code: u32) -> (ErrorKind, Effect) {
    let kind = match code {
        DEDUPLICATED => return (ErrorKind::Conflict, Effect::Done),
        _ if AUDITED.contains(&code) => return (ErrorKind::Other, Effect::Done),
        // "May be retried", or "usually passes at the first retry".
        11_242
        | 11_252
        | 11_263
        | 11_281
        | 304_082
        | 304_083
        | 306_003
        | 306_005
        | 306_006
        | 501_002..=501_004
        | 501_006
        | 501_007
        | 501_011
        | 501_012
        | 620_007
        | 40_034_004
        | 40_054_006
        | 50_055_001
        | 50_055_002
        | 50_055_006 => ErrorKind::Server,
        // Channel messages need a live gateway session; it may be on its way back.
        304_018 => ErrorKind::Network,
        20_028 | 22_009 | 100_001 | 610_013 | 620_006 | 1_100_100 | 1_100_308 | 40_034_100 => {
            ErrorKind::RateLimited
        }
        TOKEN_EXPIRED | 11_241 | 11_243 | 11_245 | 11_251 | 11_261 | 11_275 | 11_298 | 100_016 => {
            ErrorKind::Authentication
        }
        // Permissions, bans, and quotas of the day or the month, which no short wait cures.
        11_253
        | 11_254
        | 11_264
        | 11_265
        | 11_282
        | 100_007
        | 304_022
        | 304_035
        | 304_045
        | 304_047
        | 304_049
        | 304_050
        | 40_034_101
        | 40_034_105
        | 40_054_002..=40_054_004
        | 40_054_013
        | 40_054_016 => ErrorKind::Forbidden,
        10_004 => ErrorKind::NotFound,
        // Content, and reply windows that have closed: 304026, 40034005, 40034024 and others.
        _ => ErrorKind::InvalidInput,
    };
    (kind, Effect::None)
}
