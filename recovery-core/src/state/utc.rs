//! The time of day, for people to read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now, as `2026-01-31T23:59:59Z`.
pub(super) fn now() -> String {
    text(SystemTime::now())
}

/// A clock may say anything; a year has four digits here.
fn text(time: SystemTime) -> String {
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_seconds(time.clamp(UNIX_EPOCH, last)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_clock_gives_a_time() {
        assert_eq!(
            text(UNIX_EPOCH - Duration::from_secs(1)),
            "1970-01-01T00:00:00Z"
        );
        let far = UNIX_EPOCH + Duration::from_secs(1 << 50);
        assert_eq!(text(far), "9999-12-31T23:59:59Z");
    }
}
