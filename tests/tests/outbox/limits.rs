//! What may not be kept, or not be sent any more.

use std::sync::mpsc;

use loopback_platform::{Fault, Scene};
use recovery_core::botrs::{Delivery, DropReason, Outbox, SendError};
use recovery_core::{Classify, Effect};

use crate::setup::{delivered, event, messenger, platform, sends};
use crate::{SECOND, drained, keeper};

#[tokio::test]
async fn a_push_back_beyond_the_patience_is_kept_and_obeyed() {
    let platform = platform().await;
    let outbox = Outbox::in_memory().with_patience(SECOND / 2);
    let messenger = messenger(&platform).with_outbox(outbox);
    platform.force(Fault::RateLimited);
    let (id, to) = event(&platform, Scene::Channel);
    let kept = messenger.reply(&to, "pong").await;
    assert!(matches!(kept, Ok(Delivery::Kept)), "{kept:?}");
    assert_eq!(messenger.drain_outbox().await, 1);
    assert_eq!(sends(&platform).len(), 1, "nobody asks in vain");
    drained(&messenger).await;
    let calls = sends(&platform);
    assert!(calls[1].at.saturating_sub(calls[0].at) >= SECOND * 99 / 100);
    assert_eq!(delivered(&platform, &id), 1);
}

#[tokio::test]
async fn a_channels_reply_in_doubt_is_not_kept() {
    let platform = platform().await;
    let outbox = Outbox::in_memory();
    let messenger = messenger(&platform).with_outbox(outbox.clone());
    for scene in [Scene::Channel, Scene::Direct] {
        platform.force(Fault::ReplyLost);
        let (id, to) = event(&platform, scene);
        let error = messenger.reply(&to, "pong").await.expect_err("in doubt");
        assert_eq!(error.effect(), Effect::Unknown);
        assert!(outbox.is_empty());
        assert_eq!(delivered(&platform, &id), 1);
    }
}

#[tokio::test]
async fn what_is_given_up_is_told() {
    let platform = platform().await;
    let (sender, told) = mpsc::channel();
    let outbox = Outbox::in_memory().on_dropped(move |dropped| {
        sender
            .send((dropped.key.clone(), dropped.reason))
            .expect("heard");
    });
    let keeper = keeper(&platform, &outbox).await;
    let (_, group) = event(&platform, Scene::Group);
    let (in_doubt, channel) = event(&platform, Scene::Channel);
    keeper.reply(&group, " ").await.expect("kept");
    let messenger = messenger(&platform).with_outbox(outbox.clone());
    assert_eq!(messenger.drain_outbox().await, 0);
    let (key, reason) = told.try_recv().expect("told");
    assert_eq!((key.scene.as_str(), reason), ("group", DropReason::Refused));

    keeper.reply(&channel, "pong").await.expect("kept");
    platform.force(Fault::ReplyLost);
    assert_eq!(messenger.drain_outbox().await, 0);
    let (key, reason) = told.try_recv().expect("told");
    assert_eq!(key.msg_id, in_doubt.as_str());
    assert_eq!(reason, DropReason::MayHaveArrived);
    assert_eq!(delivered(&platform, &in_doubt), 1);
    assert_eq!(messenger.stats().dropped, 2);
}

#[tokio::test]
async fn a_lost_answer_while_draining_doubles_nothing_in_a_group() {
    let platform = platform().await;
    let outbox = Outbox::in_memory();
    let keeper = keeper(&platform, &outbox).await;
    let (id, group) = event(&platform, Scene::Group);
    keeper.reply(&group, "pong").await.expect("kept");
    let messenger = messenger(&platform).with_outbox(outbox);
    platform.force(Fault::ReplyLost);
    assert_eq!(messenger.drain_outbox().await, 1);
    assert_eq!(messenger.drain_outbox().await, 0);
    assert_eq!(delivered(&platform, &id), 1);
    assert_eq!(messenger.stats().already_delivered, 1);
}

#[tokio::test]
async fn a_full_outbox_gives_the_error_back() {
    let platform = platform().await;
    let outbox = Outbox::in_memory().with_capacity(1);
    let keeper = keeper(&platform, &outbox).await;
    let (_, first) = event(&platform, Scene::Group);
    let (_, second) = event(&platform, Scene::Group);
    keeper.reply(&first, "pong").await.expect("kept");
    let error = keeper.reply(&second, "pong").await.expect_err("full");
    assert!(matches!(error, SendError::NotAttempted(_)), "{error}");
    assert_eq!(outbox.len(), 1);
    let place = recovery_core::botrs::Place::Group("G".to_owned());
    keeper.send(&place, "news").await.expect_err("never kept");
}
