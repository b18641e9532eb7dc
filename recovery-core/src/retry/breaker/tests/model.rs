//! Any sequence of calls, against a breaker that keeps a plain list of everything.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::retry::clock;

const MILLISECOND: Duration = Duration::from_millis(1);

#[derive(Clone, Debug)]
enum Step {
    Acquire,
    /// The oldest call but so many ends: `None` is without a verdict.
    End(usize, Option<bool>),
    Wait(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop_oneof![
        5 => Just(Some(true)),
        4 => Just(Some(false)),
        1 => Just(None),
    ];
    let step = prop_oneof![
        5 => Just(Step::Acquire),
        5 => (0usize..4, verdict).prop_map(|(call, verdict)| Step::End(call, verdict)),
        2 => (0u32..25).prop_map(Step::Wait),
        1 => (90u32..300).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..200)
}

/// Times in milliseconds.
#[derive(Clone, Debug)]
struct Rules {
    by_time: bool,
    window: u32,
    minimum: u32,
    failure_ratio: f64,
    slow: Option<(u32, f64)>,
    open_for: u32,
    probes: u32,
}

fn rules() -> impl Strategy<Value = Rules> {
    let ratio = || prop::sample::select(vec![0.1, 0.3, 0.5, 0.75, 1.0]);
    let window = prop_oneof![1u32..10, 60u32..70, 127u32..131];
    (
        any::<bool>(),
        window,
        1u32..8,
        ratio(),
        prop::option::of((1u32..20, ratio())),
        1u32..100,
        1u32..4,
    )
        .prop_map(
            |(by_time, window, minimum, failure_ratio, slow, open_for, probes)| Rules {
                by_time,
                window,
                minimum: minimum.min(window),
                failure_ratio,
                slow,
                open_for,
                probes,
            },
        )
}

type Told = Arc<Mutex<Vec<(BreakerState, BreakerState, Tally)>>>;

impl Rules {
    fn breaker(&self, told: &Told) -> CircuitBreaker {
        let told = Arc::clone(told);
        let mut builder = CircuitBreaker::builder()
            .minimum_calls(self.minimum)
            .failure_ratio(self.failure_ratio)
            .open_for(self.open_for * MILLISECOND)
            .probes(self.probes);
        builder = if self.by_time {
            builder.window_time(self.window * MILLISECOND)
        } else {
            builder.window(self.window)
        };
        if let Some((time, ratio)) = self.slow {
            builder = builder.slow_call(time * MILLISECOND).slow_ratio(ratio);
        }
        let hook = move |change: &BreakerChange| {
            let tally = Tally {
                calls: change.calls,
                failures: change.failures,
                slow: change.slow,
            };
            told.lock().unwrap().push((change.from, change.to, tally));
        };
        builder.on_change(hook).build().unwrap()
    }

    fn slot(&self, now: Instant) -> u64 {
        clock::nanos_since_epoch(now) / (clock::nanos(self.window * MILLISECOND) / 10)
    }
}

/// All that has ever happened.
struct Model {
    rules: Rules,
    state: BreakerState,
    since: Instant,
    changes: Vec<(BreakerState, BreakerState, Tally)>,
    /// Since the last change: when each call began, and how those that have ended went.
    running: u32,
    latest: Instant,
    ended: Vec<(Instant, Outcome)>,
}

impl Model {
    fn new(rules: Rules, now: Instant) -> Self {
        Self {
            rules,
            state: BreakerState::Closed,
            since: now,
            changes: Vec::new(),
            running: 0,
            latest: now,
            ended: Vec::new(),
        }
    }

    fn refuses_for(&self, now: Instant) -> Option<Duration> {
        let open_for = self.rules.open_for * MILLISECOND;
        match self.state {
            BreakerState::Closed => None,
            BreakerState::Open => Some((self.since + open_for).saturating_duration_since(now))
                .filter(|left| !left.is_zero()),
            BreakerState::HalfOpen => {
                let places = self.running + u32::try_from(self.ended.len()).unwrap();
                let is_full = places >= self.rules.probes && now < self.latest + open_for;
                is_full.then_some(Duration::ZERO)
            }
        }
    }

    fn acquire(&mut self, now: Instant) -> bool {
        if self.refuses_for(now).is_some() {
            return false;
        }
        if self.state == BreakerState::Open {
            self.change(BreakerState::HalfOpen, Tally::NONE, now);
        }
        self.running += 1;
        self.latest = now;
        true
    }

    fn end(&mut self, began: Instant, success: Option<bool>, now: Instant) {
        self.running -= 1;
        let Some(success) = success else { return };
        let outcome = Outcome {
            failed: !success,
            slow: self
                .rules
                .slow
                .is_some_and(|(limit, _)| now - began > limit * MILLISECOND),
        };
        self.ended.push((now, outcome));
        let tally = self.tally(now);
        let number = |count: u64| f64::from(u32::try_from(count).unwrap());
        let reaches = |part, ratio| number(part) / number(tally.calls) >= ratio;
        let too_slow = (self.rules.slow).is_some_and(|(_, ratio)| reaches(tally.slow, ratio));
        if self.state == BreakerState::HalfOpen {
            if outcome.failed {
                self.change(BreakerState::Open, tally, now);
            } else if tally.calls == u64::from(self.rules.probes) {
                let to = if too_slow {
                    BreakerState::Open
                } else {
                    BreakerState::Closed
                };
                self.change(to, tally, now);
            }
        } else if tally.calls >= u64::from(self.rules.minimum)
            && (too_slow || reaches(tally.failures, self.rules.failure_ratio))
        {
            self.change(BreakerState::Open, tally, now);
        }
    }

    fn tally(&self, now: Instant) -> Tally {
        let mut tally = Tally::NONE;
        let is_closed = self.state == BreakerState::Closed;
        for (back, (ended, outcome)) in self.ended.iter().rev().enumerate() {
            let counts = if !is_closed {
                true
            } else if self.rules.by_time {
                self.rules.slot(now) - self.rules.slot(*ended) < 10
            } else {
                back < self.rules.window as usize
            };
            if counts {
                tally.add(*outcome);
            }
        }
        tally
    }

    fn change(&mut self, to: BreakerState, tally: Tally, now: Instant) {
        self.changes.push((self.state, to, tally));
        self.state = to;
        self.since = now;
        self.running = 0;
        self.ended.clear();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn does_what_a_plain_list_says(rules in rules(), steps in steps()) {
        let told = Told::default();
        let breaker = rules.breaker(&told);
        let mut now = Instant::now();
        let mut model = Model::new(rules, now);
        let mut calls = Vec::new();
        for step in steps {
            match step {
                Step::Wait(time) => now += time * MILLISECOND,
                Step::Acquire => {
                    let permit = breaker.try_acquire(|| now);
                    prop_assert_eq!(permit.is_some(), model.acquire(now));
                    calls.extend(permit.map(|permit| (permit, now, model.changes.len())));
                }
                Step::End(call, verdict) => {
                    if call >= calls.len() {
                        continue;
                    }
                    let (permit, began, changes) = calls.remove(call);
                    match verdict {
                        Some(true) => permit.succeeded(|| now),
                        Some(false) => permit.failed(|| now),
                        None => drop(permit),
                    }
                    if changes == model.changes.len() {
                        model.end(began, verdict, now);
                    }
                }
            }
            prop_assert_eq!(breaker.state(), model.state);
            prop_assert_eq!(breaker.reopens_in(|| now), model.refuses_for(now));
        }
        prop_assert_eq!(&*told.lock().unwrap(), &model.changes);
    }
}
