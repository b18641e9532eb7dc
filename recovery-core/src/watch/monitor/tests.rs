//! The counts against a list of everything that ever happened, and what a hostile caller may do.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::operations::{LONGEST_NAME, MOST_NAMES, REST};
use super::{ErrorMonitor, SLOTS};
use crate::classify::ErrorKind;
use crate::retry::clock::nanos_since_epoch;

/// Everything that was ever recorded, each with its slot.
struct Model {
    slot: u64,
    newest: u64,
    all: Vec<(u64, String, ErrorKind)>,
}

impl Model {
    fn move_to(&mut self, now: Instant) {
        self.newest = self.newest.max(nanos_since_epoch(now) / self.slot);
    }

    fn in_window(&self) -> impl Iterator<Item = &(u64, String, ErrorKind)> {
        self.all
            .iter()
            .filter(|(slot, ..)| self.newest - slot < SLOTS)
    }

    fn count(&self) -> u64 {
        self.in_window().count() as u64
    }

    fn by_kind(&self) -> HashMap<ErrorKind, u64> {
        let mut counts = HashMap::new();
        self.in_window()
            .for_each(|(_, _, kind)| *counts.entry(*kind).or_default() += 1);
        counts
    }

    fn by_operation(&self) -> HashMap<String, u64> {
        let mut counts = HashMap::new();
        self.in_window()
            .for_each(|(_, name, _)| *counts.entry(name.clone()).or_default() += 1);
        counts
    }
}

/// Steps in milliseconds: small ones, some that pass the window, some that go back.
fn steps() -> impl Strategy<Value = Vec<(i64, usize, usize)>> {
    let step = prop_oneof![
        6 => 0..40i64,
        2 => 0..1_500i64,
        1 => 0..4_000_000i64,
        1 => -2_000..0i64,
    ];
    prop::collection::vec((step, 0..ErrorKind::ALL.len(), 0..5usize), 1..300)
}

