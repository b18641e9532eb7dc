use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use super::*;

type Told = Arc<Mutex<Vec<BreakerChange>>>;

/// Opens at the second failure, and notes what it tells.
fn telling(probes: u32) -> (CircuitBreaker, Told) {
    let told = Told::default();
    let notes = Arc::clone(&told);
    let breaker = CircuitBreaker::builder()
        .name("search")
        .window(4)
        .minimum_calls(2)
        .probes(probes)
        .on_change(move |change| notes.lock().unwrap().push(change.clone()))
        .build()
        .unwrap();
    (breaker, told)
}

fn states(told: &Told) -> Vec<(BreakerState, BreakerState)> {
    let told = told.lock().unwrap();
    told.iter().map(|change| (change.from, change.to)).collect()
}

const OPENED: (BreakerState, BreakerState) = (BreakerState::Closed, BreakerState::Open);
const TRIED: (BreakerState, BreakerState) = (BreakerState::Open, BreakerState::HalfOpen);
const REOPENED: (BreakerState, BreakerState) = (BreakerState::HalfOpen, BreakerState::Open);
const CLOSED: (BreakerState, BreakerState) = (BreakerState::HalfOpen, BreakerState::Closed);

#[test]
fn each_change_is_told_once_with_what_led_to_it() {
    let now = Instant::now();
    let (breaker, told) = telling(2);
    call(&breaker, "+-", now);
    assert!(breaker.try_acquire(|| now).is_none());
    call(&breaker, "+-", now + OPEN_FOR);
    call(&breaker, "++", now + 2 * OPEN_FOR);
    call(&breaker, "++", now + 2 * OPEN_FOR);
    assert_eq!(states(&told), [OPENED, TRIED, REOPENED, TRIED, CLOSED]);
    let counts = |change: &BreakerChange| (change.failures, change.slow, change.calls);
    let told = told.lock().unwrap();
    let counts: Vec<_> = told.iter().map(counts).collect();
    assert_eq!(
        counts,
        [(1, 0, 2), (0, 0, 0), (1, 0, 2), (0, 0, 0), (0, 0, 2)]
    );
    assert!(told.iter().all(|change| change.name == Some("search")));
}

#[test]
fn no_change_is_told_of_a_breaker_that_stays_as_it_is() {
    let now = Instant::now();
    let (breaker, told) = telling(2);
    call(&breaker, "+++-+++-+++", now);
    assert_eq!(states(&told), []);
    call(&breaker, "--", now);
    let probe = breaker.try_acquire(|| now + OPEN_FOR);
    drop(breaker.try_acquire(|| now + OPEN_FOR));
    drop(probe);
    assert_eq!(states(&told), [OPENED, TRIED]);
}

/// A breaker whose hook calls `with` on it.
fn reentered(
    with: impl Fn(&CircuitBreaker) + Send + Sync + 'static,
) -> (Arc<CircuitBreaker>, Told) {
    let own = Arc::new(OnceLock::<std::sync::Weak<CircuitBreaker>>::new());
    let told = Told::default();
    let (inner, notes) = (Arc::clone(&own), Arc::clone(&told));
    let breaker = CircuitBreaker::builder()
        .window(4)
        .minimum_calls(2)
        .on_change(move |change| {
            notes.lock().unwrap().push(change.clone());
            with(&inner.get().unwrap().upgrade().unwrap());
        })
        .build()
        .unwrap();
    let breaker = Arc::new(breaker);
    own.set(Arc::downgrade(&breaker)).unwrap();
    (breaker, told)
}

#[test]
fn a_hook_may_use_the_breaker_and_change_it() {
    let now = Instant::now();
    let far = now + 1000 * OPEN_FOR;
    // Whatever it has become, the hook drives it on until it is closed.
    let (breaker, told) = reentered(move |breaker| {
        if breaker.state() != BreakerState::Closed {
            breaker.reopens_in(|| far);
            if let Some(probe) = breaker.try_acquire(|| far) {
                probe.succeeded(|| far);
            }
        }
    });
    call(&breaker, "--", now);
    assert_eq!(states(&told), [OPENED, TRIED, CLOSED], "in their order");
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker, "--", now);
    assert_eq!(states(&told).len(), 6);
}

#[test]
fn a_hook_that_panics_wedges_nothing() {
    let now = Instant::now();
    let (breaker, told) = reentered(|_| std::panic::resume_unwind(Box::new("in the hook")));
    let panics = |act: &dyn Fn()| catch_unwind(AssertUnwindSafe(act)).is_err();
    assert!(panics(&|| call(&breaker, "--", now)));
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(panics(&|| drop(breaker.try_acquire(|| now + OPEN_FOR))));
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    let probe = breaker.try_acquire(|| now + OPEN_FOR);
    let probe = probe.expect("the panic gave the place back");
    let probe = Mutex::new(Some(probe));
    assert!(panics(&|| {
        let probe = probe.lock().unwrap().take().unwrap();
        probe.succeeded(|| now + OPEN_FOR);
    }));
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert!(panics(&|| call(&breaker, "+-", now + OPEN_FOR)));
    assert_eq!(states(&told), [OPENED, TRIED, CLOSED, OPENED]);
}

#[test]
fn a_hook_that_panics_keeps_no_other_change_from_being_told() {
    let now = Instant::now();
    let far = now + OPEN_FOR;
    let (breaker, told) = reentered(move |breaker| {
        if breaker.state() == BreakerState::Open {
            drop(breaker.try_acquire(|| far));
            std::panic::resume_unwind(Box::new("after a change of its own"));
        }
    });
    assert!(catch_unwind(AssertUnwindSafe(|| call(&breaker, "--", now))).is_err());
    assert_eq!(states(&told), [OPENED, TRIED]);
}

#[test]
fn threads_are_told_of_each_change_once_and_in_order() {
    let now = Instant::now();
    let (breaker, told) = telling(2);
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let breaker = &breaker;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread.into());
                for step in 0..5000 {
                    let at = now + step * Duration::from_secs(7);
                    if let Some(permit) = breaker.try_acquire(|| at) {
                        match random.u8(0..3) {
                            0 => permit.failed(|| at),
                            1 => drop(permit),
                            _ => permit.succeeded(|| at),
                        }
                    }
                }
            });
        }
    });
    let states = states(&told);
    assert!(states.len() > 100, "{}", states.len());
    assert_eq!(states[0].0, BreakerState::Closed);
    assert!(states.windows(2).all(|pair| pair[0].1 == pair[1].0));
    assert_eq!(states.last().unwrap().1, breaker.state());
    let changes = breaker.word.load(Relaxed) >> 2;
    assert_eq!(states.len() as u64, changes);
}

#[test]
fn a_built_breaker_and_one_in_a_static_have_names() {
    static MAIL: CircuitBreaker = CircuitBreaker::new().with_name("mail");
    let name = r#"CircuitBreaker { name: "mail", state: Closed, .. }"#;
    assert_eq!(format!("{MAIL:?}"), name);
    let built = CircuitBreaker::builder().name("mail").build().unwrap();
    assert_eq!(format!("{built:?}"), name);
}

#[test]
fn a_breaker_with_a_hook_may_cross_a_caught_panic() {
    let (breaker, _) = telling(1);
    assert!(catch_unwind(|| breaker.state()).is_ok());
}
