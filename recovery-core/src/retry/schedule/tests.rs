use super::*;

fn exact(initial_ms: u64, factor: f64, max: Duration) -> RetryConfig {
    RetryConfig::builder()
        .max_attempts(10)
        .initial_delay(Duration::from_millis(initial_ms))
        .max_delay(max)
        .backoff_factor(factor)
        .jitter(Jitter::None)
        .clamped()
}

#[test]
fn doubling_agrees_with_the_general_path() {
    let second = Duration::from_secs(1);
    let nano = Duration::from_nanos(1);
    for initial in [nano, 3 * nano, 499_999_999 * nano, second, 86_400 * second] {
        for max in [
            initial,
            2 * initial,
            7 * initial,
            3600 * second,
            Duration::MAX,
        ] {
            let policy = exact(0, 2.0, max).to_builder().initial_delay(initial);
            let doubling = policy.clone().clamped();
            let powers = policy.backoff_factor(2f64.next_up()).clamped();
            for attempt in (1..=70).chain([u32::MAX]) {
                let (doubled, powered) = (doubling.next_delay(attempt), powers.next_delay(attempt));
                // A factor that is a little more than 2 gives a little more.
                let most = doubled + doubled / 1_000_000_000 + nano;
                assert!(
                    doubled <= powered && powered <= most,
                    "{initial:?} {max:?} {attempt}"
                );
            }
        }
    }
}

#[test]
fn saturates_at_every_extreme() {
    let forever = exact(1, 1e300, Duration::MAX);
    for attempt in [2, 3, 33, 1_000_000, u32::MAX] {
        assert_eq!(forever.next_delay(attempt), LONGEST);
    }
    assert_eq!(
        exact(0, 1e300, Duration::MAX).next_delay(u32::MAX),
        Duration::ZERO
    );
    assert_eq!(
        exact(1, 1.0, Duration::MAX).next_delay(u32::MAX),
        Duration::from_millis(1)
    );
}

#[test]
fn both_ends_of_the_range_are_reached() {
    let range = DelayRange { low: 5, high: 6 };
    fastrand::seed(7);
    let drawn: Vec<u128> = (0..64).map(|_| range.pick().as_nanos()).collect();
    assert!(drawn.contains(&5) && drawn.contains(&6) && drawn.iter().all(|n| (5..=6).contains(n)));
}

#[test]
fn push_back_is_a_floor_with_jitter_on_top() {
    let config = exact(100, 2.0, Duration::from_secs(1)).to_builder();
    let config = config.jitter(Jitter::Full).clamped();
    let asked = Duration::from_secs(60);
    for attempt in 1..50 {
        let delay = config.remembered_delay_after(attempt, &mut { Memory::NONE }, Some(asked));
        assert!(delay >= asked, "never below what was asked: {delay:?}");
        assert!(
            delay <= asked + Duration::from_secs(1),
            "the jitter is the schedule's: {delay:?}"
        );
    }
    assert!(
        config.remembered_delay_after(5, &mut { Memory::NONE }, Some(Duration::ZERO))
            <= Duration::from_secs(1)
    );
}

fn first_six(backoff: Backoff) -> Vec<u128> {
    let config = exact(10, 1.0, Duration::from_millis(65)).to_builder();
    let config = config.backoff(backoff).clamped();
    (1..=6)
        .map(|attempt| config.next_delay(attempt).as_millis())
        .collect()
}

#[test]
fn each_growth_is_the_one_its_name_says() {
    assert_eq!(first_six(Backoff::None), [0, 0, 0, 0, 0, 0]);
    assert_eq!(first_six(Backoff::Constant), [10, 10, 10, 10, 10, 10]);
    assert_eq!(first_six(Backoff::Linear), [10, 20, 30, 40, 50, 60]);
    assert_eq!(first_six(Backoff::Fibonacci), [10, 10, 20, 30, 50, 65]);
    assert_eq!(
        first_six(Backoff::Exponential(1.5)),
        [10, 15, 22, 33, 50, 65]
    );
}

#[test]
fn every_growth_saturates() {
    assert_eq!(fibonacci(93), 12_200_160_415_121_876_738);
    for n in [94, 95, u32::MAX] {
        assert_eq!(fibonacci(n), u64::MAX, "{n}");
    }
    for backoff in [Backoff::Linear, Backoff::Fibonacci] {
        let config = exact(u64::MAX / 1_000_000, 1.0, Duration::MAX).to_builder();
        let config = config.backoff(backoff).clamped();
        assert_eq!(config.next_delay(u32::MAX), LONGEST);
    }
}

