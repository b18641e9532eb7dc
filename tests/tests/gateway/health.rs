//! The health of a bot: what is found, and what the client does about it.

use std::time::Duration;

use loopback_platform::{ConnectionRecord, Ledger, Platform, PlatformOptions, Scene};
use serde_json::Value;
use tokio::time::timeout;

use crate::support::{Bot, PATIENCE, answered, start};

/// The changes of health that the bot has told, from the `from`th on, until one is like this; returns
/// them.
async fn healths(bot: &mut Bot, from: usize, is_last: impl Fn(&str) -> bool) -> Vec<String> {
    let states = |bot: &Bot| -> Vec<String> {
        let states = bot.all("health").into_iter().skip(from);
        states
            .filter_map(|state| state.as_str().map(str::to_owned))
            .collect()
    };
    let waited = timeout(PATIENCE, async {
        let mut count = from;
        loop {
            count += 1;
            bot.tells("health", count).await;
            let states = states(bot);
            if states.iter().any(|state| is_last(state)) {
                return states;
            }
        }
    });
    waited
        .await
        .expect("the bot tells of that state in good time")
}

fn resumes(ledger: &Ledger) -> usize {
    let is_resume = |one: &&ConnectionRecord| one.resumed_from.is_some();
    ledger.connections().iter().filter(is_resume).count()
}

/// What the bot has counted under these names.
async fn stats(platform: &Platform, bot: &mut Bot) -> (String, Value) {
    let count = bot.all("stats").len();
    platform.deliver(Scene::C2c, "!stats");
    let stats = bot.tells("stats", count + 1).await;
    let errors = bot.all("errors").pop().unwrap_or_default();
    (stats.as_str().unwrap_or_default().to_owned(), errors)
}

#[tokio::test]
async fn a_connection_without_acknowledged_heartbeats_is_resumed_once() {
    // Two missed answers would take 9 s; two intervals, the least that the checker waits, take 6 s.
    let platform = start(PlatformOptions {
        heartbeat_interval: Duration::from_secs(3),
        ..PlatformOptions::default()
    })
    .await;
    let mut bot = Bot::resilient(&platform, &["--heartbeat-timeout", "1000"]);
    healths(&mut bot, 0, |state| state == "healthy").await;
    let before = bot.all("health").len();
    assert_eq!(platform.stop_acks(), 1);
    let said: Vec<_> = (0..5)
        .map(|_| platform.deliver(Scene::Group, "!ping"))
        .collect();
    bot.tells("resumed", 1).await;
    healths(&mut bot, before, |state| state == "healthy").await;
    let causes = bot.all("status");
    assert!(
        causes.iter().any(|cause| cause
            .to_string()
            .contains("no heartbeat was acknowledged for too long")),
        "{causes:?}"
    );

    let later = platform.deliver(Scene::Group, "!ping");
    for id in said.iter().chain([&later]) {
        answered(&platform, id).await;
        assert_eq!(bot.begun(id), 1);
    }
    // Over two more intervals, in which heartbeats are acknowledged, nothing more happens.
    tokio::time::sleep(Duration::from_secs(7)).await;
    let ledger = platform.ledger();
    assert_eq!((ledger.identifies(), ledger.resumes()), (1, 1));
    assert_eq!(ledger.connections().len(), 2);
    let (stats, errors) = stats(&platform, &mut bot).await;
    for expected in [
        "connections: 2",
        "resumed: 1",
        "disconnections: 1",
        "duplicates: 0",
    ] {
        assert!(stats.contains(expected), "{stats}");
    }
    assert_eq!(errors.to_string(), r#"[["gateway",1]]"#);
}

#[tokio::test]
async fn health_follows_the_platform_into_the_dark_and_back() {
    let platform = start(PlatformOptions::default()).await;
    let mut bot = Bot::resilient(&platform, &["--heartbeat-timeout", "1000"]);
    let states = healths(&mut bot, 0, |state| state == "healthy").await;
    assert_eq!(states.first().map(String::as_str), Some("starting"));
    assert_eq!(states.last().map(String::as_str), Some("healthy"));

    let before = bot.all("health").len();
    let dark = platform.go_dark(Duration::from_secs(3));
    let states = healths(&mut bot, before, |state| state == "unhealthy").await;
    assert_eq!(states, ["degraded", "unhealthy"]);
    dark.await;
    let states = healths(&mut bot, before, |state| state == "healthy").await;
    assert_eq!(states, ["degraded", "unhealthy", "healthy"]);
    let reasons = bot.all("reasons").pop();
    assert_eq!(reasons, Some(serde_json::json!([])));
}

#[tokio::test]
async fn the_program_may_ask_a_shard_for_another_connection() {
    let platform = start(PlatformOptions {
        shards: 2,
        ..PlatformOptions::default()
    })
    .await;
    let mut bot = Bot::resilient(&platform, &["--heartbeat-timeout", "60000"]);
    bot.tells("ready", 2).await;
    platform.deliver(Scene::C2c, "!reconnect 1");
    bot.tells("resumed", 1).await;
    let id = platform.deliver(Scene::C2c, "!ping");
    answered(&platform, &id).await;
    let ledger = platform.ledger();
    let shards: Vec<_> = ledger.connections().iter().map(|one| one.shard).collect();
    assert_eq!(
        shards
            .iter()
            .filter(|shard| **shard == Some((1, 2)))
            .count(),
        2
    );
    assert_eq!(shards.len(), 3, "the other shard stays where it is");
    assert_eq!((ledger.identifies(), resumes(&ledger)), (2, 1));

    platform.deliver(Scene::C2c, "!reconnect");
    bot.tells("resumed", 3).await;
    let (stats, errors) = stats(&platform, &mut bot).await;
    assert!(stats.contains("disconnections: 3"), "{stats}");
    assert_eq!(errors.to_string(), "[]", "what is asked for is no failure");
}

#[tokio::test]
async fn events_are_counted_by_how_they_ended() {
    let platform = start(PlatformOptions::default()).await;
    let arguments = ["--heartbeat-timeout", "60000", "--handler-timeout", "1500"];
    let mut bot = Bot::resilient(&platform, &arguments);
    bot.tells("ready", 1).await;
    let id = platform.deliver(Scene::Group, "!ping");
    platform.deliver(Scene::Channel, "!panic");
    platform.deliver(Scene::Direct, "!sleep 60000");
    bot.handles(&id).await;
    assert!(platform.deliver_again(&id));
    // A payload that botrs cannot read.
    platform.deliver_dispatch(
        "GROUP_AT_MESSAGE_CREATE",
        None,
        serde_json::json!({"id": []}),
    );
    assert_eq!(platform.send_raw("no JSON"), 1);
    bot.tells("error", 4).await;
    let (stats, errors) = stats(&platform, &mut bot).await;
    for expected in [
        // READY, five and the question.
        "events_received: 7,",
        "duplicates: 1,",
        "events_handled: 2,",
        "handlers_panicked: 1,",
        "handlers_timed_out: 1,",
        "unreadable: 1,",
        "cut_off: 0,",
        "in_hand: 1,",
        "malformed_frames: 1,",
        "connections: 1,",
    ] {
        assert!(stats.contains(expected), "{expected} {stats}");
    }
    for expected in [
        r#"["handler",2]"#,
        r#"["event",1]"#,
        r#"["gateway.frame",1]"#,
    ] {
        assert!(errors.to_string().contains(expected), "{errors}");
    }
}
