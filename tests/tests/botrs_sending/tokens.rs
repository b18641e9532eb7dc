//! One access token for all.

use botrs::Token;
use loopback_platform::{Outcome, Scene};
use recovery_core::botrs::{Place, TokenError};

use crate::setup::{event, messenger, messenger_of, platform, sends};

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
