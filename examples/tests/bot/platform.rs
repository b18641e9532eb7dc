//! The bot on a platform that the test holds.

use loopback_platform::{Credentials, Fault, Outcome, Platform, PlatformOptions, Scene};

use crate::support::{Staged, is_answered};

#[tokio::test]
async fn ctrl_c_lets_replies_finish_and_ends_well() {
    let staged = Staged::start(PlatformOptions::default(), &[]).await;
    staged.platform.force(Fault::RateLimited);
    let command = staged.platform.deliver(Scene::Group, "error_test");
    staged
        .until("called", |platform| {
            !platform.ledger().calls_for(&command).is_empty()
        })
        .await;
    let (platform, output) = staged.interrupt().await;

    assert!(output.status.success(), "{output:?}");
    let calls = platform.ledger().calls_for(&command);
    assert_eq!(
        calls.len(),
        2,
        "asked to wait, it waited and replied: {calls:?}"
    );
    assert!(
        matches!(calls[1].outcome, Outcome::Accepted { .. }),
        "{calls:?}"
    );
    platform.shutdown().await;
}

#[tokio::test]
async fn a_reply_that_waits_holds_up_no_other() {
    let staged = Staged::start(PlatformOptions::default(), &["--log", "off"]).await;
    staged.platform.force(Fault::RateLimited);
    let slow = staged.platform.deliver(Scene::C2c, "!ping");
    staged
        .until("called", |platform| {
            !platform.ledger().calls_for(&slow).is_empty()
        })
        .await;
    let quick = staged.platform.deliver(Scene::Channel, "!status");
    staged
        .until("answered", |platform| {
            is_answered(platform, &slow) && is_answered(platform, &quick)
        })
        .await;
    let sends: Vec<_> = staged
        .platform
        .ledger()
        .calls()
        .into_iter()
        .filter(|call| call.msg_id.is_some())
        .collect();
    assert_eq!(sends.len(), 3);
    assert!(
        sends[1].path.starts_with("/channels/"),
        "the other one came between: {sends:?}"
    );
    let (platform, output) = staged.interrupt().await;
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    platform.shutdown().await;
}

#[tokio::test]
async fn every_command_is_answered_where_it_was_given() {
    let staged = Staged::start(PlatformOptions::default(), &[]).await;
    let answers = [
        (Scene::Channel, "<@!1> !ping", "Pong!"),
        (Scene::Channel, "!status", "机器人状态"),
        (Scene::Channel, "!test_error", "已触发测试错误"),
        (Scene::Direct, "!health", "私信功能正常"),
        (Scene::Group, " error_test", "群组错误恢复测试"),
        (Scene::C2c, "!ping", "Pong!"),
    ];
    let silent = staged.platform.deliver(Scene::Channel, "hello");
    for (scene, command, answer) in answers {
        let id = staged.platform.deliver(scene, command);
        let answered = |platform: &Platform| {
            platform.ledger().calls_for(&id).iter().any(|call| {
                let accepted = matches!(call.outcome, Outcome::Accepted { .. });
                accepted
                    && call
                        .content
                        .as_ref()
                        .is_some_and(|text| text.contains(answer))
            })
        };
        staged.until(command, answered).await;
    }
    assert!(
        staged.platform.ledger().calls_for(&silent).is_empty(),
        "no command, no answer"
    );
    let (platform, _) = staged.interrupt().await;
    platform.shutdown().await;
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let secret = "a-secret-that-nobody-may-see";
    let options = PlatformOptions {
        credentials: Credentials::new("102000001", secret),
        ..PlatformOptions::default()
    };
    let staged = Staged::start(options, &["--log", "trace"]).await;
    for fault in [Fault::TokenExpired, Fault::ServerError, Fault::BadGateway] {
        staged.platform.force(fault);
    }
    let command = staged.platform.deliver(Scene::Group, "error_test");
    staged
        .until("answered", |platform| is_answered(platform, &command))
        .await;
    let token = current_token(&staged.platform).await;
    let (platform, output) = staged.interrupt().await;

    let said = format!("{output:?}");
    assert!(
        said.contains("retry.scheduled") && said.contains("botrs"),
        "it logs: {said}"
    );
    assert!(!said.contains(secret), "the secret was shown");
    assert!(!said.contains(&token), "the access token was shown");
    platform.shutdown().await;
}

/// The access token that is valid now: the platform gives the bot's again to whoever asks.
async fn current_token(platform: &Platform) -> String {
    let authority = reqwest::Certificate::from_pem(platform.certificate_pem().as_bytes());
    let client = reqwest::Client::builder()
        .proxy(reqwest::Proxy::all(platform.proxy_url()).expect("a proxy"))
        .add_root_certificate(authority.expect("a certificate"))
        .build()
        .expect("a client");
    let credentials = platform.credentials();
    let body = format!(
        r#"{{"appId":"{}","clientSecret":"{}"}}"#,
        credentials.app_id(),
        credentials.secret()
    );
    let answer = client
        .post("https://bots.qq.com/app/getAppAccessToken")
        .body(body)
        .send()
        .await;
    let answer = answer.expect("answered").text().await.expect("text");
    let (_, token) = answer.split_once(r#""access_token":""#).expect("a token");
    token.split('"').next().expect("quoted").to_owned()
}

#[tokio::test]
async fn a_restarted_bot_resumes_and_answers_what_came_meanwhile() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let state = folder.path().to_str().expect("plain text");
    let arguments = ["--state", state, "--log", "off"];
    let staged = Staged::start(PlatformOptions::default(), &arguments).await;
    let before = staged.platform.deliver(Scene::Group, "error_test");
    staged
        .until("answered", |platform| is_answered(platform, &before))
        .await;
    let (platform, output) = staged.interrupt().await;
    assert!(output.status.success(), "{output:?}");

    let meanwhile = platform.deliver(Scene::Channel, "!ping");
    let staged = Staged::on(platform, &arguments).await;
    staged
        .until("answered", |platform| is_answered(platform, &meanwhile))
        .await;
    let (platform, output) = staged.interrupt().await;
    assert!(output.status.success(), "{output:?}");
    let score = platform.ledger().score();
    assert_eq!((score.identifies, score.resumes), (1, 1), "{score}");
    assert_eq!(score.delivered_once, 2, "{score}");
    platform.shutdown().await;
}
