//! What is wrong is told.

use std::time::Duration;

use loopback_platform::{BotEnvironment, Credentials, Platform, PlatformOptions};

use crate::support::{LIMIT, bot, interrupt, output};

#[tokio::test]
async fn bad_input_gets_one_clear_line() {
    let occupied = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = occupied.local_addr().expect("bound").to_string();
    for (arguments, variables, said) in [
        (
            &["--sandbox"] as &[&str],
            &[] as &[(&str, &str)],
            "set QQ_BOT_APP_ID and QQ_BOT_SECRET",
        ),
        (
            &[],
            &[("QQ_BOT_APP_ID", "1")],
            "QQ_BOT_APP_ID is set and QQ_BOT_SECRET is not",
        ),
        (
            &[],
            &[("QQ_BOT_SECRET", "s3cr3t")],
            "QQ_BOT_SECRET is set and QQ_BOT_APP_ID is not",
        ),
        (
            &[],
            &[("QQ_BOT_APP_ID", "1"), ("QQ_BOT_SECRET", " ")],
            "QQ_BOT_SECRET is empty",
        ),
        (
            &["--seed", "1"],
            &[("QQ_BOT_APP_ID", "1"), ("QQ_BOT_SECRET", "s3cr3t")],
            "--seed is for the loopback platform",
        ),
        (&["--listen", &taken], &[], "in use"),
    ] {
        let mut bot = bot(arguments);
        bot.envs(variables.iter().copied());
        let (ended, stdout, stderr) = output(bot).await;
        assert!(!ended.status.success(), "{arguments:?} {variables:?}");
        assert!(
            stderr.contains(said),
            "{arguments:?} {variables:?}: {stderr}"
        );
        assert_eq!(stderr.trim_end().lines().count(), 1, "one line: {stderr}");
        assert!(!format!("{stdout}{stderr}").contains("s3cr3t"));
    }
    for (arguments, said) in [
        (["--faults", "rate-limted"], "rate-limited"),
        (["--banana", "1"], "--banana"),
        (["--commands", "many"], "--commands"),
        (["--commands", "0"], "--commands"),
        (["--fault-rate", "1.5"], "--fault-rate"),
        (["--fault-rate", "-0.1"], "--fault-rate"),
        (["--listen", "everywhere"], "--listen"),
        (["--without-recovery", "--state=x"], "--state"),
    ] {
        let (ended, _, stderr) = output(bot(&arguments)).await;
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains(said),
            "{arguments:?}: {stderr}"
        );
    }
}

#[tokio::test]
async fn a_wrong_secret_is_told_at_once() {
    let options = PlatformOptions {
        credentials: Credentials::new("102000001", "right"),
        ..PlatformOptions::default()
    };
    let platform = Platform::start(options).await.expect("the platform starts");
    let environment = BotEnvironment::new(&platform).expect("a temporary directory");
    let mut bot = bot(&["--log", "off"]);
    environment.apply(&mut bot);
    bot.env("QQ_BOT_SECRET", "wr0ng-one");
    let (ended, _, stderr) = output(bot).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        stderr.starts_with("bot: the platform refuses the bot's credentials: "),
        "{stderr}"
    );
    assert!(stderr.contains("QQ_BOT_SECRET"), "{stderr}");
    assert!(
        !stderr.contains("wr0ng-one") && stderr.lines().count() == 1,
        "{stderr}"
    );
    platform.shutdown().await;
}

#[tokio::test]
async fn an_unreachable_platform_is_tried_until_ctrl_c() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = nobody.local_addr().expect("bound");
    drop(nobody);
    let mut bot = bot(&["--log", "recovery=info"]);
    bot.env("HTTPS_PROXY", format!("http://{address}"))
        .env("QQ_BOT_APP_ID", "102000001")
        .env("QQ_BOT_SECRET", "s3cr3t");
    let mut bot = bot.spawn().expect("it starts");
    let waited = tokio::time::timeout(Duration::from_secs(5), bot.wait()).await;
    assert!(waited.is_err(), "it goes on: {waited:?}");

    interrupt(&bot);
    let output = tokio::time::timeout(LIMIT, bot.wait_with_output()).await;
    let output = output.expect("ends in time").expect("ran");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.matches("client.start_failed").count() > 1,
        "{stderr}"
    );
    assert!(stderr.contains("check the network"), "{stderr}");
    assert!(!stderr.contains("s3cr3t"));
}
