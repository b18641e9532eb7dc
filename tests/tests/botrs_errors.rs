//! What botrs makes of the platform's failures, and what they mean.

use std::env;
use std::time::Duration;

use botrs::error::SdkError;
use botrs::http::HttpClient;
use botrs::models::message::GroupMessageParams;
use botrs::{BotApi, BotError, Token};
use loopback_platform::{BotEnvironment, Fault, Platform, PlatformOptions, Scene};
use recovery_core::botrs::{
    accepted, is_already_delivered, is_pending, is_retryable_error, is_token_expired,
};
use recovery_core::{Classify, Effect, ErrorKind, RetryConfig, retry_with_extended_timeout};

use Effect::{Done, None as NoEffect, Unknown};
use ErrorKind::{
    Authentication, Conflict, Forbidden, InvalidInput, Network, NotFound, Other, RateLimited,
    Server, Timeout,
};

fn json_error(text: &str) -> BotError {
    BotError::Json(serde_json::from_str::<Vec<u32>>(text).expect_err("does not fit"))
}

/// Each variant as botrs 0.13.0 uses it: kind, effect, whether it is retried.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_error_means_what_the_platform_means() {
    let text = || "text".to_owned();
    let sdk = |code| BotError::Sdk(SdkError::new(code, "text", None::<String>));
    let io = |kind: std::io::ErrorKind| BotError::Io(kind.into());
    let token_503 = BotError::api(503, "Token request failed: <html>");
    for (error, kind, effect, retried) in [
        (BotError::rate_limit(7), RateLimited, NoEffect, true),
        (
            BotError::SequenceNumber(text()),
            RateLimited,
            NoEffect,
            true,
        ),
        (
            BotError::api(429, "Token request failed: "),
            RateLimited,
            NoEffect,
            true,
        ),
        (BotError::Server(text()), Server, Unknown, true),
        (BotError::api(502, "bad gateway"), Server, Unknown, true),
        (BotError::api(503, "unavailable"), Server, Unknown, true),
        (token_503, Server, NoEffect, true),
        (json_error("<html>"), Server, Unknown, true),
        (json_error(""), Server, Unknown, true),
        (json_error("{}"), Other, Done, false),
        (BotError::Timeout, Timeout, Unknown, true),
        (BotError::Connection(text()), Network, NoEffect, true),
        (BotError::Gateway(text()), Network, Unknown, true),
        (BotError::Session(text()), Network, Unknown, true),
        (
            io(std::io::ErrorKind::ConnectionRefused),
            Network,
            NoEffect,
            true,
        ),
        (
            io(std::io::ErrorKind::ConnectionReset),
            Network,
            Unknown,
            true,
        ),
        (sdk(9001), Network, NoEffect, true),
        (sdk(9005), Network, NoEffect, true),
        (sdk(9006), Forbidden, NoEffect, false),
        (sdk(9999), Other, Unknown, false),
        // Accepted, and pending.
        (BotError::api(201, "text"), Other, Done, false),
        (
            BotError::api(202, "push message is waiting for audit now"),
            Other,
            Done,
            false,
        ),
        (BotError::api(304_023, "text"), Other, Done, false),
        (
            io(std::io::ErrorKind::HostUnreachable),
            Network,
            Unknown,
            true,
        ),
        (BotError::api(304_083, "text"), Server, NoEffect, true),
        // What looks like a refusal and is none: only 400 and 500 hide them.
        (
            BotError::api(429, "exceed limit"),
            RateLimited,
            NoEffect,
            true,
        ),
        (
            BotError::api(503, "exceed limit of connections"),
            Server,
            Unknown,
            true,
        ),
        (
            BotError::api(400, "push channel message reach limit"),
            Forbidden,
            NoEffect,
            false,
        ),
        // Refusals that look like something else.
        (
            BotError::Server("reply msg exceed limit".into()),
            InvalidInput,
            NoEffect,
            false,
        ),
        (
            BotError::api(400, "请求参数msg_id无效或越权"),
            InvalidInput,
            NoEffect,
            false,
        ),
        (
            BotError::api(400, "消息被去重，请检查请求msgseq"),
            Conflict,
            Done,
            false,
        ),
        (BotError::api(400, "text"), InvalidInput, NoEffect, false),
        (BotError::api(409, "text"), Conflict, NoEffect, false),
        // The platform's own codes, from the body of a 200.
        (BotError::api(50_055_001, "text"), Server, NoEffect, true),
        (BotError::api(304_018, "text"), Network, NoEffect, true),
        (BotError::api(22_009, "text"), RateLimited, NoEffect, true),
        (
            BotError::api(304_045, "quota of the day"),
            Forbidden,
            NoEffect,
            false,
        ),
        (
            BotError::api(40_034_005, "reply window"),
            InvalidInput,
            NoEffect,
            false,
        ),
        (
            BotError::api(40_054_002, "muted"),
            Forbidden,
            NoEffect,
            false,
        ),
        (
            BotError::api(11_244, "text"),
            Authentication,
            NoEffect,
            false,
        ),
        (BotError::api(40_054_005, "text"), Conflict, Done, false),
        // What stays as it is.
        (
            BotError::AuthenticationFailed(text()),
            Authentication,
            NoEffect,
            false,
        ),
        (
            BotError::Auth("No access_token in response".into()),
            Authentication,
            NoEffect,
            false,
        ),
        (BotError::Forbidden(text()), Forbidden, NoEffect, false),
        (BotError::NotFound(text()), NotFound, NoEffect, false),
        (
            BotError::MethodNotAllowed(text()),
            InvalidInput,
            NoEffect,
            false,
        ),
        (BotError::Config(text()), InvalidInput, NoEffect, false),
        (BotError::InvalidData(text()), InvalidInput, NoEffect, false),
        (
            BotError::NotImplemented(text()),
            InvalidInput,
            NoEffect,
            false,
        ),
        (BotError::Internal(text()), Other, Unknown, false),
    ] {
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{error:?}");
        assert_eq!(is_retryable_error(&error), retried, "{error:?}");
    }
}