#[test]
fn decorrelated_delays_are_between_the_first_and_thrice_the_last() {
    let config = exact(10, 1.0, Duration::from_millis(500)).to_builder();
    let config = config.backoff(Backoff::Decorrelated);
    let config = config.jitter(Jitter::Full).clamped(); // not added
    fastrand::seed(5);
    let mut longest = Duration::ZERO;
    for _ in 0..200 {
        let mut previous = Duration::ZERO;
        let mut memory = Memory::NONE;
        for attempt in 1..=8 {
            let delay = config.remembered_delay_after(attempt, &mut memory, None);
            assert!(delay >= config.initial_delay);
            assert!(
                delay
                    <= config
                        .max_delay
                        .min((previous * 3).max(config.initial_delay))
            );
            previous = delay;
        }
        longest = longest.max(previous).max(config.next_delay(8));
    }
    assert!(
        longest > Duration::from_millis(400),
        "it grows: {longest:?}"
    );
}

fn with_jitter(jitter: Jitter) -> RetryConfig {
    let config = exact(1000, 2.0, Duration::from_secs(10)).to_builder();
    config.jitter(jitter).clamped()
}

fn range(config: &RetryConfig, attempt: u32) -> (u64, u64) {
    let range = config.schedule.delay_range(attempt);
    (range.low / 1_000_000, range.high / 1_000_000)
}

#[test]
fn each_jitter_is_the_one_its_name_says() {
    for (jitter, first, fourth, fifth) in [
        (Jitter::None, (1000, 1000), (8000, 8000), (10_000, 10_000)),
        (
            Jitter::Proportional(0.25),
            (1000, 1250),
            (8000, 10_000),
            (8000, 10_000),
        ),
        (Jitter::Full, (0, 1000), (0, 8000), (0, 10_000)),
        (Jitter::Equal, (500, 1000), (4000, 8000), (5000, 10_000)),
        (
            Jitter::Around(0.5),
            (500, 1500),
            (4000, 10_000),
            (5000, 10_000),
        ),
        (
            Jitter::Added(Duration::from_secs(1)),
            (1000, 2000),
            (8000, 9000),
            (10_000, 10_000),
        ),
    ] {
        let config = with_jitter(jitter);
        let ranges = [1, 4, 5].map(|attempt| range(&config, attempt));
        assert_eq!(ranges, [first, fourth, fifth], "{jitter:?}");
    }
}

#[test]
fn what_is_asked_for_can_be_capped() {
    let config = with_jitter(Jitter::Full).to_builder();
    let config = config.retry_after(RetryAfter::Capped).clamped();
    let mut memory = Memory::NONE;
    for (asked, delay) in [(30, 10), (10, 10), (3, 3), (0, 0)] {
        let asked = Some(Duration::from_secs(asked));
        let delay = Duration::from_secs(delay);
        assert_eq!(config.remembered_delay_after(4, &mut memory, asked), delay);
    }
}

#[test]
fn what_is_asked_for_can_begin_the_schedule_anew() {
    let config = with_jitter(Jitter::None).to_builder();
    let config = config.retry_after(RetryAfter::Exact).clamped();
    let mut memory = Memory::NONE;
    let delays: Vec<u128> = [None, None, Some(60), None, None, Some(1), None]
        .into_iter()
        .zip(1..)
        .map(|(asked, attempt)| {
            let asked = asked.map(Duration::from_secs);
            config
                .remembered_delay_after(attempt, &mut memory, asked)
                .as_secs()
                .into()
        })
        .collect();
    assert_eq!(delays, [1, 2, 60, 1, 2, 1, 1]);
}

/// The numbers of Polly's own tests (`RetryHelperTests`): random number, delay in seconds.
#[test]
fn a_given_random_number_gives_the_delay_that_polly_gives() {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a fraction of all numbers"
    )]
    let random = |fraction: f64| (fraction * u64::MAX as f64) as u64;
    let second = Duration::from_secs(1);
    let policy = exact(1000, 2.0, 10 * second).to_builder();
    let policy = policy.jitter(Jitter::Around(0.25));
    let constant = policy.clone().backoff(Backoff::Constant).clamped();
    let linear = policy.backoff(Backoff::Linear).clamped();
    // Polly counts from 0: its second linear delay is our third.
    for (config, attempt, vectors) in [
        (
            constant,
            1,
            &[(0.0, 0.75), (0.4, 0.95), (0.6, 1.05), (1.0, 1.25)][..],
        ),
        (
            linear,
            3,
            &[
                (0.0, 2.25),
                (0.4, 2.85),
                (0.5, 3.0),
                (0.6, 3.15),
                (1.0, 3.75),
            ],
        ),
    ] {
        for (fraction, seconds) in vectors {
            let range = config.schedule.delay_range(attempt);
            let delay = range.pick_by(random(*fraction));
            let expected = Duration::from_secs_f64(*seconds);
            assert!(
                delay.abs_diff(expected) < Duration::from_micros(1),
                "{delay:?}"
            );
        }
    }
}
