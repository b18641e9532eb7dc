//! Each reply arrives once, where the platform recognises a repeated one and where it does not.

use loopback_platform::{Fault, Outcome, PlatformOptions, Scene};
use recovery_core::botrs::{Delivery, Place, ReplyTarget};
use recovery_core::{Classify, Effect};

use crate::setup::{SHORT, delivered, event, messenger, platform, sends, start};

#[tokio::test]
async fn every_scene_is_replied_to_once() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    for scene in Scene::ALL {
        let (id, to) = event(&platform, scene);
        let sent = messenger.reply(&to, "pong").await.expect("it is taken");
        assert_eq!(
            sent.message_id(),
            Some(&*platform.ledger().event(&id).unwrap().delivered[0])
        );
    }
    assert!(platform.ledger().score().is_clean());
    assert_eq!(platform.ledger().tokens_issued(), 1);
}

#[tokio::test]
async fn a_reply_whose_answer_is_lost_is_sent_again_under_its_number() {
    for scene in [Scene::Group, Scene::C2c] {
        let platform = platform().await;
        let messenger = messenger(&platform);
        let (id, to) = event(&platform, scene);
        platform.force(Fault::ReplyLost);
        platform.force(Fault::BadGateway);
        let first = messenger.reply(&to, "first").await.expect("it arrived");
        assert!(matches!(first, Delivery::AlreadyDelivered), "{first:?}");
        let second = messenger.reply(&to, "second").await.expect("it arrives");
        assert!(matches!(second, Delivery::Sent(_)), "{second:?}");

        let calls = platform.ledger().calls_for(&id);
        let numbers: Vec<_> = calls.iter().map(|call| call.msg_seq).collect();
        assert_eq!(numbers, [1, 1, 1, 2]);
        assert_eq!(calls[2].outcome, Outcome::Duplicate);
        assert_eq!(delivered(&platform, &id), 2, "two replies, each once");
    }
}

#[tokio::test]
async fn where_nothing_is_recognised_a_lost_answer_is_not_repeated() {
    for scene in [Scene::Channel, Scene::Direct] {
        let platform = platform().await;
        let messenger = messenger(&platform);
        let (id, to) = event(&platform, scene);
        platform.force(Fault::ReplyLost);
        let error = messenger.reply(&to, "pong").await.expect_err("in doubt");
        assert_eq!(error.effect(), Effect::Unknown, "{error}");
        assert_eq!(platform.ledger().calls_for(&id).len(), 1);
        assert_eq!(delivered(&platform, &id), 1);
        // What surely had no effect is tried again here too.
        for fault in [
            Fault::RateLimitedBare,
            Fault::ErrorBody,
            Fault::TokenExpired,
        ] {
            platform.force(fault);
        }
        let (id, to) = event(&platform, scene);
        messenger.reply(&to, "pong").await.expect("it arrives");
        assert_eq!(platform.ledger().calls_for(&id).len(), 4);
        assert_eq!(delivered(&platform, &id), 1);
    }
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_then_asked_again() {
    let platform = start(PlatformOptions {
        slow_by: 2 * SHORT,
        ..PlatformOptions::default()
    })
    .await;
    let messenger = messenger(&platform).with_timeout(SHORT);
    let (id, to) = event(&platform, Scene::Group);
    platform.force(Fault::Slow);
    let sent = messenger.reply(&to, "pong").await.expect("it arrived");
    assert!(matches!(sent, Delivery::AlreadyDelivered));
    assert_eq!(delivered(&platform, &id), 1);
}

#[tokio::test]
async fn a_200_that_is_an_error_is_tried_again() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    let (id, to) = event(&platform, Scene::Channel);
    platform.force(Fault::ErrorBody);
    messenger.reply(&to, "pong").await.expect("it arrives");
    assert_eq!(platform.ledger().calls_for(&id).len(), 2);
    assert_eq!(delivered(&platform, &id), 1);
}

#[tokio::test]
async fn an_event_is_replied_to_by_its_own_id() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    let id = platform.deliver_to(Scene::Group, "G", "hi");
    let place = Place::Group("G".to_owned());
    let to = ReplyTarget::event(place, format!("GROUP_AT_MESSAGE_CREATE:{id}"));
    messenger.reply(&to, "pong").await.expect("it is sent");
    assert_eq!(delivered(&platform, &id), 1);
    platform.force(Fault::ReplyLost);
    let error = messenger.reply(&to, "pong").await.expect_err("in doubt");
    assert_eq!(error.effect(), Effect::Unknown);
    assert_eq!(sends(&platform).len(), 2, "not promised to be recognised");
}

#[tokio::test]
async fn an_active_message_is_sent_at_most_once() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    let place = Place::Group("G".to_owned());
    platform.force(Fault::Unavailable);
    messenger.send(&place, "news").await.expect_err("in doubt");
    assert_eq!(sends(&platform).len(), 1);
    platform.force(Fault::ErrorBody);
    messenger.send(&place, "news").await.expect("it is sent");
    let last = sends(&platform).pop().expect("a call");
    assert_eq!((sends(&platform).len(), last.msg_id), (3, None));
}
