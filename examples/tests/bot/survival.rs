//! What outlives the process, and how the bot is seen from outside.

use std::process::Output;
use std::time::Duration;

use loopback_platform::{Endpoint, Fault, FaultPlan, PlatformOptions, Scene};
use rustix::process::Signal;

use crate::support::{LIMIT, Staged, bot, is_answered, output};

const QUIET: [&str; 2] = ["--log", "off"];

fn with_state(folder: &tempfile::TempDir) -> Vec<&str> {
    let folder = folder.path().to_str().expect("plain text");
    [&QUIET[..], &["--state", folder]].concat()
}

/// What users were told in answer to a command.
async fn answer(staged: &Staged, scene: Scene, command: &str) -> String {
    let id = staged.platform.deliver(scene, command);
    staged
        .until("answered", |platform| is_answered(platform, &id))
        .await;
    let calls = staged.platform.ledger().calls_for(&id);
    calls
        .last()
        .and_then(|call| call.content.clone())
        .expect("a text")
}

/// What the status server answers.
async fn get(url: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build();
    let answer = client.expect("a client").get(url).send().await;
    let answer = answer.expect("it answers");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

fn assert_ended_well(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn the_state_outlives_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let arguments = with_state(&folder);
    let staged = Staged::start(PlatformOptions::default(), &arguments).await;
    answer(&staged, Scene::C2c, "!ping").await;
    let (platform, output) = staged.interrupt().await;
    assert_ended_well(&output);

    let staged = Staged::on(platform, &arguments).await;
    let status = answer(&staged, Scene::Channel, "!status").await;
    assert!(status.contains("已处理消息: 2"), "{status}");
    let (platform, output) = staged.interrupt().await;
    assert_ended_well(&output);
    platform.shutdown().await;
}

#[tokio::test]
async fn two_bots_on_one_state_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let arguments = with_state(&folder);
    let staged = Staged::start(PlatformOptions::default(), &arguments).await;
    let mut second = bot(&arguments);
    second
        .env("QQ_BOT_APP_ID", "102000001")
        .env("QQ_BOT_SECRET", "s3cr3t");
    let (ended, _, stderr) = output(second).await;
    assert_eq!(ended.status.code(), Some(1));
    let holder = format!("process {}", staged.id());
    assert!(
        stderr.contains(&holder) && stderr.trim_end().lines().count() == 1,
        "{stderr}"
    );
    let (platform, _) = staged.interrupt().await;
    platform.shutdown().await;
}

#[tokio::test]
async fn the_status_is_an_old_one_when_the_platform_fails() {
    let staged = Staged::start(PlatformOptions::default(), &QUIET).await;
    let fresh = answer(&staged, Scene::Channel, "!status").await;
    assert!(fresh.contains("平台: 正常"), "{fresh}");
    for _ in 0..2 {
        staged.platform.force_on(Endpoint::Me, Fault::ServerError);
    }
    let old = answer(&staged, Scene::Channel, "!status").await;
    assert!(
        old.contains("平台: 正常") && old.contains("秒前；现在无法访问"),
        "{old}"
    );
    let (platform, output) = staged.interrupt().await;
    assert_ended_well(&output);
    platform.shutdown().await;
}

#[tokio::test]
async fn sigterm_amid_two_hundred_replies_loses_none() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let arguments = with_state(&folder);
    // Most calls are under way for two seconds, or told to wait.
    let faults = FaultPlan::new(1, 0.6).expect("a share");
    let options = PlatformOptions {
        faults: faults.with_faults([Fault::Slow, Fault::RateLimited]),
        slow_by: Duration::from_secs(2),
        spare_connecting: true,
        ..PlatformOptions::default()
    };
    let staged = Staged::start(options, &arguments).await;
    let scenes = [Scene::Group, Scene::C2c, Scene::Channel, Scene::Direct];
    let commands: Vec<_> = (0..200)
        .map(|number| {
            let scene = scenes[number % 4];
            let text = match scene {
                Scene::Group => "error_test",
                Scene::Direct => "!health",
                _ => "!ping",
            };
            staged.platform.deliver(scene, text)
        })
        .collect();
    staged
        .until("begun", |platform| {
            let ledger = platform.ledger();
            let begun = |id| !ledger.calls_for(id).is_empty();
            commands.iter().filter(|id| begun(id)).count() >= 100
        })
        .await;
    staged.signal(Signal::TERM);
    let ended = tokio::time::timeout(Duration::from_secs(10), staged.ended()).await;
    let (platform, output) = ended.expect("it ends within 10 s");
    assert_ended_well(&output);

    let staged = Staged::on(platform, &arguments).await;
    staged
        .until("all answered", |platform| {
            commands.iter().all(|id| is_answered(platform, id))
        })
        .await;
    let (platform, output) = staged.interrupt().await;
    assert_ended_well(&output);
    let score = platform.ledger().score();
    assert_eq!((score.delivered_once, score.doubled), (200, 0), "{score}");
    platform.shutdown().await;
}

