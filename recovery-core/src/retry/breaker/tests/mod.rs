mod changes;
#[cfg(feature = "metrics")]
mod gauge;
mod model;
mod slow;
mod threads;
mod windows;

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const OPEN_FOR: Duration = Duration::from_secs(30);

fn breaker(window: u32, minimum_calls: u32, probes: u32) -> CircuitBreaker {
    CircuitBreaker::builder()
        .window(window)
        .minimum_calls(minimum_calls)
        .probes(probes)
        .build()
        .unwrap()
}

/// Makes calls that succeed (`+`) or fail (`-`).
fn call(breaker: &CircuitBreaker, outcomes: &str, now: Instant) {
    for outcome in outcomes.chars() {
        let permit = breaker.try_acquire(|| now).expect("admitted");
        match outcome {
            '+' => permit.succeeded(|| now),
            _ => permit.failed(|| now),
        }
    }
}

fn opened(probes: u32, now: Instant) -> CircuitBreaker {
    let breaker = breaker(4, 2, probes);
    call(&breaker, "--", now);
    assert_eq!(breaker.state(), BreakerState::Open);
    breaker
}

#[test]
fn opens_at_the_ratio_and_not_before_the_minimum() {
    let now = Instant::now();
    let breaker = breaker(10, 4, 1);
    call(&breaker, "---", now);
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "three calls say little"
    );
    // The fourth outcome makes the three count, though it is itself a success.
    call(&breaker, "+", now);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(breaker.try_acquire(|| now).is_none());
}

#[test]
fn stays_closed_below_the_ratio() {
    let now = Instant::now();
    let breaker = CircuitBreaker::default();
    for _ in 0..100 {
        call(&breaker, "+-+", now);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn the_window_forgets_what_leaves_it() {
    let now = Instant::now();
    let breaker = breaker(4, 4, 1);
    call(&breaker, "-+++", now);
    call(&breaker, "-", now);
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "the first failure is gone"
    );
    call(&breaker, "-", now);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn refuses_for_the_whole_time_and_says_how_long() {
    let now = Instant::now();
    let breaker = opened(1, now);
    let second = Duration::from_secs(1);
    assert_eq!(breaker.reopens_in(|| now + 29 * second), Some(second));
    assert!(breaker.try_acquire(|| now + 29 * second).is_none());
    assert_eq!(breaker.reopens_in(|| now + OPEN_FOR), None);
    assert_eq!(breaker.state(), BreakerState::Open, "nobody has asked yet");
    let probe = breaker.try_acquire(|| now + OPEN_FOR);
    assert!(probe.is_some());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert_eq!(breaker.reopens_in(|| now + OPEN_FOR), Some(Duration::ZERO));
    drop(probe);
    assert_eq!(breaker.reopens_in(|| now + OPEN_FOR), None);
}

#[test]
fn half_open_admits_exactly_the_probes_and_closes_by_all_of_them() {
    let now = Instant::now();
    let later = now + OPEN_FOR;
    let breaker = opened(3, now);
    let probes: Vec<_> = (0..10)
        .filter_map(|_| breaker.try_acquire(|| later))
        .collect();
    assert_eq!(probes.len(), 3);
    for probe in probes {
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(
            breaker.try_acquire(|| later).is_none(),
            "a success frees no place"
        );
        probe.succeeded(|| later);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "-", later);
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "old outcomes are forgotten"
    );
}

#[test]
fn one_failing_probe_opens_it_for_the_whole_time_again() {
    let now = Instant::now();
    let later = now + OPEN_FOR;
    let breaker = opened(2, now);
    call(&breaker, "+-", later);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert_eq!(breaker.reopens_in(|| later), Some(OPEN_FOR));
}

#[test]
fn a_dropped_probe_makes_place_and_counts_as_neither() {
    let now = Instant::now();
    let later = now + OPEN_FOR;
    let breaker = opened(1, now);
    drop(breaker.try_acquire(|| later).expect("the probe"));
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    call(&breaker, "+", later);
    assert_eq!(breaker.state(), BreakerState::Closed);
    for _ in 0..10 {
        drop(breaker.try_acquire(|| later));
    }
    call(&breaker, "-", later);
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "one outcome, not eleven"
    );
}

