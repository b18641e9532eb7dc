//! When an outage is told.

use proptest::prelude::*;

use super::super::AlertKind::{Cleared, Raised};
use super::*;

fn record_many(monitor: &ErrorMonitor, count: u32) {
    for _ in 0..count {
        monitor.record("send", ErrorKind::Server);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_raises_one_alert_and_one_all_clear() {
    let (monitor, told) = watched(AlertPolicy::default());
    for outage in 1..=3 {
        fail_for(&monitor, 1_000).await;
        assert_eq!(told.kinds().len(), 2 * outage - 1, "raised, and no more");
        sleep(HOUR).await;
        assert_eq!(told.kinds().len(), 2 * outage, "and cleared, once");
    }
    assert_eq!(told.kinds(), [Raised, Cleared].repeat(3));
    for (_, alert) in told.all() {
        match alert.kind {
            Raised => {
                assert_eq!((alert.count, alert.errors), (10, 10));
                assert_eq!(alert.by_kind, [(ErrorKind::Network, 10)]);
                assert_eq!(alert.by_operation, [("send".to_owned(), 10)]);
            }
            Cleared => {
                assert_eq!(alert.errors, 1_000);
                // From the tenth error until half of the window's errors were forgotten.
                let lasted = alert.lasted.as_secs();
                assert!((1_040..=1_050).contains(&lasted), "{lasted}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_alert_is_raised_at_once() {
    let (monitor, told) = watched(AlertPolicy::default());
    settle().await;
    let begun = Instant::now();
    record_many(&monitor, 10_000);
    settle().await;
    assert_eq!(told.kinds(), [Raised]);
    let (at, alert) = told.all().remove(0);
    assert_eq!(at, begun);
    assert_eq!(
        (alert.count, alert.errors),
        (10_000, 10_000),
        "all that are there when it looks"
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_comes_and_goes_is_one() {
    let policy = AlertPolicy::default().clear_after(SECOND * 5);
    let (monitor, told) = watched(policy);
    let begun = Instant::now();
    for _ in 0..3 {
        fail_for(&monitor, 11).await;
        // Calm for longer than `clear_after`, yet not `min_interval` after the alert.
        sleep(SECOND * 80).await;
    }
    assert_eq!(told.kinds(), [Raised]);
    sleep(HOUR).await;
    assert_eq!(told.kinds(), [Raised, Cleared]);
    let all = told.all();
    assert_eq!(all[1].1.errors, 33);
    assert!(all[1].0 - begun >= Duration::from_secs(300));
}

#[tokio::test(start_paused = true)]
async fn it_is_over_when_it_was_calm_for_long_enough() {
    let policy = AlertPolicy::default()
        .clear_below(2)
        .clear_after(SECOND * 30)
        .min_interval(Duration::ZERO);
    let (monitor, told) = watched(policy);
    let begun = Instant::now();
    fail_for(&monitor, 10).await;
    // Three in the window are not calm: one every twenty seconds keeps it up.
    for _ in 0..30 {
        sleep(SECOND * 20).await;
        monitor.record("send", ErrorKind::Network);
    }
    assert_eq!(told.kinds(), [Raised]);
    let last = Instant::now();
    sleep(HOUR).await;
    assert_eq!(told.kinds(), [Raised, Cleared]);
    let all = told.all();
    // The window holds two errors from 20 s after the last one on.
    let cleared = all[1].0 - last;
    assert!(
        cleared > SECOND * 48 && cleared < SECOND * 52,
        "{cleared:?}"
    );
    let calm = last + SECOND * 20 - begun;
    assert!(
        all[1].1.lasted + SECOND * 12 > calm,
        "{:?}",
        all[1].1.lasted
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_before_the_alerts_begin_is_told() {
    let monitor = ErrorMonitor::new(10, WINDOW);
    fail_for(&monitor, 10).await;
    sleep(HOUR).await;
    assert_eq!(monitor.error_count(), 0);

    let told = Told::default();
    let sinks = AlertSinks::new().and(told.sink());
    tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()));
    settle().await;
    assert_eq!(told.kinds(), [Raised]);
    let raised = told.all().remove(0).1;
    assert_eq!((raised.count, raised.errors), (10, 10));
    assert_eq!(raised.by_operation, [("send".to_owned(), 10)]);
    sleep(HOUR).await;
    assert_eq!(told.kinds(), [Raised, Cleared]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_loses_no_outage() {
    let (monitor, told) = watched(AlertPolicy::default());
    settle().await;
    for _ in 0..3 {
        record_many(&monitor, 10);
        advance(HOUR * 24 * 365).await;
        sleep(HOUR).await;
    }
    assert_eq!(told.kinds(), [Raised, Cleared].repeat(3));
}

#[tokio::test(start_paused = true)]
async fn alerts_begun_anew_tell_only_what_is_not_over() {
    let monitor = ErrorMonitor::new(10, WINDOW);
    let run = |told: &Told| {
        let sinks = AlertSinks::new().and(told.sink());
        tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()))
    };
    let first = Told::default();
    let alerts = run(&first);
    fail_for(&monitor, 20).await;
    assert_eq!(first.kinds(), [Raised]);
    alerts.abort();

    let second = Told::default();
    let alerts = run(&second);
    settle().await;
    assert_eq!(second.kinds(), [Raised], "it goes on");
    alerts.abort();
    sleep(HOUR).await;

    let third = Told::default();
    run(&third);
    sleep(HOUR).await;
    assert_eq!(
        third.kinds(),
        [],
        "somebody has heard of it, and it is over"
    );
    assert_eq!(first.kinds(), [Raised]);
}

#[tokio::test(start_paused = true)]
async fn absurd_policies_are_obeyed_without_a_panic() {
    for policy in [
        AlertPolicy::default()
            .clear_below(u64::MAX)
            .clear_after(Duration::ZERO)
            .min_interval(Duration::ZERO),
        AlertPolicy::default().clear_after(Duration::MAX),
        AlertPolicy::default().min_interval(Duration::MAX),
        AlertPolicy::default().delivery_limit(Duration::ZERO),
    ] {
        for monitor in [
            ErrorMonitor::new(1, Duration::ZERO),
            ErrorMonitor::new(1, WINDOW),
        ] {
            let told = Told::default();
            let sinks = AlertSinks::new().and(told.sink());
            let alerts = tokio::spawn(monitor.run_alerts(sinks, policy.clone()));
            monitor.record("send", ErrorKind::Server);
            settle().await;
            assert_eq!(told.kinds(), [Raised], "{policy:?}");
            sleep(monitor.window() + SECOND).await;
            monitor.record("send", ErrorKind::Server);
            sleep(monitor.window() + SECOND).await;
            alerts.abort();
            let is_endless = policy == AlertPolicy::default().clear_after(Duration::MAX)
                || policy == AlertPolicy::default().min_interval(Duration::MAX);
            if is_endless {
                assert_eq!(told.kinds(), [Raised], "{policy:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever happens, alerts and all-clears alternate, alerts keep their distance, and none is
    /// missing in the end.
    #[test]
    fn alerts_alternate_and_keep_their_distance(
        bursts in prop::collection::vec((1..25u32, 0..400u64), 1..40),
        min_interval in 0..600u64,
        clear_after in 0..120u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (told, passed) = runtime.block_on(async {
            let min_interval = Duration::from_secs(min_interval);
            let policy = AlertPolicy::default()
                .min_interval(min_interval)
                .clear_after(Duration::from_secs(clear_after));
            let (monitor, told) = watched(policy);
            let mut passed = false;
            for (errors, pause) in bursts {
                for _ in 0..errors {
                    passed |= monitor.record("send", ErrorKind::Server);
                }
                sleep(Duration::from_secs(pause)).await;
            }
            sleep(HOUR).await;
            (told.all(), passed)
        });
        prop_assert_eq!(told.is_empty(), !passed);
        prop_assert_eq!(told.len() % 2, 0);
        for pair in told.chunks(2) {
            prop_assert_eq!((pair[0].1.kind, pair[1].1.kind), (Raised, Cleared));
        }
        for pair in told.windows(3).step_by(2) {
            let between = pair[2].0 - pair[0].0;
            prop_assert!(between >= Duration::from_secs(min_interval), "{:?}", between);
        }
    }
}
