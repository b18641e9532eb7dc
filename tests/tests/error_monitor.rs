//! The error monitor under load: exact, in memory that does not grow, and told by metrics.

mod support;

use std::thread;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use recovery_core::ErrorKind;
use recovery_core::watch::{Alert, AlertError, AlertPolicy, AlertSinks, ErrorMonitor, LogAlerts};
use support::log::Lines;

const EACH: u64 = 5_000_000;

#[test]
fn ten_million_errors_from_two_threads_are_counted_without_an_allocation() {
    let monitor = ErrorMonitor::new(1_000, Duration::from_secs(3600));
    let names = ["send", "fetch", "login", "发送"];
    for name in names {
        monitor.record(name, ErrorKind::Network);
    }
    for number in 0..300 {
        monitor.record(&format!("operation {number}"), ErrorKind::Server);
    }
    let before = monitor.report();
    thread::scope(|scope| {
        for thread in 0..2 {
            let monitor = monitor.clone();
            scope.spawn(move || {
                let mut raised = 0;
                let allocations = allocation_counter::measure(|| {
                    for (number, name) in (0..EACH).zip(names.iter().cycle()) {
                        // Every other name is a new one, for which there is no place.
                        let unknown = ["a", "b", "c"][usize::try_from(number % 3).unwrap()];
                        let name = if number % 2 == 0 { name } else { unknown };
                        raised += u64::from(monitor.record(name, ErrorKind::ALL[thread]));
                    }
                });
                // The one who crosses the threshold notes by what.
                assert!(allocations.count_total < 1_000, "{allocations:?}");
                assert!(allocations.bytes_current < 100_000, "{allocations:?}");
                assert!(raised > EACH - 1_000);
            });
        }
    });
    let report = monitor.report();
    assert_eq!(report.total, before.total + 2 * EACH);
    assert_eq!(report.count, report.total);
    assert_eq!(report.by_operation[0].0, "other");
    assert_eq!(
        report
            .by_operation
            .iter()
            .map(|(_, count)| count)
            .sum::<u64>(),
        report.total
    );
    assert_eq!(report.by_operation.len(), 257);
    let kinds = report.by_kind.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!(kinds, report.total);
}

#[test]
fn errors_are_counted_by_kind_in_the_metrics() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let monitor = ErrorMonitor::new(10, Duration::from_secs(60));
        monitor.record("send", ErrorKind::Timeout);
        monitor.record("fetch", ErrorKind::Timeout);
        monitor.record("send", ErrorKind::Network);
    });
    let snapshot = snapshotter.snapshot().into_vec();
    let mut counts: Vec<_> = snapshot
        .into_iter()
        .map(|(key, _, _, value)| {
            let label = key.key().labels().next().unwrap();
            assert_eq!(key.key().name(), "recovery_errors_total");
            let DebugValue::Counter(count) = value else {
                panic!("it is a counter")
            };
            (label.value().to_owned(), count)
        })
        .collect();
    counts.sort();
    assert_eq!(
        counts,
        [("Network".to_owned(), 1), ("Timeout".to_owned(), 2)]
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_logged_once_and_so_is_its_end() {
    let (lines, _guard) = Lines::capture();
    let monitor = ErrorMonitor::new(3, Duration::from_secs(60));
    let sinks = AlertSinks::new().and(LogAlerts);
    tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()));
    tokio::task::yield_now().await;
    for _ in 0..1_000 {
        monitor.record("send", ErrorKind::Timeout);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let lines = lines.take();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(
        lines[0],
        r#"ERROR recovery: errors.alert count=3 rate=0.05 threshold=3 window_ms=60000 by_kind=[(Timeout, 3)] by_operation=[("send", 3)]"#
    );
    let all_clear = "INFO recovery: errors.all_clear count=0 errors=1000 lasted_ms=105";
    assert!(lines[1].starts_with(all_clear), "{lines:#?}");
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_is_lost_is_logged() {
    fn broken(_: &Alert) -> Result<(), AlertError> {
        Err(AlertError::new("it is off"))
    }
    let (lines, _guard) = Lines::capture();
    let monitor = ErrorMonitor::new(1, Duration::from_secs(60));
    tokio::spawn(monitor.run_alerts(AlertSinks::new().and(broken), AlertPolicy::default()));
    monitor.record("send", ErrorKind::Timeout);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let lines = lines.take();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("WARN recovery: errors.alert_failed sink="),
        "{lines:?}"
    );
    assert!(
        lines[0].ends_with("error=the alert was not delivered: it is off"),
        "{lines:?}"
    );
}
