//! What servers ask for in headers: for errors of your own, whose [`Classify`](trait@crate::Classify)
//! hands it on.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use recovery_core::{Classify, http};
//!
//! #[derive(Classify)]
//! enum ApiError {
//!     #[classify(RateLimited, retry_after = wait)]
//!     TooMany { wait: Option<Duration> },
//!     #[classify(Server)]
//!     Down,
//! }
//!
//! // From a response with status 429 and its header `Retry-After`, if it has one:
//! let header = Some("120");
//! let wait = header.and_then(|value| http::retry_after(value, SystemTime::now()));
//! let error = ApiError::TooMany { wait };
//! assert_eq!(error.retry_after(), Some(Duration::from_secs(120)));
//! # let _ = ApiError::Down;
//! ```

use std::time::{Duration, SystemTime};

/// How long from `now` the header `Retry-After` asks to wait; `None` if it makes no sense.
///
/// It holds a number of seconds or a date, in any of the three forms of HTTP; a date that has passed
/// asks for no wait. As urllib3 does, it is lenient about blanks around it, a day of one digit, and `UTC`
/// for `GMT`. A date that there is not (its weekday is another), or one before 1970, makes no sense. More
/// seconds than 64 bits count are taken as that many.
///
/// The rule is that of RFC 9110, sections 10.2.3 "Retry-After" and 5.6.7 "Date/Time Formats".
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use recovery_core::http::retry_after;
///
/// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(784_900_800); // 15 November 1994
/// assert_eq!(retry_after("120", noon), Some(Duration::from_secs(120)));
/// assert_eq!(
///     retry_after("Tue, 15 Nov 1994 12:45:26 GMT", noon),
///     Some(Duration::from_secs(45 * 60 + 26))
/// );
/// assert_eq!(retry_after("soon", noon), None);
/// ```
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(&strict(value)).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// A date as the standard wants it, from one as it is sometimes written.
fn strict(date: &str) -> String {
    let date = match date.strip_suffix("UTC") {
        Some(date) => format!("{date}GMT"),
        None => date.to_owned(),
    };
    match date.split_once(", ") {
        Some((weekday, rest)) if rest.find([' ', '-']) == Some(1) => format!("{weekday}, 0{rest}"),
        _ => date,
    }
}

/// What a server wishes, as [`Classify`](trait@crate::Classify) tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryWish {
    /// For [`Classify::retry_after`](crate::Classify::retry_after).
    pub retry_after: Option<Duration>,
    /// For [`Classify::forbids_retry`](crate::Classify::forbids_retry).
    pub forbids_retry: bool,
}

/// What a gRPC server wishes by the metadata `grpc-retry-pushback-ms`, of which these are the values.
///
/// One number of 31 bits is the wait in milliseconds. Anything else forbids a retry: a negative number says
/// so, and what makes no sense is taken for it. Without the metadata there is no wish.
///
/// The rule is that of gRPC's proposal A6, "Pushback". There the wait takes the place of the schedule's,
/// which begins anew after it: [`RetryAfter::Exact`](crate::RetryAfter::Exact).
///
/// ```
/// use std::time::Duration;
/// use recovery_core::{Classify, http};
///
/// #[derive(Classify)]
/// #[classify(Server, retry_after = wait, forbids_retry = is_final)]
/// struct Unavailable {
///     wait: Option<Duration>,
///     is_final: bool,
/// }
///
/// let wish = http::grpc_retry_pushback(["-1"]);
/// let error = Unavailable { wait: wish.retry_after, is_final: wish.forbids_retry };
/// assert!(error.forbids_retry());
/// assert_eq!(http::grpc_retry_pushback(["1000"]).retry_after, Some(Duration::from_secs(1)));
/// ```
pub fn grpc_retry_pushback<'a>(values: impl IntoIterator<Item = &'a str>) -> RetryWish {
    let mut values = values.into_iter();
    let Some(value) = values.next() else {
        return RetryWish::default();
    };
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<i32>() {
        Ok(millis) if is_number && values.next().is_none() => RetryWish {
            retry_after: Some(Duration::from_millis(millis.unsigned_abs().into())),
            forbids_retry: false,
        },
        _ => RetryWish {
            retry_after: None,
            forbids_retry: true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn garbage_is_refused() {
        let now = SystemTime::UNIX_EPOCH;
        for garbage in [
            "",
            " ",
            "-1",
            "+1",
            "1.0",
            "1s",
            "0x10",
            "²",
            "٣",
            "1 2",
            "soon",
            ",",
            ", ",
            "UTC",
            "Mon, 32 Jun 2019 12:00:00 GMT",
            "Mon, 3 Jun 2019 25:00:00 GMT",
            "Mon, 3 Jun 2019",
        ] {
            assert_eq!(retry_after(garbage, now), None, "{garbage:?}");
        }
    }

    #[test]
    fn absurd_numbers_saturate() {
        let huge = "99999999999999999999999999";
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(retry_after(huge, now), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn push_back_is_a_number_of_31_bits() {
        let most = grpc_retry_pushback(["2147483647"]);
        assert_eq!(most.retry_after, Some(Duration::from_millis(2_147_483_647)));
        for no in ["2147483648", "-0", "+1", "", " 1", "1.0", "٣"] {
            assert!(grpc_retry_pushback([no]).forbids_retry, "{no:?}");
        }
        assert_eq!(grpc_retry_pushback([]), RetryWish::default());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*") {
            let _ = retry_after(&text, SystemTime::now());
            let _ = grpc_retry_pushback([&*text]);
        }

        #[test]
        fn seconds_are_read_back(seconds: u64) {
            let read = retry_after(&seconds.to_string(), SystemTime::now());
            prop_assert_eq!(read, Some(Duration::from_secs(seconds)));
        }

        #[test]
        fn dates_are_read_back(now in 0..4_000_000_000u64, wait in 0..100_000_000u64) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
            let wait = Duration::from_secs(wait);
            let date = httpdate::fmt_http_date(now + wait);
            prop_assert_eq!(retry_after(&date, now), Some(wait));
        }
    }
}
