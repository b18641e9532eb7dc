//! A server of a few lines, for answers that the loopback platform does not give.

use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use botrs::{GroupMessage, Message, Token};
use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::send::{Delivery, Messenger, Replayed, Scene, SendError};
use super::super::token::AccessTokens;
use super::*;
use crate::classify::{Classify, Effect, ErrorKind};
use crate::retry::RetryConfig;

const LIMIT: Duration = Duration::from_millis(300);
const TOKEN: &str = r#"{"access_token":"T","expires_in":"7200"}"#;

/// What the server does with a request.
#[derive(Clone)]
enum Act {
    Answer(String),
    /// Sends this, which promises more, and closes.
    Break(&'static str),
    Hang,
}

fn json_answer(status: u16, body: &str) -> Act {
    let length = body.len();
    Act::Answer(format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

struct Server {
    url: String,
    /// The requests for anything but tokens, as they came.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Acts so in turn, the last for ever; to requests for a token it always gives one.
    async fn start(acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (noted, acts) = (Arc::clone(&requests), acts.to_vec());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                let act = if request.starts_with("POST /app/") {
                    json_answer(200, TOKEN)
                } else {
                    let mut noted = noted.lock().unwrap();
                    noted.push(request);
                    acts[(noted.len() - 1).min(acts.len() - 1)].clone()
                };
                tokio::spawn(async move {
                    match act {
                        Act::Answer(text) => stream.write_all(text.as_bytes()).await.unwrap(),
                        Act::Break(text) => stream.write_all(text.as_bytes()).await.unwrap(),
                        Act::Hang => tokio::time::sleep(10 * LIMIT).await,
                    }
                });
            }
        });
        Self { url, requests }
    }

    fn hosts(&self) -> Hosts {
        let hosts = Hosts::production().with_api(&self.url).unwrap();
        hosts.with_tokens(&self.url).unwrap()
    }

    fn messenger(&self) -> Messenger {
        let patience = RetryConfig::builder()
            .max_attempts(3)
            .initial_delay(LIMIT / 300)
            .build();
        Messenger::new(&token(), self.hosts())
            .unwrap()
            .with_http_client(direct())
            .with_retry(patience.unwrap())
            .with_timeout(LIMIT)
    }

    fn seen(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        request.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let lower = text.to_lowercase();
        let length = lower
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split_once("\r\n")?.0.parse::<usize>().ok())
            .unwrap_or(0);
        let is_whole = text
            .split_once("\r\n\r\n")
            .is_some_and(|(_, body)| body.len() >= length);
        if is_whole || count == 0 {
            return text;
        }
    }
}

fn token() -> Token {
    Token::new("4711", "hush")
}

/// Past any proxy of the machine, and without a redirect.
fn direct() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap()
}

fn group_message() -> GroupMessage {
    GroupMessage {
        id: Some("M".to_owned()),
        group_openid: Some("G/1".to_owned()),
        ..GroupMessage::default()
    }
}

fn channel_message() -> Message {
    Message {
        id: Some("M".to_owned()),
        channel_id: Some("C".to_owned()),
        ..Message::default()
    }
}

