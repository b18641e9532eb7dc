use std::collections::VecDeque;

use super::*;
use crate::retry::clock;

const SLOT: Duration = Duration::from_secs(6);

/// A minute in ten slots.
fn timed(minimum_calls: u32) -> CircuitBreaker {
    CircuitBreaker::builder()
        .window_time(10 * SLOT)
        .minimum_calls(minimum_calls)
        .build()
        .unwrap()
}

/// The next instant at which a slot begins.
fn slot_edge() -> Instant {
    let now = Instant::now();
    let slot = clock::nanos(SLOT);
    now + Duration::from_nanos(slot - clock::nanos_since_epoch(now) % slot)
}

fn known(breaker: &CircuitBreaker) -> Tally {
    breaker.calls.known(breaker.policy.calls)
}

#[test]
fn a_closed_breaker_reads_no_clock() {
    fn never() -> Instant {
        unreachable!("no clock is read")
    }
    let breaker = CircuitBreaker::new();
    for call in 0..1000 {
        assert_eq!(breaker.reopens_in(never), None);
        let permit = breaker.try_acquire(never).expect("admitted");
        if call % 3 == 0 {
            permit.failed(never);
        } else {
            permit.succeeded(never);
        }
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    let measured = CircuitBreaker::builder().slow_call(OPEN_FOR).build();
    assert_eq!(measured.unwrap().reopens_in(never), None);
}

#[test]
fn counts_what_a_plain_queue_would_count() {
    let mut random = fastrand::Rng::with_seed(7);
    for window in [1, 2, 3, 63, 64, 65, 100, 127, 128, 129, 200, 1000] {
        let breaker = CircuitBreaker::builder()
            .window(window)
            .minimum_calls(window)
            .failure_ratio(1.0)
            .build()
            .unwrap();
        let now = Instant::now();
        let mut queue = VecDeque::new();
        for call in 0..8 * window {
            // Times when nothing fails, and times when most does.
            let failed = call / (2 * window) % 2 == 1 && random.f64() < 0.8;
            queue.push_back(failed);
            if queue.len() > window as usize {
                queue.pop_front();
            }
            let failures = queue.iter().filter(|failed| **failed).count();
            if failures == window as usize {
                // It would open.
                queue.pop_back();
                queue.push_back(false);
                self::call(&breaker, "+", now);
                continue;
            }
            self::call(&breaker, if failed { "-" } else { "+" }, now);
            let tally = known(&breaker);
            assert_eq!(tally.failures, failures as u64);
            assert_eq!(breaker.calls.marked(), (failures as u64, 0));
            assert_eq!(tally.calls, queue.len() as u64);
        }
    }
}

#[test]
fn a_full_window_of_good_calls_is_not_written_to() {
    let breaker = breaker(4, 4, 1);
    let now = Instant::now();
    call(&breaker, "++++++++", now);
    assert_eq!(known(&breaker).calls, 4);
    call(&breaker, "-+++", now);
    assert_eq!(known(&breaker).failures, 1);
    call(&breaker, "+", now);
    assert_eq!(known(&breaker).failures, 0, "it has left the window");
}

#[test]
fn a_time_window_opens_at_the_ratio_and_not_before_the_minimum() {
    let edge = slot_edge();
    let breaker = timed(4);
    call(&breaker, "---", edge);
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "+", edge + 9 * SLOT);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert_eq!(breaker.reopens_in(|| edge + 9 * SLOT), Some(OPEN_FOR));
}

#[test]
fn a_time_window_forgets_at_the_edges_of_its_slots() {
    let edge = slot_edge();
    let instant = Duration::from_nanos(1);
    let nearly = SLOT.saturating_sub(instant);
    // Begun with the slot or just before its end: both are forgotten with it.
    for begun in [Duration::ZERO, nearly] {
        let still = timed(2);
        call(&still, "-", edge + begun);
        call(&still, "-", edge + 9 * SLOT + nearly);
        assert_eq!(still.state(), BreakerState::Open);
        let forgotten = timed(2);
        call(&forgotten, "-", edge + begun);
        call(&forgotten, "-", edge + 10 * SLOT);
        assert_eq!(forgotten.state(), BreakerState::Closed);
    }
}

#[test]
fn a_time_window_forgets_all_in_an_idle_gap() {
    let edge = slot_edge();
    for gap in [10, 11, 19, 20, 1000, 10_000_000] {
        let breaker = timed(2);
        call(&breaker, "-", edge);
        call(&breaker, "-", edge + gap * SLOT);
        assert_eq!(breaker.state(), BreakerState::Closed, "{gap}");
        call(&breaker, "-", edge + gap * SLOT);
        assert_eq!(breaker.state(), BreakerState::Open, "{gap}");
    }
}

#[test]
fn a_time_window_survives_a_clock_that_goes_back() {
    let earlier = slot_edge();
    let edge = earlier + 50 * SLOT;
    let breaker = timed(3);
    call(&breaker, "-", edge);
    call(&breaker, "-", earlier);
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "+", edge + 9 * SLOT);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn a_time_window_begins_anew_once_closed() {
    let edge = slot_edge();
    let breaker = timed(2);
    call(&breaker, "--", edge);
    call(&breaker, "+", edge + OPEN_FOR);
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "-", edge + OPEN_FOR);
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "-", edge + OPEN_FOR);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn the_longest_and_the_shortest_time_windows_work() {
    for time in [Duration::from_nanos(10), Duration::MAX] {
        let breaker = CircuitBreaker::builder().window_time(time).build().unwrap();
        let now = Instant::now();
        call(&breaker, &"-".repeat(20), now);
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}

#[test]
fn is_idle_while_nothing_bad_is_remembered() {
    let now = Instant::now();
    let counted = breaker(4, 3, 1);
    assert!(counted.is_idle());
    call(&counted, "+", now);
    assert!(counted.is_idle());
    call(&counted, "-", now);
    assert!(!counted.is_idle());
    call(&counted, "-", now);
    assert!(!counted.is_idle(), "open");
    call(&counted, "+", now + OPEN_FOR);
    assert!(counted.is_idle(), "closed anew");

    let timed = timed(2);
    assert!(timed.is_idle());
    call(&timed, "+", clock::now());
    assert!(timed.is_idle());
    call(&timed, "-", clock::now());
    assert!(!timed.is_idle());
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn a_time_window_becomes_idle_by_itself() {
    let timed = timed(2);
    call(&timed, "-", clock::now());
    tokio::time::advance(8 * SLOT).await;
    assert!(!timed.is_idle());
    tokio::time::advance(2 * SLOT).await;
    assert!(timed.is_idle());
}
