//! Sending, against the loopback platform: what users see, and what the platform was asked.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use botrs::{C2CMessage, GroupMessage, Message, MessageAudit, Token};
use loopback_platform::{
    CallRecord, Endpoint, EventId, Fault, FaultPlan, Outcome, Platform, PlatformOptions, Scene,
};
use recovery_core::botrs::{
    AuditVerdict, Begun, Delivery, Hosts, Messenger, Place, Replayed, ReplyTarget, SendError,
    SendJournal, SendKey, TokenError,
};
use recovery_core::{Classify, Effect, ErrorKind, RetryConfig};

const PATIENCE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(500);

async fn platform() -> Platform {
    start(PlatformOptions::default()).await
}

async fn start(options: PlatformOptions) -> Platform {
    Platform::start(options).await.expect("a platform starts")
}

/// A client that ends up on the platform.
fn http_client(platform: &Platform) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(platform.certificate_pem().as_bytes());
    reqwest::Client::builder()
        .proxy(reqwest::Proxy::all(platform.proxy_url()).expect("the proxy's URL is one"))
        .tls_built_in_root_certs(false)
        .add_root_certificate(authority.expect("the certificate is PEM"))
        .build()
        .expect("a client can be built")
}

fn messenger(platform: &Platform) -> Messenger {
    let credentials = platform.credentials();
    messenger_of(
        platform,
        &Token::new(credentials.app_id(), credentials.secret()),
    )
}

fn messenger_of(platform: &Platform, token: &Token) -> Messenger {
    let policy = RetryConfig::builder()
        .max_attempts(10)
        .initial_delay(Duration::from_millis(10))
        .build()
        .expect("the policy is valid");
    Messenger::new(token, Hosts::production())
        .expect("a messenger can be made")
        .with_http_client(http_client(platform))
        .with_retry(policy)
}

/// The message that a bot would get for this event.
fn target(platform: &Platform, id: &EventId) -> ReplyTarget {
    let event = platform.ledger().event(id).expect("it was sent");
    let (id, place) = (Some(id.to_string()), event.target);
    match event.scene {
        Scene::Channel => ReplyTarget::from(&Message {
            id,
            channel_id: Some(place),
            ..Message::default()
        }),
        Scene::Direct => ReplyTarget::from(&Message {
            id,
            guild_id: Some(place),
            direct_message: Some(true),
            ..Message::default()
        }),
        Scene::Group => ReplyTarget::from(&GroupMessage {
            id,
            group_openid: Some(place),
            ..GroupMessage::default()
        }),
        Scene::C2c => {
            let mut message = C2CMessage {
                id,
                ..C2CMessage::default()
            };
            message.author.get_or_insert_default().user_openid = Some(place);
            ReplyTarget::from(&message)
        }
    }
}

fn event(platform: &Platform, scene: Scene) -> (EventId, ReplyTarget) {
    let id = platform.deliver(scene, "hi");
    let target = target(platform, &id);
    (id, target)
}

fn sends(platform: &Platform) -> Vec<CallRecord> {
    let calls = platform.ledger().calls();
    let is_send = |call: &CallRecord| matches!(call.endpoint, Endpoint::Send(_));
    calls.into_iter().filter(is_send).collect()
}

fn delivered(platform: &Platform, id: &EventId) -> usize {
    platform.ledger().event(id).expect("known").delivered.len()
}

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
async fn an_audit_is_pending_until_its_verdict() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    let (id, to) = event(&platform, Scene::Channel);
    platform.force(Fault::Audit);
    let pending = messenger.reply(&to, "pong").await.expect("it is taken");
    let Delivery::Pending(audit) = pending else {
        panic!("{pending:?}");
    };
    assert_eq!(platform.ledger().calls_for(&id).len(), 1, "not sent again");
    let Outcome::PendingAudit { audit_id } = sends(&platform).remove(0).outcome else {
        panic!("the platform audits it");
    };
    assert_eq!(audit.id(), Some(&*audit_id));
    audit.verdict(Duration::from_millis(10)).await.unwrap_err();
    let event = MessageAudit {
        audit_id,
        message_id: "m".to_owned(),
        ..MessageAudit::default()
    };
    messenger.clone().audit_result(&event, true);
    let verdict = audit.verdict(PATIENCE).await.expect("it has come");
    let message_id = Some("m".to_owned());
    assert_eq!(verdict, AuditVerdict::Passed { message_id });
}

#[tokio::test]
async fn an_expired_token_is_replaced_once_for_all() {
    let platform = platform().await;
    let messenger = messenger(&platform);
    messenger.tokens().get().await.expect("a token");
    platform.expire_tokens();
    let (id, _) = event(&platform, Scene::Channel);
    let place = Place::Channel(platform.ledger().event(&id).unwrap().target);
    let sending: Vec<_> = (0..50)
        .map(|_| {
            let (messenger, place) = (messenger.clone(), place.clone());
            tokio::spawn(async move { messenger.send(&place, "news").await })
        })
        .collect();
    for sending in sending {
        sending.await.expect("no panic").expect("it is sent");
    }
    assert_eq!(platform.ledger().tokens_issued(), 2);
    let accepted = sends(&platform)
        .iter()
        .filter(|call| matches!(call.outcome, Outcome::Accepted { .. }))
        .count();
    assert_eq!(accepted, 50);
}

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
    let resumed = calls[1].at - calls[0].at;
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

