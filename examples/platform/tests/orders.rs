//! Orders to live sessions.

mod common;

use std::time::Duration;

use common::{Bot, PATIENCE, Socket, platform};
use loopback_platform::{Platform, Scene};
use serde_json::json;

/// Whether the session is still there, with an event that was said while nobody listened.
async fn resumes_with(platform: &Platform, bot: &Bot, session: &str, missed: &str) {
    let mut socket = Socket::greeted(platform).await;
    socket.resume(&bot.token, session, 1).await;
    assert_eq!(socket.frame().await["d"]["id"], missed);
    assert_eq!(socket.frame().await["t"], "RESUMED");
}

#[tokio::test]
async fn an_order_reaches_nobody_where_nobody_is() {
    let platform = platform().await;
    let reached = [
        platform.stop_acks(),
        platform.go_silent(),
        platform.tear_mid_frame(),
        platform.tear_connections(),
        platform.invalidate_then_close(true, 4903),
        platform.ask_for_heartbeat(),
        platform.send_raw("{}"),
    ];
    assert_eq!(reached, [0; 7]);
}

#[tokio::test]
async fn a_session_counts_as_disconnected_from_the_moment_of_the_order() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    for order in [
        Platform::go_silent,
        Platform::tear_mid_frame,
        Platform::tear_connections,
        Platform::reconnect,
    ] {
        let (_socket, _) = Socket::ready(&platform, &bot.token).await;
        assert_eq!(order(&platform), 1);
        assert_eq!(order(&platform), 0);
        let ready = platform.wait_until_ready(Duration::ZERO).await;
        assert!(ready.is_err(), "the bot must come back first");
    }
}

#[tokio::test]
async fn acknowledgements_stop_while_events_go_on() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    socket.beat(1).await;
    assert_eq!(platform.stop_acks(), 1);
    let id = platform.deliver(Scene::Group, "hi");
    assert_eq!(socket.frame().await["d"]["id"], id.as_str());
    socket.say(json!({"op": 1, "d": 2})).await;
    socket.hears_nothing().await;
    let record = platform.ledger().connections().remove(0);
    let seen: Vec<_> = record.heartbeats.iter().map(|(_, seen)| *seen).collect();
    assert_eq!(seen, [Some(1), Some(2)]);
    assert_eq!(platform.ledger().heartbeats(), 1);
}

#[tokio::test]
async fn a_half_open_connection_says_nothing_more_and_does_not_close() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.go_silent(), 1);
    let missed = platform.deliver(Scene::Group, "into the void");
    socket.say(json!({"op": 1, "d": 1})).await;
    socket.hears_nothing().await;
    socket.close(1000).await;
    socket.hears_nothing().await;
    assert_eq!(platform.ledger().open_connections(), 1);
    assert_eq!(platform.reconnect(), 0, "nobody is there any more");
    resumes_with(&platform, &bot, &session, missed.as_str()).await;

    drop(socket);
    let gone = |ledger: &loopback_platform::Ledger| ledger.connections()[0].closed_at.is_some();
    assert!(platform.ledger().wait_until(PATIENCE, gone).await);
}

#[tokio::test]
async fn a_half_open_connection_does_not_hold_up_a_shutdown() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (_socket, _) = Socket::ready(&platform, &bot.token).await;
    platform.go_silent();
    let stopped = tokio::time::timeout(PATIENCE, platform.shutdown()).await;
    stopped.expect("nothing holds it up");
}

#[tokio::test]
async fn a_connection_may_be_torn_in_the_middle_of_a_frame() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.tear_mid_frame(), 1);
    let (bytes, end) = socket.rest().await;
    let error = end.expect_err("torn");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let (head, payload) = bytes.split_at(2);
    assert_eq!(head[0], 0x81, "a whole text frame was announced");
    assert!(
        !payload.is_empty() && payload.len() < usize::from(head[1]),
        "{payload:?} of {}",
        head[1]
    );
    let missed = platform.deliver(Scene::Group, "missed");
    resumes_with(&platform, &bot, &session, missed.as_str()).await;
}

#[tokio::test]
async fn connections_may_be_reset() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.tear_connections(), 1);
    socket.is_reset().await;
    let missed = platform.deliver(Scene::Group, "missed");
    resumes_with(&platform, &bot, &session, missed.as_str()).await;
}

#[tokio::test]
async fn an_invalidation_may_be_followed_by_its_code() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.invalidate_then_close(true, 4903), 1);
    assert_eq!(socket.frame().await, json!({"op": 9, "d": true}));
    assert_eq!(socket.close_code().await, 4903);
    let missed = platform.deliver(Scene::Group, "missed");
    resumes_with(&platform, &bot, &session, missed.as_str()).await;

    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.invalidate_then_close(false, 4924), 1);
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    assert_eq!(socket.close_code().await, 4924);
    let mut socket = Socket::greeted(&platform).await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
}

#[tokio::test]
async fn the_platform_may_ask_for_a_heartbeat() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.ask_for_heartbeat(), 1);
    assert_eq!(socket.frame().await, json!({"op": 1}));
    socket.beat(1).await;
}
