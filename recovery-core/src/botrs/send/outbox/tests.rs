//! What waits, for how long, and what becomes of it.

use std::sync::mpsc;

use botrs::Token;
use serde_json::json;

use super::entry::Saved;
use super::shelf::{Kept, MOST_BYTES};
use super::*;
use crate::botrs::Hosts;
use crate::botrs::send::attempt::Reply;
use crate::botrs::send::book::Replayed;
use crate::botrs::send::{Delivery, Messenger, Place, ReplyTarget, Scene, SendError, SendKey};
use crate::watch::ErrorMonitor;
use crate::{BreakerState, CircuitBreaker, Classify, ErrorKind, Jitter, RetryConfig};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn key(scene: Scene, target: &str, msg_id: &str, msg_seq: u32) -> SendKey {
    SendKey {
        scene,
        target: target.to_owned(),
        msg_id: msg_id.to_owned(),
        msg_seq,
    }
}

fn entry(key: SendKey, text: &str) -> Entry {
    let reply = Reply {
        deduplicates: key.scene.deduplicates(),
        key,
        is_replayed: false,
        is_kept: false,
    };
    Entry::new(
        "1024",
        &reply,
        &Arc::new(json!({"content": text})),
        5 * MINUTE,
    )
}

fn group(msg_id: &str, msg_seq: u32) -> Entry {
    entry(key(Scene::Group, "G", msg_id, msg_seq), "pong")
}

async fn keep(outbox: &Outbox, entry: Entry) {
    let closes_at = Instant::now() + entry.left(SystemTime::now());
    outbox.keep(entry, closes_at).await.unwrap();
}

/// A messenger whose platform nobody runs.
fn forlorn(outbox: &Outbox) -> Messenger {
    let nowhere = Hosts::production().with_api("http://127.0.0.1:9").unwrap();
    let nowhere = nowhere.with_tokens("http://127.0.0.1:9").unwrap();
    Messenger::new(&Token::new("1024", "secret"), nowhere)
        .unwrap()
        .with_outbox(outbox.clone())
}

fn to(place: Place) -> ReplyTarget {
    ReplyTarget::message(place, "M")
}

fn in_group() -> ReplyTarget {
    to(Place::Group("G".to_owned()))
}

/// A breaker that opens at the first failure, for an hour.
fn open_breaker() -> CircuitBreaker {
    let breaker = CircuitBreaker::builder()
        .window(1)
        .minimum_calls(1)
        .open_for(60 * MINUTE)
        .build()
        .unwrap();
    let now = || Instant::now().into_std();
    breaker.try_acquire(now).unwrap().failed(now);
    assert_eq!(breaker.state(), BreakerState::Open);
    breaker
}

#[test]
fn a_clock_that_jumps_opens_no_window_for_longer() {
    let entry = group("M", 1);
    let kept_at = SystemTime::UNIX_EPOCH + Duration::from_millis(entry.kept_at);
    for (now, left) in [
        (kept_at, 5 * MINUTE),
        (kept_at + 4 * MINUTE, MINUTE),
        (kept_at + 6 * MINUTE, Duration::ZERO),
        (kept_at - 60 * MINUTE, 5 * MINUTE),
        (SystemTime::UNIX_EPOCH, 5 * MINUTE),
    ] {
        assert_eq!(entry.left(now), left);
    }
    let absurd = Entry {
        kept_at: 0,
        closes_at: u64::MAX,
        ..group("M", 1)
    };
    let saved = Saved {
        entries: [(u64::MAX, absurd)].into(),
    };
    let shelf = Shelf::of(saved, SystemTime::now(), Instant::now());
    let kept = shelf.get(u64::MAX).unwrap();
    assert!(kept.closes_at <= Instant::now() + 61 * MINUTE);
}

