use super::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

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
    assert!(poisoned && breaker.phase.is_poisoned());
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

#[test]
fn by_time_old_outcomes_do_not_count() {
    let now = Instant::now();
    let second = Duration::from_secs(1);
    let breaker = CircuitBreaker::builder()
        .window_time(10 * second)
        .minimum_calls(4)
        .build()
        .unwrap();
    call(&breaker, "---", now);
    // Eleven seconds later nothing is left of them, whichever slots they were in.
    call(&breaker, "-++", now + 11 * second);
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "-", now + 12 * second);
    assert_eq!(breaker.state(), BreakerState::Open, "two of four");
    call(&breaker, "+", now + 12 * second + OPEN_FOR);
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "---", now + 12 * second + OPEN_FOR);
    assert_eq!(breaker.state(), BreakerState::Closed, "it begins anew");
}

fn slow_breaker(probes: u32) -> CircuitBreaker {
    CircuitBreaker::builder()
        .minimum_calls(4)
        .slow_call(Duration::from_secs(2))
        .slow_ratio(0.5)
        .probes(probes)
        .build()
        .unwrap()
}

/// Makes a call that succeeds after `seconds`.
fn last(breaker: &CircuitBreaker, seconds: u64, now: Instant) {
    let permit = breaker.try_acquire(|| now).expect("admitted");
    permit.succeeded(|| now + Duration::from_secs(seconds));
}

#[test]
fn slow_calls_open_it_too() {
    let now = Instant::now();
    let breaker = slow_breaker(1);
    for seconds in [0, 1, 2] {
        last(&breaker, seconds, now);
    }
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "three calls say little"
    );
    last(&breaker, 3, now);
    assert_eq!(
        breaker.state(),
        BreakerState::Open,
        "two of four took two seconds"
    );
}

#[test]
fn slow_probes_open_it_again() {
    let now = Instant::now();
    let later = now + Duration::from_secs(60);
    for (first, second, state) in [
        (9, 9, BreakerState::Open),
        (0, 9, BreakerState::Open),
        (0, 1, BreakerState::Closed),
    ] {
        let breaker = slow_breaker(2);
        call(&breaker, "----", now);
        last(&breaker, first, later);
        assert_eq!(breaker.state(), BreakerState::HalfOpen, "one of two");
        last(&breaker, second, later);
        assert_eq!(breaker.state(), state, "{first} and {second} seconds");
    }
}

#[test]
fn each_change_is_told_once() {
    use BreakerState::{Closed, HalfOpen, Open};
    let told = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&told);
    let breaker = CircuitBreaker::builder()
        .name("told")
        .window(4)
        .minimum_calls(2)
        .on_change(move |change| hook.lock().unwrap().push(*change))
        .build()
        .unwrap();
    let now = Instant::now();
    call(&breaker, "--", now);
    let later = now + OPEN_FOR;
    call(&breaker, "-", later);
    call(&breaker, "++", later + OPEN_FOR);
    let told = std::mem::take(&mut *told.lock().unwrap());
    let states: Vec<_> = told.iter().map(|change| (change.from, change.to)).collect();
    assert_eq!(
        states,
        [
            (Closed, Open),
            (Open, HalfOpen),
            (HalfOpen, Open),
            (Open, HalfOpen),
            (HalfOpen, Closed)
        ]
    );
    assert_eq!((told[0].calls, told[0].failures, told[0].slow), (2, 2, 0));
    assert_eq!(told[0].name, Some("told"));
    assert_eq!((told[4].calls, told[4].failures), (1, 0));
}

#[test]
fn a_hook_may_use_the_breaker_and_may_panic() {
    static BREAKER: LazyLock<CircuitBreaker> = LazyLock::new(|| {
        let builder = CircuitBreaker::builder().window(2).minimum_calls(2);
        let builder = builder.on_change(|change| {
            assert_eq!(BREAKER.state(), change.to);
            assert!(BREAKER.try_acquire(Instant::now).is_none());
            panic!("the hook's own mistake");
        });
        builder.build().unwrap()
    });
    let now = Instant::now();
    call(&BREAKER, "-", now);
    let panicked = std::panic::catch_unwind(|| call(&BREAKER, "-", now));
    assert!(panicked.is_err());
    assert_eq!(BREAKER.state(), BreakerState::Open);
    // The probe of the panicking change is free again.
    let later = now + OPEN_FOR;
    let probe = std::panic::catch_unwind(|| drop(BREAKER.try_acquire(|| later)));
    assert!(probe.is_err());
    assert_eq!(BREAKER.reopens_in(|| later), None);
}

#[test]
fn idle_means_without_a_failure_in_mind() {
    let now = clock::now();
    let breaker = breaker(3, 3, 1);
    assert!(breaker.is_idle());
    call(&breaker, "+", now);
    assert!(breaker.is_idle());
    call(&breaker, "-", now);
    assert!(!breaker.is_idle());
    call(&breaker, "-", now);
    assert!(!breaker.is_idle(), "open");

    let second = Duration::from_secs(1);
    let by_time = CircuitBreaker::builder()
        .window_time(second)
        .build()
        .unwrap();
    assert!(by_time.is_idle());
    call(&by_time, "-", now);
    assert!(!by_time.is_idle());
}

#[test]
fn threads_never_get_more_probes_than_there_are() {
    const PROBES: u32 = 3;
    let start = Instant::now();
    let breaker = CircuitBreaker::builder()
        .window(10)
        .minimum_calls(5)
        .probes(PROBES)
        .open_for(Duration::from_micros(1))
        .build()
        .unwrap();
    // Counted after leave is given and before it is given back: never more than there are.
    let out = Mutex::new(HashMap::<u64, u32>::new());
    let probed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (breaker, out, probed) = (&breaker, &out, &probed);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for _ in 0..30_000 {
                    let Some(permit) = breaker.try_acquire(Instant::now) else {
                        continue;
                    };
                    if BreakerState::of_gate(permit.gate) == BreakerState::HalfOpen {
                        probed.fetch_add(1, Relaxed);
                        let gate = permit.gate;
                        let running = {
                            let mut out = out.lock().unwrap();
                            let running = out.entry(gate).or_default();
                            *running += 1;
                            *running
                        };
                        assert!(running <= PROBES, "{running}");
                        std::thread::yield_now();
                        *out.lock().unwrap().entry(gate).or_default() -= 1;
                    }
                    match random.u8(..4) {
                        0 => permit.succeeded(Instant::now),
                        1 => permit.failed(Instant::now),
                        _ => drop(permit),
                    }
                }
            });
        }
    });
    assert!(probed.into_inner() > 0);
    // Nothing is wedged, and no probe is lost.
    let later = || start + Duration::from_secs(3600);
    for _ in 0..PROBES {
        if let Some(permit) = breaker.try_acquire(later) {
            permit.succeeded(later);
        }
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}