#[tokio::test]
async fn without_a_folder_replies_wait_for_their_turn_until_the_end() {
    let staged = Staged::start(PlatformOptions::default(), &QUIET).await;
    for _ in 0..3 {
        staged.platform.force(Fault::Unavailable);
    }
    let command = staged.platform.deliver(Scene::Group, "error_test");
    staged
        .until("called", |platform| {
            !platform.ledger().calls_for(&command).is_empty()
        })
        .await;
    let (platform, output) = staged.interrupt().await;
    assert_ended_well(&output);
    assert!(is_answered(&platform, &command));
    platform.shutdown().await;
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let staged = Staged::start(PlatformOptions::default(), &QUIET).await;
    staged.platform.force(Fault::Slow); // for longer than an attempt lasts: 5 s
    let command = staged.platform.deliver(Scene::Group, "error_test");
    staged
        .until("called", |platform| {
            !platform.ledger().calls_for(&command).is_empty()
        })
        .await;
    staged.signal(Signal::INT);
    staged
        .until("closed", |platform| {
            let connections = platform.ledger().connections();
            connections
                .iter()
                .all(|connection| connection.closed_at.is_some())
        })
        .await;
    staged.signal(Signal::TERM);
    let (platform, output) = staged.ended().await;
    assert_eq!(output.status.code(), Some(143), "{output:?}");
    platform.shutdown().await;
}

#[tokio::test]
async fn the_status_page_tells_how_it_is() {
    let mut staged = Staged::start(
        PlatformOptions::default(),
        &["--status", "127.0.0.1:0", "--log", "info"],
    )
    .await;
    answer(&staged, Scene::C2c, "!ping").await;
    let address = staged.said("the status page is at ").await;
    let get = async |path: &str| get(&format!("{address}{path}")).await;
    assert_eq!(get("healthz").await.0, 200);
    assert_eq!(get("readyz").await.0, 200);
    let (_, metrics) = get("metrics").await;
    let sent = r#"recovery_replies_total{scene="c2c",result="sent"} 1"#;
    assert!(metrics.contains(sent), "{metrics}");
    assert!(get("").await.1.contains("<!doctype html>"));
    let (platform, output) = staged.interrupt().await;
    assert_ended_well(&output);
    platform.shutdown().await;
}

#[tokio::test]
async fn a_full_disk_costs_no_reply_and_is_seen() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let arguments = [&with_state(&folder)[2..], &["--status", "127.0.0.1:0"]].concat();
    // No file may grow: what the system says then is told like a full disk.
    let mut staged = Staged::start_by(
        "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"",
        PlatformOptions::default(),
        &arguments,
    )
    .await;
    let address = staged.said("the status page is at ").await;
    answer(&staged, Scene::C2c, "!ping").await;
    let sees_it = async {
        loop {
            let status = get(&format!("{address}status.json")).await.1;
            if status.contains("state.save") && status.contains("it cannot be saved") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, sees_it)
        .await
        .expect("monitor and health know of it");
    answer(&staged, Scene::Group, "error_test").await;
    let (platform, output) = staged.interrupt().await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    platform.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_shown_saved_or_alerted_is_told_in_one_line() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let file = file.path().to_str().expect("plain text");
    for (arguments, webhook, said) in [
        (
            &["--status", "0.0.0.0:0"] as &[&str],
            "",
            "--status-for-everyone",
        ),
        (&["--state", file], "", file),
        (&[], "http://example.com/k3y", "https"),
        (&[], "no address", "BOT_ALERT_WEBHOOK"),
    ] {
        let mut bot = bot(arguments);
        bot.env("QQ_BOT_APP_ID", "102000001")
            .env("QQ_BOT_SECRET", "s3cr3t");
        if !webhook.is_empty() {
            bot.env("BOT_ALERT_WEBHOOK", webhook);
        }
        let (ended, _, stderr) = output(bot).await;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains(said) && stderr.trim_end().lines().count() == 1,
            "{arguments:?}: {stderr}"
        );
        assert!(!stderr.contains("k3y"), "{stderr}");
    }
}
