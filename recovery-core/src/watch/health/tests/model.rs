//! The checker against a plain model.

use proptest::prelude::*;
use tokio::time::advance;

use super::*;

/// What can happen, for the model.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Connecting(u32),
    Connected(u32),
    Disconnected(u32),
    Removed(u32),
    Acknowledged(u32),
    Report(HealthState),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..2_u32;
    prop_oneof![
        3 => (1..100_u64).prop_map(Step::Wait),
        1 => number.clone().prop_map(Step::Connecting),
        2 => number.clone().prop_map(Step::Connected),
        2 => number.clone().prop_map(Step::Disconnected),
        1 => number.clone().prop_map(Step::Removed),
        2 => number.prop_map(Step::Acknowledged),
        1 => prop_oneof![Just(Healthy), Just(Degraded), Just(Unhealthy)].prop_map(Step::Report),
        1 => Just(Step::Clear),
    ]
}

/// A connection as a reader of the table would note it, in seconds.
#[derive(Clone, Copy)]
struct Noted {
    acknowledged: Option<u64>,
    was_there: bool,
}

#[derive(Default)]
struct Model {
    now: u64,
    known: [Option<Noted>; 2],
    none_since: Option<u64>,
    report: Option<HealthState>,
}

impl Model {
    fn take(&mut self, step: &Step) {
        let now = self.now;
        let up = Noted {
            acknowledged: Some(now),
            was_there: true,
        };
        match *step {
            Step::Wait(seconds) => self.now += seconds,
            Step::Connecting(number) => {
                self.known[number as usize].get_or_insert(Noted {
                    acknowledged: None,
                    was_there: false,
                });
            }
            Step::Connected(number) => self.known[number as usize] = Some(up),
            Step::Disconnected(number) => {
                if let Some(one) = &mut self.known[number as usize] {
                    one.acknowledged = None;
                }
            }
            Step::Removed(number) => self.known[number as usize] = None,
            Step::Acknowledged(number) => {
                if let Some(one) = &mut self.known[number as usize] {
                    one.acknowledged = one.acknowledged.and(Some(now));
                }
            }
            Step::Report(state) => self.report = Some(state),
            Step::Clear => self.report = None,
        }
        let known = || self.known.iter().flatten();
        let none = known().count() > 0 && known().all(|one| one.acknowledged.is_none());
        self.none_since = none.then(|| self.none_since.unwrap_or(now));
    }

    fn state(&self) -> HealthState {
        let known = || self.known.iter().flatten();
        let is_over = |since: u64| self.now - since >= BEAT.as_secs();
        let is_dead = known().filter_map(|one| one.acknowledged).any(is_over);
        if is_dead || self.none_since.is_some_and(is_over) || self.report == Some(Unhealthy) {
            Unhealthy
        } else if known().count() == 0 || known().any(|one| !one.was_there) {
            Starting
        } else if known().any(|one| one.acknowledged.is_none()) || self.report == Some(Degraded) {
            Degraded
        } else {
            Healthy
        }
    }
}

proptest! {
    #[test]
    fn the_checker_does_what_the_table_says(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (checker, mut model) = (HealthChecker::new(), Model::default());
            for step in &steps {
                match *step {
                    Step::Wait(seconds) => advance(Duration::from_secs(seconds)).await,
                    Step::Connecting(number) => checker.connection(number).connecting(),
                    Step::Connected(number) => checker.connection(number).connected(),
                    Step::Disconnected(number) => checker.connection(number).disconnected("lost"),
                    Step::Removed(number) => checker.connection(number).removed(),
                    Step::Acknowledged(number) => {
                        checker.connection(number).heartbeat_acknowledged();
                    }
                    Step::Report(state) => {
                        checker.report("part", state, "as told");
                    }
                    Step::Clear => checker.clear("part"),
                }
                model.take(step);
                let health = checker.health();
                prop_assert_eq!(health.state, model.state());
                prop_assert!(health.since <= Instant::now());
                let watched = checker.watch().borrow().reasons.len();
                prop_assert_eq!(watched, health.reasons.len());
            }
            Ok(())
        })?;
    }
}