#[test]
fn a_probe_that_never_ends_keeps_nobody_out_for_ever() {
    let now = Instant::now();
    let later = now + OPEN_FOR;
    let breaker = opened(1, now);
    std::mem::forget(breaker.try_acquire(|| later).expect("the probe"));
    let nearly = later + OPEN_FOR.saturating_sub(Duration::from_nanos(1));
    assert!(breaker.try_acquire(|| nearly).is_none());
    assert_eq!(breaker.reopens_in(|| nearly), Some(Duration::ZERO));
    assert_eq!(breaker.reopens_in(|| later + OPEN_FOR), None);

    let another = breaker.try_acquire(|| later + OPEN_FOR).expect("another");
    assert!(
        breaker.try_acquire(|| later + OPEN_FOR).is_none(),
        "one in each interval"
    );
    another.succeeded(|| later + OPEN_FOR);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn a_probe_that_is_overdue_still_counts() {
    let now = Instant::now();
    let breaker = opened(2, now);
    let at = |interval| now + interval * OPEN_FOR;
    let probes: Vec<_> = (1..=4)
        .filter_map(|interval| breaker.try_acquire(|| at(interval)))
        .collect();
    assert_eq!(probes.len(), 4, "the second place, and two more");
    for (probe, state) in probes.into_iter().zip([
        BreakerState::HalfOpen,
        BreakerState::Closed,
        BreakerState::Closed,
    ]) {
        probe.succeeded(|| at(9));
        assert_eq!(breaker.state(), state);
    }
    call(&breaker, "-", at(9));
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "one outcome, not two"
    );
}

#[test]
fn a_panic_gives_the_probe_back() {
    let now = Instant::now();
    let later = now + OPEN_FOR;
    let breaker = opened(1, now);
    let panicked = std::thread::scope(|scope| {
        let call = || {
            let _probe = breaker.try_acquire(|| later).expect("the probe");
            std::panic::resume_unwind(Box::new("in the call"));
        };
        scope.spawn(call).join().is_err()
    });
    assert!(panicked);
    assert!(breaker.try_acquire(|| later).is_some());
}

#[test]
fn a_poisoned_lock_does_not_wedge_it() {
    let breaker = CircuitBreaker::default();
    let poisoned = std::thread::scope(|scope| {
        let poison = || {
            let _core = breaker.lock();
            std::panic::resume_unwind(Box::new("under the lock"));
        };
        scope.spawn(poison).join().is_err()
    });
    assert!(poisoned && breaker.core.is_poisoned());
    call(&breaker, "+-", Instant::now());
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn a_stale_permit_changes_nothing() {
    let now = Instant::now();
    let later = now + OPEN_FOR;
    let breaker = breaker(4, 2, 1);
    let mut stale: Vec<_> = (0..8).filter_map(|_| breaker.try_acquire(|| now)).collect();
    let mut take = || stale.pop().expect("enough of them");
    call(&breaker, "--", now);

    take().succeeded(|| later);
    assert_eq!(breaker.reopens_in(|| now), Some(OPEN_FOR));

    let probe = breaker.try_acquire(|| later).expect("the probe");
    take().succeeded(|| later);
    take().failed(|| later);
    drop(take());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!(
        breaker.try_acquire(|| later).is_none(),
        "the probe is still out"
    );

    probe.succeeded(|| later);
    take().failed(|| later);
    take().failed(|| later);
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert!(breaker.is_idle(), "they are not remembered either");
    call(&breaker, "+", later);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn a_probe_of_an_earlier_half_open_state_is_stale() {
    let now = Instant::now();
    let breaker = opened(2, now);
    let slow = breaker.try_acquire(|| now + OPEN_FOR).expect("a probe");
    call(&breaker, "-", now + OPEN_FOR);
    let later = now + 2 * OPEN_FOR;
    call(&breaker, "+", later);
    slow.succeeded(|| later);
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "one of two");
    call(&breaker, "+", later);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn threads_race_for_the_probes_and_exactly_so_many_win() {
    for _ in 0..100 {
        let now = Instant::now();
        let breaker = opened(3, now);
        let won = AtomicUsize::new(0);
        let start = std::sync::Barrier::new(4);
        let permits: Vec<_> = std::thread::scope(|scope| {
            let race = || {
                start.wait();
                let permits: Vec<_> = (0..4)
                    .filter_map(|_| breaker.try_acquire(|| now + OPEN_FOR))
                    .collect();
                won.fetch_add(permits.len(), Relaxed);
                permits
            };
            let threads = [(); 4].map(|()| scope.spawn(race));
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(won.into_inner(), 3);
        for permit in permits {
            permit.succeeded(|| now + OPEN_FOR);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}

#[test]
fn absurd_times_saturate() {
    let now = Instant::now();
    let breaker = CircuitBreaker::builder()
        .minimum_calls(1)
        .open_for(Duration::MAX)
        .build()
        .unwrap();
    call(&breaker, "-", now);
    assert!(breaker.reopens_in(|| now + OPEN_FOR) > Some(OPEN_FOR));
    if let Some(earlier) = now.checked_sub(OPEN_FOR) {
        assert_eq!(breaker.reopens_in(|| earlier), Some(Duration::MAX));
    }
}

#[test]
fn is_shared_by_threads_and_shows_its_state() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    static BREAKER: CircuitBreaker = CircuitBreaker::new();
    shared(&BREAKER);
    assert_eq!(
        format!("{BREAKER:?}"),
        "CircuitBreaker { state: Closed, .. }"
    );
}
