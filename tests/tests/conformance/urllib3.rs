//! urllib3: the `Retry-After` of its `test/test_retry.py`.

use std::time::{Duration, SystemTime};

use recovery_core::RetryAfter;
use recovery_core::http::retry_after;

use crate::doubling;
use crate::script::call;
use crate::support::asked;

/// 3 June 2019, 11:00:00 UTC.
const NOW: Duration = Duration::from_secs(1_559_559_600);

/// In seconds; at most six hours, which is urllib3's `retry_after_max` and with us the policy's.
fn parsed(value: &str) -> Option<u64> {
    let wait = retry_after(value, SystemTime::UNIX_EPOCH + NOW);
    wait.map(|wait| wait.as_secs())
}

#[test]
fn seconds_and_all_three_dates_are_read() {
    for (value, seconds) in [
        ("0", 0),
        ("1000", 1000),
        ("\t42 ", 42),
        ("3600", 3600),
        ("Mon, 3 Jun 2019 12:00:00 UTC", 3600),
        ("Mon, 3 Jun 2019 11:00:00 UTC", 0),
        ("Mon, 03 Jun 2019 11:30:12 GMT", 1812),
        ("Monday, 03-Jun-19 11:30:12 GMT", 1812),
        ("Mon Jun  3 11:30:12 2019", 1812),
    ] {
        assert_eq!(parsed(value), Some(seconds), "{value:?}");
    }
}

#[test]
fn garbage_is_refused() {
    for value in ["-1", "+1", "1.0", "²"] {
        assert_eq!(parsed(value), None, "{value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn six_hours_are_the_most() {
    let seconds = parsed("21601").unwrap();
    let config = doubling(1.0, 21_600.0)
        .retry_after(RetryAfter::Capped)
        .build()
        .unwrap();
    let seen = call(
        config,
        &recovery_core::RetryBudget::new(9),
        [asked(seconds)],
    )
    .await;
    assert_eq!(seen.delays[0].0, Duration::from_secs(21_600));
}
