//! The ledger's record of every gateway connection and its kin.

mod common;

use std::time::Duration;

use common::{Bot, PATIENCE, Socket, call, platform, start};
use loopback_platform::{ConnectionRecord, Ledger, PlatformOptions, Scene};
use serde_json::json;

/// The only connection so far.
fn only(ledger: &Ledger) -> ConnectionRecord {
    let mut connections = ledger.connections();
    assert_eq!(connections.len(), 1);
    connections.remove(0)
}

#[tokio::test]
async fn a_connection_is_recorded_from_hello_to_its_end() {
    let platform = platform().await;
    let ledger = platform.ledger();
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    platform.deliver(Scene::Group, "hi");
    socket.frame().await;
    socket.beat(2).await;

    let record = only(&ledger);
    let app_id = platform.credentials().app_id();
    assert_eq!(record.app_id.as_deref(), Some(app_id));
    assert_eq!(record.shard, Some((0, 1)));
    assert!(record.hello_sent);
    assert!(record.opened_at <= record.identified_at.expect("it did"));
    assert!(record.identified_at <= record.ready_at);
    assert_eq!((record.resumed_from, record.resumed_at), (None, None));
    assert_eq!((record.heartbeat_count, record.events_sent), (1, 1));
    assert_eq!(record.heartbeats[0].1, Some(2));
    assert_eq!(record.closed_at, None);
    assert_eq!(ledger.open_connections(), 1);
    assert_eq!(
        ledger.identify_times(app_id),
        [record.identified_at.expect("it did")]
    );

    socket.close(1000).await;
    assert_eq!(socket.close_code().await, 1000, "a close is answered");
    let gone = |ledger: &Ledger| ledger.open_connections() == 0;
    assert!(ledger.wait_until(PATIENCE, gone).await);
    let record = only(&ledger);
    assert_eq!(record.close_code_received, Some(1000));
    assert_eq!(record.close_code_sent, None);
    assert!(record.closed_at >= record.ready_at);
}

#[tokio::test]
async fn a_close_by_the_platform_is_not_taken_for_the_clients() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    platform.close_sessions(4009);
    assert_eq!(socket.close_code().await, 4009);
    drop(socket);
    let ledger = platform.ledger();
    let gone = |ledger: &Ledger| ledger.open_connections() == 0;
    assert!(ledger.wait_until(PATIENCE, gone).await);
    let record = only(&ledger);
    assert_eq!(record.close_code_sent, Some(4009));
    assert_eq!(record.close_code_received, None);
}

#[tokio::test]
async fn a_resume_is_recorded_accepted_or_not() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (socket, session) = Socket::ready(&platform, &bot.token).await;
    drop(socket);
    let mut socket = Socket::greeted(&platform).await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(socket.frame().await["t"], "RESUMED");
    let mut refused = Socket::greeted(&platform).await;
    refused.resume(&bot.token, &session, 99).await;
    assert_eq!(refused.close_code().await, 4007);

    let connections = platform.ledger().connections();
    assert_eq!(connections[1].resumed_from, Some(1));
    assert!(connections[1].resumed_at.is_some());
    assert_eq!(connections[1].shard, Some((0, 1)));
    assert_eq!(connections[1].identified_at, None);
    assert_eq!(connections[2].resumed_from, Some(99));
    assert_eq!(connections[2].resumed_at, None);
}

#[tokio::test]
async fn a_call_is_recorded_with_its_bot_and_the_ids_that_it_quotes() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let app_id = platform.credentials().app_id().to_owned();
    let id = platform.deliver_to(Scene::Group, "G", "hi");
    let event_id = format!("GROUP_AT_MESSAGE_CREATE:{id}");
    for body in [
        json!({"content": "a", "msg_seq": 1, "msg_id": id.as_str()}),
        json!({"content": "b", "msg_seq": 2, "event_id": event_id}),
        json!({"content": "c", "msg_seq": 3, "event_id": event_id, "msg_id": id.as_str()}),
    ] {
        assert_eq!(call(bot.post("/v2/groups/G/messages", &body)).await.0, 200);
    }
    let calls = platform.ledger().calls();
    let quoted: Vec<_> = calls
        .iter()
        .map(|call| (call.event_id.is_some(), call.had_both_ids))
        .collect();
    assert_eq!(
        quoted,
        [(false, false), (false, false), (true, false), (true, true)]
    );
    assert!(
        calls
            .iter()
            .all(|call| call.app_id.as_ref() == Some(&app_id))
    );
    assert_eq!(platform.ledger().token_requests(), 1);
}

#[tokio::test]
async fn hurried_identifies_are_counted_though_they_are_let_through() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.ledger().concurrency_violations(), 0);
    Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.ledger().concurrency_violations(), 1);

    let roomy = start(PlatformOptions {
        max_concurrency: 2,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&roomy).await;
    Socket::ready(&roomy, &bot.token).await;
    Socket::ready(&roomy, &bot.token).await;
    assert_eq!(roomy.ledger().concurrency_violations(), 0);
}

#[tokio::test]
async fn waiting_for_what_does_not_come_ends_at_the_limit() {
    let platform = platform().await;
    let never = |_: &Ledger| false;
    let limit = Duration::from_millis(50);
    assert!(!platform.ledger().wait_until(limit, never).await);
    assert!(platform.ledger().wait_until(limit, |_| true).await);
}
