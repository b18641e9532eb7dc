//! An outbox in a file: what outlives a process, and what cannot be written.

use std::fs;
use std::sync::Arc;

use loopback_platform::Scene;
use recovery_core::botrs::{Delivery, Outbox, Replayed, SendError};
use recovery_core::state::StateError;

use crate::setup::{delivered, event, messenger, platform, sends};
use crate::{SECOND, drained, keeper, open};

#[tokio::test]
async fn two_messengers_cannot_use_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    let error = Outbox::open(folder.path().join("outbox.json")).await;
    assert!(matches!(error, Err(StateError::InUse { .. })), "{error:?}");
    drop(outbox);
    // The lock is let go of in the background.
    for _ in 0..100 {
        if Outbox::open(folder.path().join("outbox.json"))
            .await
            .is_ok()
        {
            return;
        }
        tokio::time::sleep(SECOND / 50).await;
    }
    panic!("the lock is still held");
}

#[tokio::test]
async fn what_cannot_be_saved_is_an_error() {
    let platform = platform().await;
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(&folder.path().join("in")).await;
    let keeper = keeper(&platform, &outbox).await;
    let (kept, to) = event(&platform, Scene::Group);
    keeper.reply(&to, "pong").await.expect("kept");
    let away = folder.path().join("away");
    fs::rename(folder.path().join("in"), &away).expect("it can be moved");
    fs::write(folder.path().join("in"), "no folder").expect("it can be written");
    let (_, to) = event(&platform, Scene::Group);
    let error = keeper.reply(&to, "pong").await.expect_err("no disk");
    assert!(matches!(error, SendError::NotAttempted(_)), "{error}");
    assert_eq!(outbox.len(), 1);

    // And a channel's is not sent while it cannot be marked.
    let (marked, to) = event(&platform, Scene::Channel);
    fs::remove_file(folder.path().join("in")).expect("it can be removed");
    fs::rename(&away, folder.path().join("in")).expect("it can be moved");
    keeper.reply(&to, "pong").await.expect("the disk is back");
    fs::rename(folder.path().join("in"), &away).expect("it can be moved");
    fs::write(folder.path().join("in"), "no folder").expect("it can be written");
    let messenger = messenger(&platform).with_outbox(outbox);
    assert_eq!(messenger.drain_outbox().await, 1);
    assert_eq!(sends(&platform).len(), 1, "only the group's");
    fs::remove_file(folder.path().join("in")).expect("it can be removed");
    fs::rename(&away, folder.path().join("in")).expect("it can be moved");
    drained(&messenger).await;
    assert_eq!(delivered(&platform, &kept), 1);
    assert_eq!(delivered(&platform, &marked), 1);
}

#[tokio::test]
async fn a_replayed_event_whose_reply_waits_is_not_replied_to_twice() {
    let platform = platform().await;
    let folder = tempfile::tempdir().expect("a folder");
    for scene in Scene::ALL {
        let outbox = Outbox::open(folder.path().join(format!("{scene}.json")));
        let outbox = outbox.await.expect("it can be opened");
        let (id, to) = event(&platform, scene);
        let first = keeper(&platform, &outbox).await;
        first.event_begins(&to, Replayed::No);
        first.reply(&to, "it is 12:03").await.expect("kept");

        let second = messenger(&platform).with_outbox(outbox.clone());
        second.event_begins(&to, Replayed::Yes);
        let again = second.reply(&to, "it is 12:04").await;
        assert!(matches!(again, Ok(Delivery::Kept)), "{again:?}");
        assert_eq!((outbox.len(), delivered(&platform, &id)), (1, 0));
        drained(&second).await;
        assert_eq!(delivered(&platform, &id), 1);

        second.event_begins(&to, Replayed::Yes);
        let after = second.reply(&to, "it is 12:05").await;
        if scene.deduplicates() {
            assert!(matches!(after, Ok(Delivery::AlreadyDelivered)), "{after:?}");
        } else {
            assert!(matches!(after, Err(SendError::BegunBefore)), "{after:?}");
        }
        assert_eq!(delivered(&platform, &id), 1, "{scene}");
    }
}

#[tokio::test]
async fn a_crash_behind_a_delivery_doubles_nothing() {
    let platform = platform().await;
    let folder = tempfile::tempdir().expect("a folder");
    let crashed = folder.path().join("crashed");
    fs::create_dir(&crashed).expect("a folder");
    let ids: Vec<_> = Scene::ALL.map(|scene| event(&platform, scene)).into();
    let outbox = open(folder.path()).await;
    let keeper = keeper(&platform, &outbox).await;
    for (_, to) in &ids {
        keeper.reply(to, "pong").await.expect("kept");
    }
    // What the disk would hold if the process died right after its attempts.
    let messenger = Arc::new(messenger(&platform).with_outbox(outbox.clone()));
    let file = folder.path().join("outbox.json");
    let before = fs::read(&file).expect("it is on the disk");
    assert_eq!(messenger.drain_outbox().await, 0);
    fs::write(crashed.join("outbox.json"), before).expect("it can be written");
    let outbox = open(&crashed).await;
    assert_eq!(outbox.len(), 4);
    let groups: Vec<_> = ids
        .iter()
        .filter(|(id, _)| is_group(&platform, id))
        .collect();
    assert_eq!(groups.len(), 2);
    let restarted = crate::setup::messenger(&platform).with_outbox(outbox);
    drained(&restarted).await;
    for (id, _) in groups {
        assert_eq!(delivered(&platform, id), 1);
    }
    assert_eq!(restarted.stats().already_delivered, 2);
}

fn is_group(platform: &loopback_platform::Platform, id: &loopback_platform::EventId) -> bool {
    let event = platform.ledger().event(id).expect("known");
    event.scene.deduplicates()
}