proptest! {
    #[test]
    fn counts_what_a_list_of_all_errors_would_count(
        steps in steps(),
        millis in 1..3_000u64,
        threshold in 0..40u64,
    ) {
        let window = Duration::from_millis(millis);
        let monitor = ErrorMonitor::new(threshold, window);
        let slot = millis * 1_000_000 / SLOTS;
        let mut model = Model { slot, newest: 0, all: Vec::new() };
        let mut now = Instant::now() + Duration::from_secs(60);
        for (number, (step, kind, operation)) in steps.into_iter().enumerate() {
            let size = Duration::from_millis(step.unsigned_abs());
            now = if step < 0 { now.checked_sub(size).unwrap_or(now) } else { now + size };
            model.move_to(now);
            let (kind, operation) = (ErrorKind::ALL[kind], format!("operation {operation}"));
            // Every third step only looks.
            if number % 3 != 0 {
                model.all.push((model.newest, operation.clone(), kind));
                let is_too_many = monitor.record_at(now, &operation, kind);
                prop_assert_eq!(is_too_many, model.count() >= threshold.max(1));
            }
            let report = monitor.report_at(now);
            prop_assert_eq!(report.count, model.count());
            prop_assert_eq!(report.total, model.all.len() as u64);
            prop_assert_eq!(report.is_raised, report.count >= report.threshold);
            let rate = f64::from(u32::try_from(model.count()).unwrap()) / window.as_secs_f64();
            prop_assert!((report.rate - rate).abs() < 1e-9);
            prop_assert!(report.by_kind.is_sorted_by(|a, b| a.1 >= b.1));
            prop_assert!(report.by_operation.is_sorted_by(|a, b| a.1 >= b.1));
            prop_assert_eq!(report.by_kind.into_iter().collect::<HashMap<_, _>>(), model.by_kind());
            prop_assert_eq!(
                report.by_operation.into_iter().collect::<HashMap<_, _>>(),
                model.by_operation()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn names_are_bounded_whatever_they_are(names in prop::collection::vec("\\PC{0,40}", 0..400)) {
        let monitor = ErrorMonitor::new(1, Duration::from_secs(60));
        let now = Instant::now();
        for name in &names {
            monitor.record_at(now, name, ErrorKind::Other);
            monitor.record_at(now, &name.repeat(10), ErrorKind::Other);
        }
        let report = monitor.report_at(now);
        prop_assert!(report.by_operation.len() <= MOST_NAMES + 1);
        prop_assert!(report.by_operation.iter().all(|(name, _)| name.len() <= LONGEST_NAME));
        prop_assert_eq!(report.by_operation.iter().map(|(_, count)| count).sum::<u64>(), report.count);
    }
}

fn of(monitor: &ErrorMonitor, now: Instant, name: &str) -> u64 {
    let counts = monitor.report_at(now).by_operation;
    let found = counts.into_iter().find(|(known, _)| known == name);
    found.map_or(0, |(_, count)| count)
}

#[test]
fn names_beyond_those_that_have_a_place_are_the_rest() {
    let monitor = ErrorMonitor::new(1, Duration::from_secs(60));
    let begun = Instant::now();
    for number in 0..MOST_NAMES + 10 {
        monitor.record_at(begun, &number.to_string(), ErrorKind::Other);
    }
    assert_eq!(of(&monitor, begun, "255"), 1);
    assert_eq!(of(&monitor, begun, "256"), 0);
    assert_eq!(of(&monitor, begun, REST), 10);
}

#[test]
fn a_name_out_of_use_gives_up_its_place() {
    let monitor = ErrorMonitor::new(1, Duration::from_secs(60));
    let begun = Instant::now();
    for number in 0..MOST_NAMES {
        monitor.record_at(begun, &number.to_string(), ErrorKind::Other);
    }
    let half = begun + Duration::from_secs(30);
    for number in 1..MOST_NAMES {
        monitor.record_at(half, &number.to_string(), ErrorKind::Other);
    }
    monitor.record_at(half, "late", ErrorKind::Other);
    assert_eq!(of(&monitor, half, "late"), 0, "all places are in use");

    let later = begun + Duration::from_secs(61);
    monitor.record_at(later, "late", ErrorKind::Other);
    monitor.record_at(later, "later", ErrorKind::Other);
    assert_eq!(of(&monitor, later, "late"), 1, "in place of `0`");
    assert_eq!(of(&monitor, later, "1"), 1);
    assert_eq!(
        of(&monitor, later, REST),
        2,
        "the first `late`, and `later`"
    );
}

#[test]
fn nothing_is_too_small_or_too_great() {
    let now = Instant::now();
    let least = ErrorMonitor::new(0, Duration::ZERO);
    assert!(!least.report_at(now).is_raised);
    assert!(least.record_at(now, "", ErrorKind::Other));
    assert_eq!(least.report_at(now).window, Duration::from_millis(1));
    assert_eq!(least.report_at(now + Duration::from_millis(1)).count, 0);

    let most = ErrorMonitor::new(u64::MAX, Duration::MAX);
    assert!(!most.record_at(now, "", ErrorKind::Other));
    let century = now + Duration::from_secs(100 * 365 * 86_400);
    let report = most.report_at(century);
    assert_eq!(report.count, 1);
    assert!(report.rate > 0.0);
}

#[test]
fn a_clock_that_stands_counts_all_in_one_slot() {
    let monitor = ErrorMonitor::new(1_000, Duration::from_secs(60));
    let now = Instant::now();
    let raised = (0..1_000).filter(|_| monitor.record_at(now, "a", ErrorKind::Server));
    assert_eq!(raised.count(), 1);
    assert_eq!(
        monitor.report_at(now + Duration::from_secs(58)).count,
        1_000
    );
    assert_eq!(monitor.report_at(now + Duration::from_secs(60)).count, 0);
}

#[tokio::test(start_paused = true)]
async fn the_rate_falls_when_the_errors_stop() {
    let monitor = ErrorMonitor::new(1_000, Duration::from_secs(60));
    for _ in 0..60 {
        monitor.record("a", ErrorKind::Network);
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let mut last = monitor.get_error_rate();
    assert!(last > 0.97, "{last}");
    for _ in 0..59 {
        tokio::time::advance(Duration::from_secs(1)).await;
        let rate = monitor.get_error_rate();
        assert!(rate < last, "{rate} {last}");
        last = rate;
    }
    assert!(last.abs() < f64::EPSILON);
}