#[tokio::test(start_paused = true)]
async fn is_bounded_in_number_and_bytes() {
    let outbox = Outbox::in_memory().with_capacity(2);
    keep(&outbox, group("A", 1)).await;
    keep(&outbox, group("B", 1)).await;
    let closes_at = Instant::now() + MINUTE;
    let refused = outbox.keep(group("C", 1), closes_at).await.unwrap_err();
    assert!(refused.to_string().contains("2 replies"), "{refused}");
    let none = Outbox::in_memory().with_capacity(0);
    none.keep(group("A", 1), closes_at).await.unwrap_err();

    let outbox = outbox.with_capacity(usize::MAX);
    let long = "x".repeat(MOST_BYTES);
    let long = entry(key(Scene::Group, "G", "D", 1), &long);
    let refused = outbox.keep(long, closes_at).await.unwrap_err();
    assert!(refused.to_string().contains("bytes"), "{refused}");
    assert_eq!((outbox.len(), *outbox.watch().borrow()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_reply_stands_to_those_of_its_own_message() {
    let outbox = Outbox::in_memory();
    keep(&outbox, group("M", 2)).await;
    let standing = |entry: &Entry| outbox.standing(entry, Replayed::No);
    assert_eq!(standing(&group("M", 2)), Standing::Waits);
    assert_eq!(standing(&group("M", 1)), Standing::Free);
    assert_eq!(standing(&group("M", 3)), Standing::Behind);
    assert_eq!(standing(&group("N", 2)), Standing::Free);
    assert_eq!(
        standing(&entry(key(Scene::Group, "H", "M", 2), "pong")),
        Standing::Free
    );
    let stranger = Entry {
        app_id: "2048".to_owned(),
        ..group("M", 2)
    };
    assert_eq!(standing(&stranger), Standing::Free);
    let reworded = entry(key(Scene::Group, "G", "M", 2), "it is 12:03");
    assert_eq!(standing(&reworded), Standing::Taken);
    assert_eq!(outbox.standing(&reworded, Replayed::Yes), Standing::Waits);
}

#[tokio::test(start_paused = true)]
async fn queues_are_by_place_and_age() {
    let mut shelf = Shelf::default();
    for (target, msg_id) in [("G", "1"), ("H", "2"), ("G", "3"), ("I", "4"), ("H", "5")] {
        let mut kept = Kept::new(
            entry(key(Scene::Group, target, msg_id, 1), "pong"),
            Instant::now(),
        );
        kept.is_ready = true;
        shelf.add(kept);
    }
    assert_eq!(shelf.queues("1024"), [vec![1, 3], vec![2, 5], vec![4]]);
    assert!(shelf.queues("2048").is_empty());
    for number in 1..=5 {
        assert!(shelf.remove(number).is_some());
        assert!(shelf.remove(number).is_none());
    }
    assert!(shelf.queues("1024").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_kept_within_the_patience() {
    let outbox = Outbox::in_memory().with_patience(4 * SECOND);
    let messenger = forlorn(&outbox);
    let begun = Instant::now();
    for place in [
        Place::Group("G".to_owned()),
        Place::C2c("U".to_owned()),
        Place::Channel("C".to_owned()),
        Place::Direct("D".to_owned()),
    ] {
        let reply = messenger.reply(to(place), "pong").await;
        assert!(matches!(reply, Ok(Delivery::Kept)), "{reply:?}");
    }
    // The token is not to be had; the last request for it may last 10 s longer.
    assert!(begun.elapsed() <= 4 * 15 * SECOND, "{:?}", begun.elapsed());
    assert_eq!((outbox.len(), messenger.stats().kept), (4, 4));

    let place = Place::Channel("C".to_owned());
    let active = tokio::time::timeout(2 * MINUTE, messenger.send(&place, "good morning"));
    active.await.unwrap().unwrap_err();
    assert_eq!((outbox.len(), messenger.stats().failed), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_makes_no_call() {
    let outbox = Outbox::in_memory();
    let messenger = forlorn(&outbox).with_breaker(open_breaker());
    let begun = Instant::now();
    let kept = messenger.reply(in_group(), "pong").await;
    assert!(matches!(kept, Ok(Delivery::Kept)), "{kept:?}");
    assert_eq!(messenger.drain_outbox().await, 1);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(messenger.stats().attempts, 0);

    let place = Place::Group("G".to_owned());
    let refused = messenger.send(&place, "good morning").await.unwrap_err();
    assert!(refused.to_string().contains("breaker is open"), "{refused}");
    assert!(refused.retry_after() > Some(59 * MINUTE));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_kept_fails_as_without_an_outbox() {
    let outbox = Outbox::in_memory().with_capacity(0);
    let messenger = forlorn(&outbox).with_breaker(open_breaker());
    let refused = messenger.reply(in_group(), "pong").await.unwrap_err();
    assert!(matches!(refused, SendError::NotAttempted(_)), "{refused}");
    // Its place among the five is another's.
    for _ in 0..9 {
        messenger.reply(in_group(), "pong").await.unwrap_err();
    }
    assert_eq!(messenger.stats().failed, 10);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_waits_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(folder.path().join("outbox.json"))
        .await
        .unwrap();
    let messenger = forlorn(&outbox).with_retry(slow());
    let replies: Vec<_> = (0..20)
        .map(|number| {
            let messenger = messenger.clone();
            let to = ReplyTarget::message(Place::Group("G".to_owned()), number.to_string());
            tokio::spawn(async move { messenger.reply(to, "pong").await })
        })
        .collect();
    tokio::time::sleep(11 * SECOND).await;
    assert!(outbox.is_empty());
    let begun = Instant::now();
    messenger.close().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(outbox.len(), 20);
    for reply in replies {
        assert!(matches!(reply.await.unwrap(), Ok(Delivery::Kept)));
    }
    // It works again.
    messenger.undo_shutdown();
    let again = tokio::spawn({
        let messenger = messenger.clone();
        async move { messenger.reply(in_group(), "pong").await }
    });
    tokio::time::sleep(11 * SECOND).await;
    assert!(!again.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_no_wait_where_the_outbox_forgets_with_the_process() {
    let outbox = Outbox::in_memory();
    let messenger = forlorn(&outbox).with_retry(slow());
    let reply = tokio::spawn({
        let messenger = messenger.clone();
        async move { messenger.reply(in_group(), "pong").await }
    });
    tokio::time::sleep(SECOND).await;
    messenger.close().await.unwrap();
    tokio::time::sleep(10 * SECOND).await;
    assert!(!reply.is_finished() && outbox.is_empty());
}

fn slow() -> RetryConfig {
    RetryConfig::builder()
        .initial_delay(12 * SECOND)
        .jitter(Jitter::None)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_changes_nothing_without_an_outbox() {
    let mut messenger = forlorn(&Outbox::in_memory());
    messenger = Messenger::new(
        &Token::new("1024", "secret"),
        messenger.api().hosts().clone(),
    )
    .unwrap();
    messenger.close().await.unwrap();
    let reply = messenger.reply(in_group(), "pong");
    let waited = tokio::time::timeout(4 * MINUTE, reply).await;
    assert!(
        waited.is_err(),
        "it waits for a token until its window closes"
    );
}

#[tokio::test(start_paused = true)]
async fn a_closed_window_is_told_and_a_panic_in_the_hook_is_caught() {
    let (sender, told) = mpsc::channel();
    let outbox = Outbox::in_memory().on_dropped(move |dropped| {
        sender.send(dropped.clone()).unwrap();
        panic!("as asked");
    });
    let monitor = ErrorMonitor::new(2, 120 * MINUTE);
    let messenger = forlorn(&outbox)
        .with_breaker(open_breaker())
        .with_monitor(monitor.clone());
    messenger.reply(in_group(), "pong").await.unwrap();
    messenger
        .reply(to(Place::C2c("U".to_owned())), "pong")
        .await
        .unwrap();
    tokio::time::advance(5 * MINUTE).await;
    assert_eq!(messenger.drain_outbox().await, 1, "60 minutes are not over");
    let dropped = told.try_recv().unwrap();
    assert_eq!(dropped.key, key(Scene::Group, "G", "M", 1));
    assert_eq!(dropped.reason, DropReason::WindowClosed);
    assert_eq!(dropped.kept_for, 5 * MINUTE);
    tokio::time::advance(55 * MINUTE).await;
    assert_eq!(messenger.drain_outbox().await, 0);
    assert_eq!(messenger.stats().dropped, 2);
    let report = monitor.report();
    assert_eq!(report.by_operation, [("outbox".to_owned(), 2)]);
    assert_eq!(report.by_kind, [(ErrorKind::Timeout, 2)]);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_being_sent_is_sent_again_only_where_that_is_recognised() {
    let (sender, told) = mpsc::channel();
    let outbox = Outbox::in_memory().on_dropped(move |dropped| {
        sender.send((dropped.key.scene, dropped.reason)).unwrap();
    });
    for scene in [Scene::Channel, Scene::Group] {
        let in_doubt = Entry {
            in_doubt: true,
            ..entry(key(scene, "X", "M", 1), "pong")
        };
        keep(&outbox, in_doubt).await;
    }
    forlorn(&outbox).drain_outbox().await;
    assert_eq!(
        told.try_recv(),
        Ok((Scene::Channel, DropReason::MayHaveArrived))
    );
    assert!(told.try_recv().is_err());
    assert_eq!(outbox.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_second_reply_waits_behind_the_first() {
    let outbox = Outbox::in_memory();
    let messenger = forlorn(&outbox).with_breaker(open_breaker());
    messenger.reply(in_group(), "one").await.unwrap();
    let other = forlorn(&outbox);
    other.event_begins(&in_group(), Replayed::Yes);
    let begun = Instant::now();
    for _ in 0..2 {
        let kept = other.reply(in_group(), "whatever").await;
        assert!(matches!(kept, Ok(Delivery::Kept)), "{kept:?}");
    }
    assert_eq!(begun.elapsed(), Duration::ZERO, "nothing is tried");
    assert_eq!(outbox.len(), 2, "the first waits already");
}

#[tokio::test(start_paused = true)]
async fn no_number_names_another_reply_later() {
    let mut shelf = Shelf::default();
    let mut add = || {
        let number = shelf.add(Kept::new(group("M", 1), Instant::now()));
        shelf.remove(number).unwrap();
        number
    };
    // Else whoever lets one go from the disk a moment later would take the next one with it.
    assert_eq!([add(), add(), add()], [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_replies_of_a_bot_that_is_gone_are_given_up() {
    let outbox = Outbox::in_memory();
    let stranger = Entry {
        app_id: "2048".to_owned(),
        ..group("M", 1)
    };
    keep(&outbox, stranger).await;
    let messenger = forlorn(&outbox).with_breaker(open_breaker());
    for (after, left) in [(5 * MINUTE, 1), (MINUTE, 0)] {
        tokio::time::advance(after).await;
        assert_eq!(messenger.drain_outbox().await, left);
    }
    assert_eq!(messenger.stats().dropped, 0, "it was another bot's");
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_ends_waits_for_no_other_bot() {
    let outbox = Outbox::in_memory();
    let other = outbox.turn("2048");
    let _it_drains = other.lock().await;
    let closed = tokio::time::timeout(SECOND, async {
        forlorn(&outbox).drain_outbox().await;
        forlorn(&outbox).close().await
    });
    closed.await.expect("at once").expect("in memory");
}

/// A disk that takes nothing until it is let.
struct Hanging(mpsc::Receiver<()>);

impl crate::state::StateStore<Saved> for Hanging {
    type Snapshot = ();

    fn load(&mut self) -> Result<crate::state::Loaded<Saved>, StateError> {
        Ok(crate::state::Loaded {
            state: None,
            damage: None,
        })
    }

    fn snapshot(&mut self, _: &mut Saved) -> Result<(), StateError> {
        Ok(())
    }

    fn write(&mut self, (): &()) -> Result<crate::state::Written, StateError> {
        let _ = self.0.recv();
        Ok(crate::state::Written::default())
    }
}

#[tokio::test]
async fn a_disk_that_hangs_holds_up_no_caller_for_ever() {
    let (release, hanging) = mpsc::channel();
    let file = crate::state::StatePersistence::open(Hanging(hanging)).await;
    let outbox = Outbox::of(Store::File(file.unwrap()), Shelf::default());
    let messenger = forlorn(&outbox).with_breaker(open_breaker());
    let reply = messenger.reply(in_group(), "pong");
    let refused = tokio::time::timeout(20 * SECOND, reply).await.unwrap();
    refused.expect_err("it is not on the disk");
    assert!(outbox.is_empty());
    drop(release);
    outbox.save().await.unwrap();
}

#[test]
fn a_body_comes_from_the_disk_as_it_was() {
    let body = json!({
        "msg_type": 7,
        "media": {"file_info": "eyJmaWxlIjo=="},
        "content": "\u{e9}\u{0}\u{1f600}",
        "nested": [1.5, u64::MAX, i64::MIN, null, {}],
    });
    let entry = Entry {
        body: Arc::new(body),
        ..group("M", 1)
    };
    let mut text = serde_json::to_value(&entry).unwrap();
    // Of an earlier version.
    text["attempts"] = json!(3);
    let read: Entry = serde_json::from_str(&text.to_string()).unwrap();
    assert_eq!(read.body, entry.body);
    assert_eq!((read.key, read.closes_at), (entry.key, entry.closes_at));
}
