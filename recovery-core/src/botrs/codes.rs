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

/// The machine's address is not on the bot's whitelist. Both codes stand in one answer, a 401.
pub(super) const IP_NOT_ALLOWED: [u32; 2] = [11_298, 40_023_002];

/// What the token endpoint says: too many requests, a banned or invalid app id, a wrong secret, no
/// such bot.
pub(super) const TOKEN_TOO_MANY: u32 = 100_001;
pub(super) const TOKEN_APP_BANNED: u32 = 100_007;
pub(super) const TOKEN_WRONG_SECRET: u32 = 100_016;
pub(super) const TOKEN_NO_BOT: u32 = 10_004;

/// Kind and effect of a refusal that carries the platform's code.
pub(super) fn meaning(code: u32) -> (ErrorKind, Effect) {
    // What is not known is taken for a request that stays wrong.
    known(code).unwrap_or((ErrorKind::InvalidInput, Effect::None))
}

/// The same, if the code is known.
pub(super) fn known(code: u32) -> Option<(ErrorKind, Effect)> {
    let kind = match code {
        DEDUPLICATED => return Some((ErrorKind::Conflict, Effect::Done)),
        _ if AUDITED.contains(&code) => return Some((ErrorKind::Other, Effect::Done)),
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
        20_028 | 22_009 | TOKEN_TOO_MANY | 610_013 | 620_006 | 1_100_100 | 1_100_308 | 40_034_100 => {
            ErrorKind::RateLimited
        }
        TOKEN_EXPIRED | 11_241 | 11_243 | 11_245 | 11_251 | 11_261 | 11_275 | TOKEN_WRONG_SECRET => {
            ErrorKind::Authentication
        }
        _ if IP_NOT_ALLOWED.contains(&code) => ErrorKind::Authentication,
        // Permissions, bans, and quotas of the day or the month, which no short wait cures.
        11_253
        | 11_254
        | 11_264
        | 11_265
        | 11_282
        | TOKEN_APP_BANNED
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
        TOKEN_NO_BOT => ErrorKind::NotFound,
        // The reply window has closed, or the message has had its replies.
        304_026 | 304_027 | 304_103 | 40_034_005 | 40_034_024..=40_034_027 | 40_034_128
        // The content is refused.
        | 1_100_101
        | 40_034_006
        | 40_034_008..=40_034_011
        | 40_034_124
        | 40_034_127
        | 40_054_007
        | 40_054_010
        | 40_054_018 => ErrorKind::InvalidInput,
        _ => return None,
    };
    Some((kind, Effect::None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_pass_is_not_retried() {
        for code in [
            304_026, 40_034_005, 40_034_026, 40_034_128, 40_034_010, 304_047, 11_253, 11_298,
            40_023_002,
        ] {
            let (kind, effect) = known(code).expect("it is documented");
            assert!(!kind.is_transient(), "{code}");
            assert_eq!(effect, Effect::None, "{code}");
        }
    }

    #[test]
    fn an_unknown_code_is_a_request_that_stays_wrong() {
        assert_eq!(known(99_999_999), None);
        assert_eq!(meaning(99_999_999), (ErrorKind::InvalidInput, Effect::None));
    }

    #[test]
    fn what_was_taken_is_done() {
        for code in AUDITED.into_iter().chain([DEDUPLICATED]) {
            assert_eq!(meaning(code).1, Effect::Done, "{code}");
        }
    }
}
