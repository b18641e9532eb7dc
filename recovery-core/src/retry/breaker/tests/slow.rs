use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CircuitBreakerBuilder {
    CircuitBreaker::builder()
        .window(4)
        .minimum_calls(2)
        .slow_call(SECOND)
        .slow_ratio(0.5)
}

/// Makes a call that takes `time`.
fn last(breaker: &CircuitBreaker, time: Duration, outcome: char, now: Instant) {
    let permit = breaker.try_acquire(|| now).expect("admitted");
    if outcome == '+' {
        permit.succeeded(|| now + time);
    } else {
        permit.failed(|| now + time);
    }
}

#[test]
fn slow_calls_open_it_at_their_own_ratio() {
    let windows = [
        builder(),
        CircuitBreaker::builder()
            .window_time(3600 * SECOND)
            .minimum_calls(2)
            .slow_call(SECOND)
            .slow_ratio(0.5),
    ];
    for builder in windows {
        let now = Instant::now();
        let breaker = builder.build().unwrap();
        last(&breaker, 2 * SECOND, '+', now);
        assert_eq!(breaker.state(), BreakerState::Closed, "one says little");
        last(&breaker, Duration::ZERO, '+', now);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert_eq!(breaker.reopens_in(|| now), Some(OPEN_FOR));
    }
}

#[test]
fn a_call_of_just_the_time_is_not_slow() {
    let now = Instant::now();
    let breaker = builder().build().unwrap();
    for _ in 0..10 {
        last(&breaker, SECOND, '+', now);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    for _ in 0..2 {
        last(&breaker, SECOND + Duration::from_nanos(1), '+', now);
    }
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn a_slow_failure_counts_as_both() {
    let now = Instant::now();
    let breaker = builder().failure_ratio(1.0).build().unwrap();
    last(&breaker, Duration::ZERO, '+', now);
    last(&breaker, 2 * SECOND, '-', now);
    assert_eq!(
        breaker.state(),
        BreakerState::Open,
        "half of them were slow"
    );
    let breaker = builder().slow_ratio(1.0).build().unwrap();
    last(&breaker, Duration::ZERO, '+', now);
    last(&breaker, 2 * SECOND, '-', now);
    assert_eq!(breaker.state(), BreakerState::Open, "half of them failed");
}

#[test]
fn slow_calls_leave_the_window() {
    let now = Instant::now();
    let breaker = builder().minimum_calls(4).build().unwrap();
    for _ in 0..20 {
        for time in [2, 0, 0, 0] {
            last(&breaker, time * SECOND, '+', now);
        }
        assert_eq!(breaker.calls.marked(), (0, 1));
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn by_default_only_all_slow_calls_open_it_and_none_is_slow() {
    let now = Instant::now();
    let breaker = CircuitBreaker::builder()
        .window(4)
        .slow_call(SECOND)
        .build()
        .unwrap();
    for time in [2, 2, 2, 0, 2, 2, 2] {
        last(&breaker, time * SECOND, '+', now);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    last(&breaker, 2 * SECOND, '+', now);
    assert_eq!(breaker.state(), BreakerState::Open);

    let patient = CircuitBreaker::new();
    for _ in 0..200 {
        last(&patient, 3600 * SECOND, '+', now);
    }
    assert_eq!(patient.state(), BreakerState::Closed);
}

#[test]
fn a_slow_probe_opens_it_again_when_all_are_known() {
    let now = Instant::now();
    let later = now + OPEN_FOR;
    let one = builder().build().unwrap();
    call(&one, "--", now);
    last(&one, 2 * SECOND, '+', later);
    assert_eq!(one.state(), BreakerState::Open, "one of one");
    assert_eq!(
        one.reopens_in(|| later + 2 * SECOND),
        Some(OPEN_FOR),
        "from its end on"
    );

    for (slow, state) in [(1, BreakerState::Closed), (2, BreakerState::Open)] {
        let four = builder().probes(4).build().unwrap();
        call(&four, "--", now);
        for probe in 0..4 {
            let time = if probe < slow { 2 } else { 0 };
            last(&four, time * SECOND, '+', later);
            if probe < 3 {
                assert_eq!(four.state(), BreakerState::HalfOpen);
            }
        }
        assert_eq!(four.state(), state, "{slow} of four");
    }
}

#[test]
fn a_clock_that_goes_back_makes_no_call_slow() {
    let now = Instant::now();
    let breaker = builder().build().unwrap();
    for _ in 0..4 {
        let permit = breaker.try_acquire(|| now + OPEN_FOR).expect("admitted");
        permit.succeeded(|| now);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}