#[test]
fn only_a_429_asks_for_time() {
    assert_eq!(BotError::rate_limit(7).retry_after(), Some(7));
    assert_eq!(
        Classify::retry_after(&BotError::rate_limit(7)),
        Some(Duration::from_secs(7))
    );
    // botrs's own method invents 5, 1 and 3 seconds for these.
    for error in [
        BotError::connection("text"),
        BotError::gateway("text"),
        BotError::Timeout,
    ] {
        assert!(error.retry_after().is_some());
        assert_eq!(Classify::retry_after(&error), None, "{error:?}");
    }
}

const CHILD: &str = "RECOVERY_TEST_UNDER_PLATFORM";

/// The faults of the platform, and what botrs shows of each.
const FAULTS: [(Fault, ErrorKind, Effect); 9] = [
    (Fault::RateLimited, RateLimited, NoEffect),
    (Fault::RateLimitedBare, RateLimited, NoEffect),
    (Fault::ServerError, Server, Unknown),
    (Fault::BadGateway, Server, Unknown),
    (Fault::Unavailable, Server, Unknown),
    (Fault::Reset, Network, Unknown),
    (Fault::ReplyLost, Network, Unknown),
    (Fault::Slow, Timeout, Unknown),
    (Fault::ErrorBody, Server, NoEffect),
];

/// An unmodified botrs against the loopback platform. It reads the proxy from its environment,
/// so the calls are made by this test in a second process.
#[tokio::test]
async fn an_unmodified_botrs_meets_every_fault() {
    if env::var_os(CHILD).is_some() {
        return meet_every_fault().await;
    }
    let slow_by = Duration::from_millis(2_500);
    let options = PlatformOptions {
        slow_by,
        ..PlatformOptions::default()
    };
    let platform = Platform::start(options).await.expect("the platform starts");
    for (fault, ..) in FAULTS {
        platform.force(fault);
    }
    platform.force(Fault::Audit);
    platform.force(Fault::TokenExpired);
    let message = platform.deliver_to(Scene::Group, "group", "error_test");

    let environment = BotEnvironment::new(&platform).expect("a temporary directory");
    let mut child = tokio::process::Command::new(env::current_exe().expect("this test"));
    environment.apply(&mut child);
    child
        .args([
            "--exact",
            "an_unmodified_botrs_meets_every_fault",
            "--nocapture",
        ])
        .env(CHILD, message.as_str())
        .kill_on_drop(true);
    let status = tokio::time::timeout(Duration::from_secs(60), child.status()).await;
    assert!(
        status.expect("ends in time").expect("starts").success(),
        "see its output above"
    );
    platform.shutdown().await;
}

