//! Every unit of time and every form of a value that the table of options names.

use std::io;
use std::time::Duration;

use recovery_core::{Attempt, retry};

use crate::{assert_send, lost};

const MAX: u32 = 3;
const DELAY: Duration = Duration::from_millis(5);

macro_rules! first_delays {
    ($($name:ident: $initial:expr, [$($options:tt)*];)*) => {
        $(
            #[retry(max = 2, $($options)*, on_retry = |failed: &Attempt<'_, io::Error>| {
                assert_eq!(failed.delay, $initial, stringify!($name));
            })]
            async fn $name(calls: &mut u32) -> io::Result<()> {
                *calls += 1;
                Err(lost())
            }
        )*
        async fn all_first_delays() -> u32 {
            let mut calls = 0;
            $(assert_send($name(&mut calls)).await.unwrap_err();)*
            calls
        }
    };
}

first_delays! {
    nanoseconds: Duration::from_nanos(7), [initial = 7ns, jitter = none];
    microseconds: Duration::from_micros(250), [initial = 250us, jitter = none];
    milliseconds: Duration::from_millis(1_500), [initial = 1_500ms, jitter = none];
    seconds: Duration::from_millis(1_500), [initial = 1.5s, jitter = none];
    minutes: Duration::from_secs(120), [initial = 2m, max_delay = 2m, jitter = none];
    hours: Duration::from_secs(3_600), [initial = 1h, max_delay = 1h, jitter = none];
    zero: Duration::ZERO, [initial = 0s, jitter = none];
    by_default: Duration::from_millis(500), [jitter = none];
    constant: DELAY, [initial = DELAY, jitter = none];
    computed: DELAY * 2, [initial = DELAY * 2, jitter = none];
    call: Duration::from_secs(3), [initial = Duration::from_secs(3), jitter = none];
    no_jitter: Duration::from_millis(500), [jitter = 0];
}

#[retry(initial = 1ns, max = MAX, backoff = 1, jitter)]
async fn integers(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(lost())
}

#[retry(initial = 1ns, max = max + 1, backoff = growth, jitter = growth / 4.0)]
async fn arguments(max: u32, growth: f64, calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(lost())
}

#[retry(initial = 1ns, max = 2u32, backoff = 1.5, jitter = 0.5,)]
async fn fractions(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(lost())
}

#[retry(initial = 1ns, max = u32::MAX, jitter = full)]
async fn without_end(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if *calls < 50 { Err(lost()) } else { Ok(*calls) }
}

#[retry(jitter = equal, at_most_once)]
async fn once(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(lost())
}

#[retry(attempt = number)]
async fn numbered(numbers: &mut Vec<u32>) -> io::Result<()> {
    numbers.push(number);
    Err(lost())
}

#[retry()]
async fn nothing_written(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(lost())
}

#[tokio::test(start_paused = true)]
async fn every_form_of_a_duration_is_waited() {
    assert_eq!(all_first_delays().await, 12 * 2);
}

#[tokio::test(start_paused = true)]
async fn every_form_of_a_number_counts() {
    let mut calls = 0;
    assert_send(integers(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 3);
    assert_send(arguments(3, 2.0, &mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 7);
    assert_send(fractions(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 9);
    assert_eq!(assert_send(without_end(&mut calls)).await.unwrap(), 50);
    assert_send(once(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 51);
    assert_send(nothing_written(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 54);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_the_attempt_is_bound() {
    let mut numbers = Vec::new();
    assert_send(numbered(&mut numbers)).await.unwrap_err();
    assert_eq!(numbers, [1, 2, 3]);
}
