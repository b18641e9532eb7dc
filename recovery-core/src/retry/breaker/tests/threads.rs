use std::sync::atomic::AtomicU32;

use super::*;

const THREADS: u32 = 4;

fn run(act: impl Fn(u32) + Sync) {
    let start = std::sync::Barrier::new(THREADS as usize);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (act, start) = (&act, &start);
            scope.spawn(move || {
                start.wait();
                act(thread);
            });
        }
    });
}

#[test]
fn failures_are_counted_exactly() {
    for window in [1, 3, 100, 130, 4000] {
        let breaker = CircuitBreaker::builder()
            .window(window)
            .minimum_calls(window)
            // Reached by no share below 1, and one of four threads never fails.
            .failure_ratio(1.0)
            .build()
            .unwrap();
        let now = Instant::now();
        let failed = AtomicU32::new(0);
        run(|thread| {
            for call in 0..1000 {
                if breaker.state() != BreakerState::Closed {
                    return;
                }
                let outcome = if thread > 0 && call % (thread + 1) == 0 {
                    failed.fetch_add(1, Relaxed);
                    "-"
                } else {
                    "+"
                };
                let Some(permit) = breaker.try_acquire(|| now) else {
                    return;
                };
                match outcome {
                    "+" => permit.succeeded(|| now),
                    _ => permit.failed(|| now),
                }
            }
        });
        let known = breaker.calls.known(breaker.policy.calls);
        let (marked, _) = breaker.calls.marked();
        assert_eq!(known.failures, marked, "the count is that of the bits");
        if window == 4000 {
            assert_eq!(known.calls, 4000);
            assert_eq!(
                known.failures,
                u64::from(failed.into_inner()),
                "none is lost"
            );
        }
        if breaker.state() == BreakerState::Closed {
            for _ in 0..window {
                call(&breaker, "+", now);
            }
            assert_eq!(breaker.calls.marked(), (0, 0), "all leave the window");
        }
    }
}

#[test]
fn the_last_of_many_to_record_opens_it() {
    // Exactly as many failures as are needed, whoever records last: no opening is missed, and none
    // comes before the minimum.
    for round in 0..300u64 {
        let breaker = CircuitBreaker::builder()
            .window(100)
            .minimum_calls(40)
            .build()
            .unwrap();
        let now = Instant::now();
        run(|thread| {
            for call in 0..10u64 {
                let permit = breaker.try_acquire(|| now).expect("39 are known at most");
                if (call + u64::from(thread) + round) % 2 == 0 {
                    permit.failed(|| now);
                } else {
                    permit.succeeded(|| now);
                }
            }
        });
        assert_eq!(breaker.state(), BreakerState::Open, "{round}");
    }
}

#[test]
fn never_more_probes_run_than_are_allowed_and_none_is_lost() {
    const PROBES: u32 = 3;
    let now = Instant::now();
    let breaker = opened(PROBES, now);
    let running = AtomicU32::new(0);
    run(|thread| {
        let mut random = fastrand::Rng::with_seed(thread.into());
        for _ in 0..5000 {
            // Nobody fails, all drop or succeed: half-open until three have succeeded.
            let Some(permit) = breaker.try_acquire(|| now + OPEN_FOR) else {
                continue;
            };
            if permit.word.is_closed() {
                drop(permit);
                continue;
            }
            assert!(running.fetch_add(1, Relaxed) < PROBES);
            std::thread::yield_now();
            running.fetch_sub(1, Relaxed);
            if random.u32(0..1000) == 0 {
                permit.succeeded(|| now + OPEN_FOR);
            }
        }
    });
    if breaker.state() == BreakerState::HalfOpen {
        let Phase::HalfOpen(probes) = breaker.lock().phase else {
            panic!("half-open");
        };
        assert_eq!(probes.running, 0);
        let left = PROBES - probes.succeeded;
        call(&breaker, &"+".repeat(left as usize), now + OPEN_FOR);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn through_all_states_nothing_wedges() {
    let windows = [
        CircuitBreaker::builder().window(8),
        CircuitBreaker::builder().window_time(Duration::from_secs(60)),
        CircuitBreaker::builder()
            .window(200)
            .slow_call(Duration::from_secs(1)),
    ];
    for builder in windows {
        let breaker = builder.minimum_calls(4).probes(2).build().unwrap();
        let now = Instant::now();
        run(|thread| {
            let mut random = fastrand::Rng::with_seed(thread.into());
            for step in 0..5000 {
                let at = now + step * Duration::from_secs(5);
                let Some(permit) = breaker.try_acquire(|| at) else {
                    continue;
                };
                let end = at + Duration::from_secs(random.u64(0..3));
                match random.u8(0..4) {
                    0 => permit.failed(|| end),
                    1 => drop(permit),
                    _ => permit.succeeded(|| end),
                }
            }
        });
        // Every permit has come back, so that good calls lead to closed, whatever it had become.
        for round in 0..8 {
            let far = now + Duration::from_secs(1_000_000) + round * OPEN_FOR;
            call(&breaker, "++", far);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        let known = breaker.calls.known(breaker.policy.calls);
        let (failed, slow) = breaker.calls.marked();
        assert_eq!((known.failures, known.slow), (failed, slow));
    }
}
