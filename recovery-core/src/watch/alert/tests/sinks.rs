//! Sinks that fail, and those beside them.

use std::sync::atomic::{AtomicU32, Ordering};

use super::super::AlertKind::{Cleared, Raised};
use super::super::lane::MOST_WAITING;
use super::super::{AlertSink, AsyncAlerts, Delivery, LogAlerts};
use super::*;

/// Panics before it has a future.
struct Careless;

impl AlertSink for Careless {
    fn deliver<'a>(&'a self, _: &'a Alert) -> Delivery<'a> {
        panic!("no future either")
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_sink_delays_no_other() {
    let monitor = ErrorMonitor::new(10, WINDOW);
    let told = Told::default();
    let sinks = AlertSinks::new()
        .and(AsyncAlerts::new(|_| std::future::pending()))
        .and(|_: &Alert| Err(AlertError::new("it is off")))
        .and(|_: &Alert| panic!("it is broken"))
        .and(Careless)
        .and(told.sink())
        .and(LogAlerts);
    let alerts = tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()));
    for _ in 0..3 {
        let begun = Instant::now();
        fail_for(&monitor, 10).await;
        let (at, last) = told.all().pop().unwrap();
        assert_eq!((last.kind, at - begun), (Raised, SECOND * 9));
        sleep(HOUR).await;
    }
    assert_eq!(told.kinds(), [Raised, Cleared].repeat(3));
    assert!(!alerts.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_hangs_is_cut_off_and_given_the_next_alert() {
    let monitor = ErrorMonitor::new(10, WINDOW);
    let (calls, told) = (Arc::new(AtomicU32::new(0)), Told::default());
    let (counted, sink) = (Arc::clone(&calls), told.sink());
    let sink = Arc::new(sink);
    let sinks = AlertSinks::new().and(AsyncAlerts::new(move |alert| {
        let hangs = counted.fetch_add(1, Ordering::Relaxed) == 0;
        let sink = Arc::clone(&sink);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            sink(&alert)
        }
    }));
    tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()));
    fail_for(&monitor, 10).await;
    sleep(HOUR).await;
    assert_eq!(told.kinds(), [Cleared]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_sink_has_a_bounded_number_of_alerts_to_deliver() {
    let monitor = ErrorMonitor::new(10, WINDOW);
    let told = Told::default();
    let sink = Arc::new(told.sink());
    let released = Arc::new(tokio::sync::Semaphore::new(0));
    let gate = Arc::clone(&released);
    let sinks = AlertSinks::new().and(AsyncAlerts::new(move |alert| {
        let (sink, gate) = (Arc::clone(&sink), Arc::clone(&gate));
        async move {
            gate.acquire().await.unwrap().forget();
            sink(&alert)
        }
    }));
    let policy = AlertPolicy::default().delivery_limit(HOUR * 1_000);
    tokio::spawn(monitor.run_alerts(sinks, policy));
    for _ in 0..MOST_WAITING {
        fail_for(&monitor, 10).await;
        sleep(HOUR).await;
    }
    released.add_permits(1_000);
    sleep(SECOND).await;
    let kinds = told.kinds();
    assert_eq!(
        kinds.len(),
        MOST_WAITING + 1,
        "one under way, the others waiting"
    );
    assert_eq!(kinds.last(), Some(&Cleared), "the newest is kept");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_alerts_leaves_nothing_behind() {
    let monitor = ErrorMonitor::new(10, WINDOW);
    let told = Told::default();
    let sinks = AlertSinks::new().and(told.sink());
    drop(monitor.run_alerts(sinks.clone(), AlertPolicy::default()));
    let alerts = tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()));
    settle().await;
    alerts.abort();
    let _ = alerts.await;
    assert_eq!(Arc::strong_count(&told.0), 1, "no sink is held");
    fail_for(&monitor, 20).await;
    assert!(monitor.report().is_raised);
    assert_eq!(told.kinds(), []);
}

#[test]
fn an_alert_is_one_line() {
    let alert = Alert {
        kind: Raised,
        count: 1,
        rate: 1.0,
        threshold: 1,
        window: SECOND,
        since: std::time::SystemTime::UNIX_EPOCH,
        lasted: Duration::ZERO,
        errors: 1,
        by_kind: vec![(ErrorKind::Other, 1)],
        by_operation: vec![("a\nb\u{1b}[0m".to_owned(), 1), ("发送".to_owned(), 1)],
    };
    assert_eq!(
        alert.to_string(),
        "too many errors: 1 within 1s, the threshold is 1 (Other 1; in a\\nb\\u{1b}[0m 1, 发送 1)"
    );
}
