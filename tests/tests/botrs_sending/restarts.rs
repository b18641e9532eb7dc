//! A bot that is started again is given events again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use botrs::Token;
use loopback_platform::{Platform, Scene};
use recovery_core::botrs::{
    Begun, Delivery, Replayed, ReplyTarget, SendError, SendJournal, SendKey, TokenError,
};
use recovery_core::{Classify, ErrorKind};

use crate::setup::{delivered, event, messenger, messenger_of, platform, sends};

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
