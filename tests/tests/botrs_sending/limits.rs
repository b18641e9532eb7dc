//! What the platform limits: how often, how late, how many.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use botrs::GroupMessage;
use loopback_platform::{Fault, Scene};
use recovery_core::Classify;
use recovery_core::botrs::{Replayed, SendError};

use crate::setup::{SHORT, event, messenger, platform, sends, target};

#[tokio::test]
async fn one_429_holds_back_all_who_send_there() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    messenger.tokens().get().await.expect("a token");
    let ids: Vec<_> = (0..10)
        .map(|_| platform.deliver_to(Scene::Group, "G", "hi"))
        .collect();
    platform.force(Fault::RateLimited);
    let replies: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let (messenger, to) = (messenger.clone(), target(&platform, id));
            tokio::spawn(async move {
                // The first meets the 429 before the others begin.
                if number > 0 {
                    tokio::time::sleep(SHORT).await;
                }
                messenger.reply(&to, "pong").await
            })
        })
        .collect();
    // Elsewhere nobody waits.
    tokio::time::sleep(SHORT).await;
    let (_, elsewhere) = event(&platform, Scene::Channel);
    let begun = Instant::now();
    messenger.reply(&elsewhere, "pong").await.expect("sent");
    assert!(begun.elapsed() < SHORT / 2, "{:?}", begun.elapsed());

    for reply in replies {
        reply.await.expect("no panic").expect("it is sent");
    }
    let calls: Vec<_> = sends(&platform)
        .into_iter()
        .filter(|call| call.path.contains("groups"))
        .collect();
    assert_eq!(
        calls.len(),
        11,
        "one was refused, nobody else asked in vain"
    );
    let resumed = calls[1].at.saturating_sub(calls[0].at);
    assert!(resumed >= Duration::from_millis(990), "{resumed:?}");
    assert!(platform.ledger().score().is_clean());
}

#[tokio::test]
async fn hopeless_replies_make_no_call() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    let (_, to) = event(&platform, Scene::Group);
    for _ in 0..5 {
        messenger.reply(&to, "pong").await.expect("it is sent");
    }
    let error = messenger.reply(&to, "one more").await.unwrap_err();
    assert!(
        matches!(error, SendError::RepliesUsedUp { limit: 5 }),
        "{error}"
    );

    let id = platform.deliver(Scene::Group, "hi");
    let old = GroupMessage {
        id: Some(id.to_string()),
        group_openid: Some("G".to_owned()),
        timestamp: Some("2026-01-01T00:00:00+08:00".to_owned()),
        ..GroupMessage::default()
    };
    messenger.event_begins(&(&old).into(), Replayed::Yes);
    let error = messenger.reply(&old, "too late").await.unwrap_err();
    assert!(matches!(error, SendError::WindowClosed { .. }), "{error}");

    let error = messenger.reply(&GroupMessage::default(), "hi").await;
    assert!(matches!(error, Err(SendError::NoTarget)));
    assert_eq!(sends(&platform).len(), 5);
}

#[tokio::test]
async fn a_refused_reply_leaves_its_place_to_another() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    let (id, to) = event(&platform, Scene::C2c);
    for _ in 0..10 {
        let error = messenger.reply(&to, " ").await.expect_err("it is empty");
        assert!(!error.is_transient(), "{error}");
    }
    for _ in 0..4 {
        messenger.reply(&to, "pong").await.expect("it is sent");
    }
    let numbers: HashSet<_> = platform
        .ledger()
        .calls_for(&id)
        .iter()
        .map(|call| call.msg_seq)
        .collect();
    assert_eq!(numbers.len(), 14, "no number is used twice");
}