async fn one_send(act: Act) -> BotError {
    let server = Server::start(&[act]).await;
    let api = PlatformApi::new(server.hosts(), "4711")
        .unwrap()
        .with_client(direct());
    let access = AccessTokens::of(api.clone(), &token()).get().await.unwrap();
    api.send(&access, &["channels"], &json!({}), LIMIT)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_call_names_the_bot_and_says_what_it_says() {
    let server = Server::start(&[json_answer(200, r#"{"id":"m"}"#)]).await;
    let sent = server.messenger().reply(&group_message(), "hi").await;
    assert_eq!(sent.unwrap().message_id(), Some("m"));
    let request = server.seen().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /v2/groups/G%2F1/messages HTTP/1.1"),
        "{head}"
    );
    let head = head.to_lowercase();
    for line in [
        "authorization: qqbot t",
        "x-union-appid: 4711",
        "content-type: application/json",
        concat!("user-agent: recovery/", env!("CARGO_PKG_VERSION"), " botrs"),
    ] {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        json!({"content": "hi", "msg_id": "M", "msg_seq": 1, "msg_type": 0})
    );
}

#[tokio::test]
async fn what_is_not_known_to_have_failed_is_in_doubt() {
    let torn_answer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    for (act, kind) in [
        (Act::Hang, ErrorKind::Timeout),
        (Act::Break(""), ErrorKind::Network),
        (Act::Break(torn_answer), ErrorKind::Network),
        (json_answer(502, "<html>"), ErrorKind::Server),
    ] {
        let error = one_send(act).await;
        assert_eq!(Classify::kind(&error), kind, "{error:?}");
        assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
    }
}

#[tokio::test]
async fn a_call_that_was_not_made_had_no_effect() {
    let access = {
        let server = Server::start(&[Act::Hang]).await;
        let api = PlatformApi::new(server.hosts(), "4711").unwrap();
        AccessTokens::of(api.with_client(direct()), &token())
            .get()
            .await
            .unwrap()
    };
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let hosts = Hosts::production().with_api(&url).unwrap();
    let api = PlatformApi::new(hosts.with_tokens(&url).unwrap(), "4711").unwrap();
    let api = api.with_client(direct());
    let error = api
        .send(&access, &["channels"], &json!({}), LIMIT)
        .await
        .unwrap_err();
    assert_eq!(Classify::kind(&error), ErrorKind::Network);
    assert_eq!(error.effect(), Effect::None);
    let error = api.request_token("4711", "hush").await.unwrap_err();
    assert!(matches!(error, TokenError::Unreachable { .. }));
    assert!(error.is_transient());
    assert!(!format!("{error:?} {error}").contains("hush"));
}

#[tokio::test]
async fn a_connection_that_takes_too_long_had_no_effect() {
    let server = Server::start(&[Act::Hang]).await;
    let api = PlatformApi::new(server.hosts(), "4711").unwrap();
    let tokens = AccessTokens::of(api.with_client(direct()), &token());
    let access = tokens.get().await.unwrap();
    // It accepts, and says nothing to TLS's hello.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let impatient = Client::builder().no_proxy().connect_timeout(LIMIT / 3);
    let api = PlatformApi::new(Hosts::production().with_api(&url).unwrap(), "4711")
        .unwrap()
        .with_client(impatient.build().unwrap());
    let error = api
        .send(&access, &["channels"], &json!({}), 10 * LIMIT)
        .await
        .unwrap_err();
    assert_eq!(Classify::kind(&error), ErrorKind::Timeout, "{error:?}");
    assert_eq!(error.effect(), Effect::None, "{error:?}");
}

#[tokio::test]
async fn the_gateway_is_asked_for_with_the_token() {
    let answer = r#"{"url":"wss://g","shards":1,"session_start_limit":
        {"total":1000,"remaining":999,"reset_after":1,"max_concurrency":1}}"#;
    let server = Server::start(&[json_answer(200, answer)]).await;
    let messenger = server.messenger();
    let access = messenger.tokens().get().await.unwrap();
    let gateway = messenger.api().gateway(&access).await.unwrap();
    assert_eq!(gateway.session_start_limit.remaining, 999);
    let request = server.seen().remove(0).to_lowercase();
    assert!(
        request.starts_with("get /gateway/bot http/1.1"),
        "{request}"
    );
    assert!(request.contains("authorization: qqbot t"), "{request}");
}

#[tokio::test]
async fn attempts_end_with_the_reply_window() {
    let server = Server::start(&[json_answer(502, "<html>")]).await;
    let patient = RetryConfig::builder()
        .max_attempts(1000)
        .backoff(crate::Backoff::Constant)
        .initial_delay(LIMIT / 3);
    let messenger = server.messenger().with_retry(patient.build().unwrap());
    let almost = Scene::Group.reply_window().saturating_sub(LIMIT);
    let sent_at = SystemTime::now().checked_sub(almost).unwrap();
    let mut message = group_message();
    message.timestamp = Some(DateTime::<Utc>::from(sent_at).to_rfc3339());
    messenger.event_begins(&(&message).into(), Replayed::Yes);
    let begun = Instant::now();
    messenger.reply(&message, "hi").await.unwrap_err();
    assert!(begun.elapsed() < 2 * LIMIT, "{:?}", begun.elapsed());
    let calls = server.seen().len();
    assert!((2..=4).contains(&calls), "{calls}");
}

#[tokio::test]
async fn a_doubt_outlasts_the_attempt_that_left_it() {
    let full = json_answer(400, r#"{"err_code":40034024,"message":"any"}"#);
    for (first, is_in_doubt) in [(Act::Break(""), true), (json_answer(429, "{}"), false)] {
        let server = Server::start(&[first, full.clone()]).await;
        let error = server.messenger().reply(&group_message(), "hi").await;
        let error = error.unwrap_err();
        assert_eq!(
            matches!(error, SendError::InDoubt(_)),
            is_in_doubt,
            "{error}"
        );
        assert_eq!(error.effect() == Effect::Unknown, is_in_doubt, "{error}");
        assert!(!error.is_transient(), "{error}");
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let error = one_send(Act::Answer(elsewhere.to_owned())).await;
    assert!(
        matches!(error, BotError::Api { code: 307, .. }),
        "{error:?}"
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_unreadable_200_was_sent_and_is_not_sent_again() {
    let server = Server::start(&[json_answer(200, "<html>")]).await;
    let sent = server.messenger().reply(&group_message(), "hi").await;
    assert!(matches!(sent, Ok(Delivery::Sent(answer)) if answer.id.is_none()));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_group_is_tried_again_in_doubt_and_a_channel_is_not() {
    let acts = [Act::Break(""), json_answer(200, r#"{"id":"m"}"#)];
    let server = Server::start(&acts).await;
    let sent = server.messenger().reply(&group_message(), "hi").await;
    assert_eq!(sent.unwrap().message_id(), Some("m"));
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1], "the same call once more");

    let server = Server::start(&acts).await;
    let error = server.messenger().reply(&channel_message(), "hi").await;
    assert_eq!(error.unwrap_err().effect(), Effect::Unknown);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_number_that_somebody_else_took_is_an_error() {
    let taken = json_answer(400, r#"{"err_code":40054005,"message":"any"}"#);
    for (first, is_ours) in [
        (json_answer(429, r#"{"code":22009}"#), false),
        (json_answer(502, "<html>"), true),
        (Act::Hang, true),
    ] {
        let server = Server::start(&[first, taken.clone()]).await;
        let answer = server.messenger().reply(&group_message(), "hi").await;
        match answer {
            Ok(Delivery::AlreadyDelivered) => assert!(is_ours),
            Err(SendError::NumberTaken { msg_seq: 1 }) => assert!(!is_ours),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_token_that_stays_refused_ends_the_call() {
    let refused = json_answer(
        401,
        r#"{"code":11244,"message":"token not exist or expire"}"#,
    );
    let server = Server::start(&[refused]).await;
    let error = server.messenger().reply(&group_message(), "hi").await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(server.seen().len(), 6, "five more calls, a second apart");
}
