//! The table of rules, row by row.

mod model;

use std::sync::{Arc, Barrier};

use tokio::time::{advance, timeout};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const BEAT: Duration = Duration::from_secs(120);
/// A second less.
const ALMOST: Duration = Duration::from_secs(119);

use HealthState::{Degraded, Healthy, Starting, Unhealthy};

fn findings(checker: &HealthChecker) -> Vec<Finding> {
    let reasons = checker.health().reasons.into_iter();
    reasons.map(|reason| reason.finding).collect()
}

fn state(checker: &HealthChecker) -> HealthState {
    checker.health().state
}

fn never_quiet() -> HealthThresholds {
    HealthThresholds {
        activity_timeout: None,
        ..HealthThresholds::default()
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_starting_until_every_connection_was_there_once() {
    let checker = HealthChecker::new();
    assert_eq!(findings(&checker), [Finding::NoneKnown]);
    let (first, second) = (checker.connection(0), checker.connection(1));
    first.connecting();
    second.connecting();
    first.connected();
    assert_eq!(state(&checker), Starting);
    first.disconnected("reset");
    assert_eq!(state(&checker), Starting, "no better for a loss");
    first.connected();
    second.disconnected("refused");
    let cause = Some("refused".into());
    let connection = 1;
    assert_eq!(
        findings(&checker),
        [Finding::NotConnectedYet { connection, cause }]
    );
    second.connected();
    assert_eq!(state(&checker), Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_comes_to_nothing_is_unhealthy_in_the_end() {
    let checker = HealthChecker::new();
    let connection = checker.connection(0);
    connection.connecting();
    for _ in 0..12 {
        assert_eq!(state(&checker), Starting);
        advance(10 * SECOND).await;
        connection.disconnected("refused");
        connection.connecting();
    }
    let health = checker.health();
    assert_eq!(health.state, Unhealthy);
    assert_eq!(health.reasons[0].finding, Finding::NoneConnected);
    assert_eq!(health.reasons[0].since.elapsed(), BEAT);
    assert_eq!(health.since.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_degrades_and_the_last_one_is_missed_after_a_while() {
    let checker = HealthChecker::with_thresholds(never_quiet());
    let (first, second) = (checker.connection(0), checker.connection(1));
    first.connected();
    second.connected();
    first.disconnected("reset");
    assert_eq!(state(&checker), Degraded);
    for _ in 0..100 {
        advance(10 * SECOND).await;
        second.heartbeat_acknowledged();
    }
    assert_eq!(state(&checker), Degraded, "while another one is there");
    second.disconnected("reset");
    advance(ALMOST).await;
    assert_eq!(state(&checker), Degraded);
    advance(SECOND).await;
    assert_eq!(state(&checker), Unhealthy);
    first.connected();
    assert_eq!(state(&checker), Degraded);
    second.removed();
    assert_eq!(state(&checker), Healthy);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_degrade_at_the_second_and_fail_by_the_time_limit() {
    let checker = HealthChecker::new();
    let connection = checker.connection(0);
    connection.connected();
    advance(SECOND).await;
    connection.heartbeat_sent();
    assert_eq!(state(&checker), Healthy);
    advance(41 * SECOND).await;
    connection.heartbeat_sent();
    let health = checker.health();
    assert_eq!(health.state, Degraded);
    assert_eq!(health.reasons[0].since.elapsed(), 41 * SECOND);
    connection.heartbeat_acknowledged();
    assert_eq!(state(&checker), Healthy);
    advance(ALMOST).await;
    assert_eq!(state(&checker), Healthy);
    advance(SECOND).await;
    assert_eq!(
        findings(&checker),
        [Finding::HeartbeatTimedOut { connection: 0 }]
    );
    connection.heartbeat_acknowledged();
    assert_eq!(state(&checker), Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_beats_rarely_is_not_dead_by_that() {
    let checker = HealthChecker::with_thresholds(never_quiet());
    let connection = checker.connection(0);
    connection.connected();
    connection.beats_every(300 * SECOND);
    for _ in 0..10 {
        advance(300 * SECOND).await;
        connection.heartbeat_sent();
        advance(SECOND).await;
        assert_eq!(state(&checker), Healthy);
        connection.heartbeat_acknowledged();
    }
    let dead_at = connection.dead_at().expect("it is connected");
    assert_eq!(dead_at - Instant::now(), 600 * SECOND);
    advance(600 * SECOND).await;
    assert_eq!(state(&checker), Unhealthy);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_read_from_is_not_called_dead() {
    let checker = HealthChecker::with_thresholds(never_quiet());
    let connection = checker.connection(0);
    connection.connected();
    connection.paused();
    advance(10 * BEAT).await;
    assert_eq!(findings(&checker), [Finding::Paused { connection: 0 }]);
    assert_eq!((state(&checker), connection.dead_at()), (Degraded, None));
    connection.reads_again();
    assert_eq!(state(&checker), Healthy);
    advance(BEAT).await;
    assert_eq!(state(&checker), Unhealthy);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_program_is_what_it_is_set_to_be() {
    for (quiet_counts_as, timeout, expected) in [
        (Healthy, Some(300 * SECOND), Healthy),
        (Degraded, Some(300 * SECOND), Degraded),
        (Degraded, None, Healthy),
    ] {
        let checker = HealthChecker::with_thresholds(HealthThresholds {
            heartbeat_timeout: Duration::MAX,
            activity_timeout: timeout,
            quiet_counts_as,
            ..HealthThresholds::default()
        });
        checker.update_message_activity();
        checker.connection(0).connected();
        advance(300 * SECOND).await;
        assert_eq!(state(&checker), expected);
        let is_told = findings(&checker) == [Finding::Quiet];
        assert_eq!(is_told, timeout.is_some());
        let mut changes = checker.watch();
        changes.mark_unchanged();
        checker.update_message_activity();
        assert_eq!(changes.has_changed().unwrap(), is_told);
        assert!(findings(&checker).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_that_fail_in_a_row_degrade() {
    let checker = HealthChecker::new();
    checker.connection(0).connected();
    for failures in 1..=4 {
        checker.handler_failed();
        advance(SECOND).await;
        assert_eq!(state(&checker), Healthy, "{failures}");
    }
    checker.handler_failed();
    let health = checker.health();
    assert_eq!(
        health.reasons[0].to_string(),
        "the last 5 handlers have all failed, for 4 s"
    );
    assert_eq!(health.state, Degraded);
    checker.handled();
    checker.handler_failed();
    assert_eq!(state(&checker), Healthy);
}

#[tokio::test(start_paused = true)]
async fn handlers_may_fail_for_ever_where_nobody_minds() {
    let checker = HealthChecker::with_thresholds(HealthThresholds {
        handler_failures: 0,
        needs_connection: false,
        ..HealthThresholds::default()
    });
    for _ in 0..100 {
        checker.handler_failed();
    }
    assert_eq!(state(&checker), Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_report_holds_until_it_is_cleared_and_remembers_since_when() {
    let checker = HealthChecker::new();
    checker.connection(0).connected();
    assert!(checker.report("disk", Degraded, "full"));
    advance(SECOND).await;
    checker.report("disk", Degraded, "still full");
    let reason = checker.health().reasons.remove(0);
    assert_eq!(reason.to_string(), "disk: still full, for 1 s");
    checker.report("disk", Unhealthy, "gone");
    checker.report("outbox", Healthy, "half full");
    let health = checker.health();
    assert_eq!((health.state, health.reasons.len()), (Unhealthy, 2));
    assert_eq!(health.reasons[0].since.elapsed(), Duration::ZERO);
    checker.clear("disk");
    checker.clear("nobody");
    assert_eq!(state(&checker), Healthy);
}

#[tokio::test(start_paused = true)]
async fn reports_are_bounded() {
    let checker = HealthChecker::new();
    let long = "é".repeat(1_000);
    for number in 0..100 {
        let is_noted = checker.report(&number.to_string(), Degraded, &long);
        assert_eq!(is_noted, number < 64);
    }
    assert!(checker.report("0", Unhealthy, "known ones go on"));
    let health = checker.health();
    assert_eq!(health.reasons.len(), 65, "and that none is connected");
    assert!(
        health
            .reasons
            .iter()
            .all(|reason| reason.to_string().len() < 300)
    );
    checker.clear("1");
    assert!(checker.report("another", Degraded, "there is room again"));
}

#[tokio::test(start_paused = true)]
async fn the_watch_changes_with_the_state_or_the_kinds_of_reasons() {
    let checker = HealthChecker::new();
    let mut health = checker.watch();
    let mut has_changed = || {
        let has_changed = health.has_changed().unwrap();
        health.mark_unchanged();
        has_changed
    };
    let connection = checker.connection(0);
    connection.connecting();
    assert!(has_changed(), "another reason");
    connection.disconnected("refused");
    connection.connecting();
    checker.health();
    assert!(!has_changed(), "another cause of the same");
    connection.connected();
    assert!(has_changed());
    connection.heartbeat_sent();
    connection.heartbeat_acknowledged();
    connection.activity();
    checker.handled();
    assert!(!has_changed());
    checker.report("one", Degraded, "bad");
    assert!(has_changed());
    checker.report("two", Degraded, "bad");
    assert!(has_changed(), "in the same state");
    checker.report("two", Degraded, "worse");
    assert!(!has_changed());
}

#[tokio::test(start_paused = true)]
async fn a_state_is_dated_by_when_it_came_about_not_by_when_it_was_seen() {
    let checker = HealthChecker::new();
    checker.update_heartbeat();
    advance(BEAT + 7 * SECOND).await;
    let health = checker.health();
    assert_eq!(
        (health.state, health.since.elapsed()),
        (Unhealthy, 7 * SECOND)
    );
    assert_eq!(health.reasons[0].since.elapsed(), BEAT + 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn monitoring_goes_on_after_what_it_finds() {
    let checker = HealthChecker::new();
    let mut changes = checker.watch();
    let (one, another) = (checker.clone(), checker.clone());
    let first = tokio::spawn(async move { one.start_monitoring().await });
    let second = tokio::spawn(async move { another.start_monitoring().await });
    let start = Instant::now();
    for _ in 0..3 {
        checker.update_heartbeat();
        let sick = changes.wait_for(|health| health.state == Unhealthy).await;
        assert_eq!(sick.unwrap().since.elapsed(), Duration::ZERO);
    }
    assert_eq!(start.elapsed(), 3 * BEAT, "to the moment");
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    checker.update_heartbeat();
    checker.wait_for(Unhealthy).await;
    assert!(!second.is_finished());
}

#[tokio::test(start_paused = true)]
async fn dropped_futures_leave_nothing_behind() {
    let checker = HealthChecker::new();
    for _ in 0..10 {
        timeout(SECOND, checker.start_monitoring())
            .await
            .unwrap_err();
        timeout(SECOND, checker.wait_for(Healthy))
            .await
            .unwrap_err();
    }
    checker.update_heartbeat();
    assert_eq!(checker.wait_for(Healthy).await.state, Healthy);
    assert_eq!(checker.0.health.receiver_count(), 0);
    assert_eq!(Arc::strong_count(&checker.0), 1);
}

#[tokio::test(start_paused = true)]
async fn no_duration_is_too_long_or_too_short() {
    for extreme in [Duration::MAX, Duration::ZERO] {
        let checker = HealthChecker::with_thresholds(HealthThresholds {
            check_interval: extreme,
            heartbeat_timeout: extreme,
            activity_timeout: Some(extreme),
            ..HealthThresholds::default()
        });
        let connection = checker.connection(u32::MAX);
        connection.connecting();
        connection.connected();
        connection.beats_every(extreme);
        connection.heartbeat_sent();
        connection.activity();
        let expected = if extreme.is_zero() {
            Unhealthy
        } else {
            Healthy
        };
        assert_eq!(state(&checker), expected);
        // Neither a panic nor a flood, which would keep the paused clock where it is.
        let monitored = timeout(60 * SECOND, checker.start_monitoring()).await;
        assert!(monitored.is_err());
        connection.disconnected("");
        assert_ne!(state(&checker), Healthy);
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_no_sensible_order_does_no_harm() {
    let checker = HealthChecker::new();
    let connection = checker.connection(0);
    connection.heartbeat_acknowledged();
    connection.heartbeat_sent();
    connection.disconnected("unknown");
    connection.paused();
    connection.reads_again();
    connection.beats_every(SECOND);
    connection.removed();
    assert_eq!(findings(&checker), [Finding::NoneKnown]);
    connection.connected();
    connection.removed();
    connection.disconnected("too late");
    assert_eq!(findings(&checker), [Finding::NoneKnown]);
}

#[test]
fn it_needs_no_runtime() {
    let checker = HealthChecker::new();
    checker.update_heartbeat();
    checker.update_message_activity();
    assert_eq!(state(&checker), Healthy);
}

#[test]
fn many_threads_leave_the_watch_at_what_holds() {
    let checker = HealthChecker::new();
    checker.update_heartbeat();
    let barrier = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8_u32)
        .map(|number| {
            let (checker, barrier) = (checker.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                let name = number.to_string();
                for _ in 0..500 {
                    checker.report(&name, Degraded, "bad");
                    checker.handler_failed();
                    checker.connection(0).heartbeat_acknowledged();
                    checker.handled();
                    checker.clear(&name);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    checker.handled();
    assert_eq!(state(&checker), Healthy);
    assert_eq!(checker.watch().borrow().state, Healthy);
    assert!(checker.lock().untold.is_empty());
}
