//! `RetryConfig` in files: what people write, what is refused, and that nothing is lost on the way.

mod support;

use std::time::Duration;

use proptest::prelude::*;
use recovery_core::{Backoff, Jitter, RetryAfter, RetryConfig};
use support::policies::policies;

fn toml(text: &str) -> Result<RetryConfig, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn what_is_left_out_is_as_in_the_default() {
    assert_eq!(toml(""), Ok(RetryConfig::default()));
    assert_eq!(
        serde_json::from_str::<RetryConfig>("{}").unwrap(),
        RetryConfig::default()
    );
    assert_eq!(
        serde_norway::from_str::<RetryConfig>("{}").unwrap(),
        RetryConfig::default()
    );
    let config = toml("max_attempts = 7").unwrap();
    assert_eq!(
        config,
        RetryConfig::builder().max_attempts(7).build().unwrap()
    );
}

#[test]
fn the_three_formats_agree() {
    let expected = RetryConfig::builder()
        .unlimited()
        .initial_delay(Duration::from_micros(1_500))
        .max_delay(Duration::from_secs(90))
        .backoff_factor(3.0)
        .jitter(Jitter::Added(Duration::from_secs(1)))
        .retry_after(RetryAfter::Capped)
        .build()
        .unwrap();
    let from_toml = toml(
        r#"
        max_attempts = "unlimited"
        initial_delay = "1.5ms"
        max_delay = "1m 30s"
        backoff = 3
        jitter = { added = "1s" }
        retry_after = "capped"
        "#,
    );
    assert_eq!(from_toml.unwrap(), expected);
    let from_json = serde_json::from_str::<RetryConfig>(
        r#"{"max_attempts": "unlimited", "initial_delay": "1500us", "max_delay": "90s",
            "backoff": 3.0, "jitter": {"added": "1000ms"}, "retry_after": "capped"}"#,
    );
    assert_eq!(from_json.unwrap(), expected);
    let from_yaml = serde_norway::from_str::<RetryConfig>(
        "max_attempts: unlimited\ninitial_delay: 1500us\nmax_delay: 90s\nbackoff: 3\n\
         jitter:\n  added: 1s\nretry_after: capped\n",
    );
    assert_eq!(from_yaml.unwrap(), expected);
}

#[test]
fn the_longest_delay_there_is_can_be_written() {
    let config = RetryConfig::builder().max_delay(Duration::MAX);
    let config = config.jitter(Jitter::None).build().unwrap();
    let read: RetryConfig = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    assert_eq!(read.next_delay(1_000_000), config.next_delay(1_000_000));
    assert!(read.max_delay() > Duration::from_secs(290 * 365 * 86_400));
}

#[test]
fn every_word_is_known() {
    for (word, backoff) in [
        ("none", Backoff::None),
        ("constant", Backoff::Constant),
        ("linear", Backoff::Linear),
        ("fibonacci", Backoff::Fibonacci),
        ("exponential", Backoff::Exponential(2.0)),
        ("decorrelated", Backoff::Decorrelated),
    ] {
        assert_eq!(
            toml(&format!("backoff = '{word}'")).unwrap().backoff(),
            backoff
        );
    }
    for (written, jitter) in [
        ("'none'", Jitter::None),
        ("'full'", Jitter::Full),
        ("'equal'", Jitter::Equal),
        ("0.5", Jitter::Proportional(0.5)),
        ("1", Jitter::Proportional(1.0)),
        ("{ around = 0.2 }", Jitter::Around(0.2)),
    ] {
        assert_eq!(
            toml(&format!("jitter = {written}")).unwrap().jitter(),
            jitter
        );
    }
    for (word, rule) in [
        ("at_least", RetryAfter::AtLeast),
        ("capped", RetryAfter::Capped),
        ("exact", RetryAfter::Exact),
    ] {
        assert_eq!(
            toml(&format!("retry_after = '{word}'"))
                .unwrap()
                .retry_after(),
            rule
        );
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_way_out() {
    for (text, said) in [
        (
            "max_retries = 3",
            "unknown field `max_retries`, expected one of `max_attempts`",
        ),
        ("max_attempts = 0", "give at least 1"),
        (
            "max_attempts = 4294967294",
            "or no limit at all by `unlimited`",
        ),
        (
            "max_attempts = 99999999999",
            "integer `99999999999`, expected the number of attempts in all, up to a million",
        ),
        ("max_delay = '5M'", "a time with its unit"),
        (
            "max_attempts = -1",
            "the number of attempts in all, up to a million",
        ),
        ("max_attempts = 'forever'", "or \"unlimited\""),
        (
            "initial_delay = 500",
            "a time with its unit, such as \"500ms\"",
        ),
        ("initial_delay = 0.5", "a time with its unit"),
        ("initial_delay = '500'", "a time with its unit"),
        ("initial_delay = '-1s'", "a time with its unit"),
        (
            "initial_delay = '18446744073709551615s 1000ms'",
            "a time with its unit",
        ),
        (
            "initial_delay = '31s'",
            "initial_delay (31s) is longer than max_delay (30s)",
        ),
        ("backoff = 0.5", "give a finite number of at least 1"),
        ("backoff = nan", "give a finite number of at least 1"),
        ("backoff = inf", "give a finite number of at least 1"),
        (
            "backoff = 'double'",
            "a factor such as 2.0, or one of \"none\"",
        ),
        ("jitter = 1.5", "give a number from 0 to 1"),
        ("jitter = -0.1", "give a number from 0 to 1"),
        (
            "jitter = 'some'",
            "a fraction such as 0.25, one of \"full\"",
        ),
        ("jitter = { around = 2.0 }", "give a number from 0 to 1"),
        (
            "jitter = { about = 0.2 }",
            "unknown field `about`, expected `around` or `added`",
        ),
        (
            "jitter = { around = 0.2, added = '1s' }",
            "a fraction such as 0.25",
        ),
        ("jitter = {}", "a fraction such as 0.25"),
        (
            "retry_after = 'never'",
            "expected one of `at_least`, `capped`, `exact`",
        ),
    ] {
        let error = toml(text).expect_err(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

proptest! {
    #![proptest_config(support::policies::config())]

    #[test]
    fn what_is_written_is_read_back(config in policies()) {
        let written = toml::to_string(&config).unwrap();
        prop_assert_eq!(&toml::from_str::<RetryConfig>(&written).unwrap(), &config);
        let written = serde_json::to_string(&config).unwrap();
        prop_assert_eq!(&serde_json::from_str::<RetryConfig>(&written).unwrap(), &config);
        let written = serde_norway::to_string(&config).unwrap();
        prop_assert_eq!(&serde_norway::from_str::<RetryConfig>(&written).unwrap(), &config);
    }
}
