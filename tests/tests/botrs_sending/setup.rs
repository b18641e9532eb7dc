//! A platform, a messenger that ends up on it, and the messages that a bot would get.

use std::time::Duration;

use botrs::{C2CMessage, GroupMessage, Message, Token};
use loopback_platform::{CallRecord, Endpoint, EventId, Platform, PlatformOptions, Scene};
use recovery_core::RetryConfig;
use recovery_core::botrs::{Hosts, Messenger, ReplyTarget};

pub(crate) const SHORT: Duration = Duration::from_millis(500);

pub(crate) async fn platform() -> Platform {
    start(PlatformOptions::default()).await
}

pub(crate) async fn start(options: PlatformOptions) -> Platform {
    Platform::start(options).await.expect("a platform starts")
}

/// A client that ends up on the platform.
pub(crate) fn http_client(platform: &Platform) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(platform.certificate_pem().as_bytes());
    reqwest::Client::builder()
        .proxy(reqwest::Proxy::all(platform.proxy_url()).expect("the proxy's URL is one"))
        .tls_built_in_root_certs(false)
        .add_root_certificate(authority.expect("the certificate is PEM"))
        .build()
        .expect("a client can be built")
}

pub(crate) fn messenger(platform: &Platform) -> Messenger {
    let credentials = platform.credentials();
    messenger_of(
        platform,
        &Token::new(credentials.app_id(), credentials.secret()),
    )
}

pub(crate) fn messenger_of(platform: &Platform, token: &Token) -> Messenger {
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
pub(crate) fn target(platform: &Platform, id: &EventId) -> ReplyTarget {
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

pub(crate) fn event(platform: &Platform, scene: Scene) -> (EventId, ReplyTarget) {
    let id = platform.deliver(scene, "hi");
    let target = target(platform, &id);
    (id, target)
}

pub(crate) fn sends(platform: &Platform) -> Vec<CallRecord> {
    let calls = platform.ledger().calls();
    let is_send = |call: &CallRecord| matches!(call.endpoint, Endpoint::Send(_));
    calls.into_iter().filter(is_send).collect()
}

pub(crate) fn delivered(platform: &Platform, id: &EventId) -> usize {
    platform.ledger().event(id).expect("known").delivered.len()
}