async fn meet_every_fault() {
    let msg_id = env::var(CHILD).expect("given by the parent");
    let token = || Token::from_env().expect("given by the parent");
    let http = HttpClient::new(1, false).expect("a client");
    let api = BotApi::new(http.clone(), token());
    let mut seq = 0;
    let mut send = async |api: &BotApi, repeat: bool| {
        seq += u32::from(!repeat);
        let mut reply = GroupMessageParams::new_text("text").with_reply(&msg_id);
        reply.msg_seq = Some(seq);
        api.send_group_message("group", reply)
            .await
            .and_then(accepted)
    };

    for (fault, kind, effect) in FAULTS {
        let error = send(&api, false).await.expect_err("faulted");
        assert_eq!(
            (error.kind(), error.effect()),
            (kind, effect),
            "{fault}: {error:?}"
        );
        assert!(is_retryable_error(&error), "{fault}: {error:?}");
        let asked = match fault {
            Fault::RateLimited => Some(1),
            Fault::RateLimitedBare => Some(60), // botrs's word for "not said"
            _ => None,
        };
        assert_eq!(
            Classify::retry_after(&error),
            asked.map(Duration::from_secs),
            "{fault}"
        );
    }

    let error = send(&api, false).await.expect_err("audited");
    assert!(
        is_pending(&error) && !is_retryable_error(&error),
        "{error:?}"
    );

    let error = send(&api, false).await.expect_err("the token has expired");
    assert!(
        is_token_expired(&error) && !is_retryable_error(&error),
        "{error:?}"
    );
    let error = send(&api, true).await.expect_err("and stays expired");
    assert!(is_token_expired(&error), "{error:?}");

    let fresh = BotApi::new(http, token());
    assert!(
        send(&fresh, true)
            .await
            .expect("a fresh token")
            .id
            .is_some()
    );
    let error = send(&fresh, true).await.expect_err("the same msg_seq");
    assert!(
        is_already_delivered(&error) && error.effect() == Done,
        "{error:?}"
    );

    let error = fresh
        .get_guild("invalid_guild_id")
        .await
        .expect_err("no such guild");
    assert_eq!(error.kind(), NotFound, "{error:?}");
}

#[tokio::test]
async fn what_was_never_sent_has_no_effect() {
    // Nobody listens here; the address is taken and left again.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound");
    drop(taken);
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let error = client
        .get(format!("http://{address}/"))
        .send()
        .await
        .expect_err("refused");
    let error = BotError::from(error);
    assert_eq!((error.kind(), error.effect()), (Network, NoEffect));
    assert!(is_retryable_error(&error));

    let error = client.get("http://[").send().await.expect_err("no address");
    let error = BotError::from(error);
    assert_eq!((error.kind(), error.effect()), (InvalidInput, NoEffect));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_cut_off_is_a_timeout() {
    let second = Duration::from_secs(1);
    let config = RetryConfig::builder()
        .max_attempts(2)
        .build()
        .expect("valid");
    let result: Result<(), BotError> =
        retry_with_extended_timeout(|_| std::future::pending(), second, config).await;
    assert!(matches!(result, Err(BotError::Timeout)), "{result:?}");
}

#[test]
fn a_boxed_error_is_known_by_what_is_inside() {
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(BotError::rate_limit(3));
    assert_eq!(boxed.kind(), RateLimited);
    assert_eq!(Classify::retry_after(&boxed), Some(Duration::from_secs(3)));
    let unknown: Box<dyn std::error::Error + Send + Sync> = "text".into();
    assert_eq!((unknown.kind(), unknown.effect()), (Other, Unknown));
}