/// What a journal on disk would be.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<HashSet<SendKey>>>);

impl SendJournal for Notes {
    fn begin(&self, key: &SendKey) -> Begun {
        if self.0.lock().unwrap().insert(key.clone()) {
            Begun::First
        } else {
            Begun::Before
        }
    }
}

/// Handles the event as a bot does that has just been started.
async fn handle(
    platform: &Platform,
    notes: &Notes,
    to: &ReplyTarget,
    replayed: Replayed,
) -> [Result<Delivery, SendError>; 2] {
    let messenger = messenger(platform).with_journal(Arc::new(notes.clone()));
    messenger.event_begins(to, replayed);
    [
        messenger.reply(to, "first").await,
        messenger.reply(to, "second").await,
    ]
}

#[tokio::test]
async fn a_handler_that_runs_again_after_a_restart_doubles_nothing() {
    use Delivery::{AlreadyDelivered, Sent};

    let platform = platform().await;
    for scene in Scene::ALL {
        let (id, to) = event(&platform, scene);
        let notes = Notes::default();
        let first = handle(&platform, &notes, &to, Replayed::No).await;
        assert!(matches!(first, [Ok(Sent(_)), Ok(Sent(_))]), "{first:?}");
        let again = handle(&platform, &notes, &to, Replayed::Yes).await;
        match scene {
            Scene::Group | Scene::C2c => assert!(
                matches!(again, [Ok(AlreadyDelivered), Ok(AlreadyDelivered)]),
                "{again:?}"
            ),
            Scene::Channel | Scene::Direct => assert!(
                matches!(
                    again,
                    [Err(SendError::BegunBefore), Err(SendError::BegunBefore)]
                ),
                "{again:?}"
            ),
        }
        assert_eq!(delivered(&platform, &id), 2, "{scene}");
    }
}

#[tokio::test]
async fn without_a_replay_a_taken_number_is_somebody_elses() {
    let platform = platform().await;
    let (_, to) = event(&platform, Scene::Group);
    messenger(&platform).reply(&to, "mine").await.expect("sent");
    let error = messenger(&platform).reply(&to, "mine too").await;
    assert!(matches!(error, Err(SendError::NumberTaken { msg_seq: 1 })));
    // The platform's replay says that it may have been one's own.
    let restarted = messenger(&platform);
    restarted.event_begins(&to, Replayed::Yes);
    let again = restarted.reply(&to, "mine").await;
    assert!(matches!(again, Ok(Delivery::AlreadyDelivered)), "{again:?}");
}

#[tokio::test]
async fn a_reply_that_never_went_out_is_not_noted() {
    let platform = platform().await;
    let (_, to) = event(&platform, Scene::Channel);
    let notes = Notes::default();
    let stranger = Token::new(platform.credentials().app_id(), "wrong");
    let messenger = messenger_of(&platform, &stranger).with_journal(Arc::new(notes.clone()));
    let error = messenger.reply(&to, "pong").await.expect_err("no token");
    assert!(
        matches!(error, SendError::Token(TokenError::WrongSecret)),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(notes.0.lock().unwrap().is_empty());
    assert!(sends(&platform).is_empty());
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

#[tokio::test]
async fn a_hundred_who_ask_for_a_token_make_one_request() {
    let platform = platform().await;
    for (secret, is_right) in [(platform.credentials().secret(), true), ("wrong", false)] {
        let token = Token::new(platform.credentials().app_id(), secret);
        let messenger = messenger_of(&platform, &token);
        let before = platform.ledger().calls().len();
        let asking: Vec<_> = (0..100)
            .map(|_| {
                let tokens = messenger.tokens().clone();
                tokio::spawn(async move { tokens.get().await })
            })
            .collect();
        for asking in asking {
            match asking.await.expect("no panic") {
                Ok(_) => assert!(is_right),
                Err(TokenError::WrongSecret) => assert!(!is_right),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(platform.ledger().calls().len() - before, 1);
    }
}

/// Three calls in ten meet a fault, those for tokens among them.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_doubled_when_much_goes_wrong() {
    let platform = start(PlatformOptions {
        faults: FaultPlan::new(3, 0.3).expect("a plan"),
        slow_by: 2 * SHORT,
        ..PlatformOptions::default()
    })
    .await;
    let messenger = messenger(&platform).with_timeout(SHORT);
    let events: Vec<_> = (0..40)
        .map(|number| event(&platform, Scene::ALL[number % 4]))
        .collect();
    let replies: Vec<_> = events
        .iter()
        .map(|(id, to)| {
            let (messenger, id, to) = (messenger.clone(), id.clone(), to.clone());
            tokio::spawn(async move { (id, messenger.reply(&to, "pong").await) })
        })
        .collect();
    for reply in replies {
        let (id, result) = reply.await.expect("no panic");
        let record = platform.ledger().event(&id).expect("known");
        assert!(record.delivered.len() <= 1, "{}: {result:?}", record.scene);
        if let Err(error) = &result {
            assert!(!record.scene.deduplicates(), "{error}");
            assert_eq!(error.effect(), Effect::Unknown, "{error}");
        }
    }
    assert_eq!(platform.ledger().score().doubled, 0);
}
