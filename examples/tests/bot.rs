//! The bot program, end to end, on this machine alone.

#![cfg(unix)] // the bot is told to end by a signal

use std::process::{Output, Stdio};
use std::time::Duration;

use loopback_platform::{
    BotEnvironment, Credentials, Fault, Outcome, Platform, PlatformOptions, Scene,
};
use tokio::process::{Child, Command};

/// No run takes longer.
const LIMIT: Duration = Duration::from_secs(120);

fn bot(arguments: &[&str]) -> Command {
    let mut bot = Command::new(env!("CARGO_BIN_EXE_bot"));
    bot.args(arguments)
        .env_remove("QQ_BOT_APP_ID")
        .env_remove("QQ_BOT_SECRET")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    bot
}

async fn output(mut bot: Command) -> (Output, String, String) {
    let bot = bot.spawn().expect("starts");
    let output = tokio::time::timeout(LIMIT, bot.wait_with_output()).await;
    let output = output.expect("ends in time").expect("ran");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.clone(), text(&output.stdout), text(&output.stderr))
}

/// The number behind a label of the scoreboard.
fn scored(board: &str, label: &str) -> u64 {
    let line = board
        .lines()
        .find(|line| line.trim_start().starts_with(label));
    let line = line.unwrap_or_else(|| panic!("no {label} in:\n{board}"));
    let number = line
        .trim_start()
        .trim_start_matches(label)
        .split_whitespace()
        .next();
    number
        .and_then(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("no number: {line}"))
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_in_a_storm_and_much_without_recovery() {
    let storm = ["--commands", "500", "--seed", "7", "--fault-rate", "0.3"];
    let with = output(bot(&storm));
    let without = output(bot(&[&storm[..], &["--without-recovery"]].concat()));
    let ((ended, board, progress), (ended_without, board_without, _)) = tokio::join!(with, without);

    assert!(ended.status.success(), "{board}\n{progress}");
    assert_eq!(scored(&board, "commands"), 500);
    assert_eq!(
        (scored(&board, "lost"), scored(&board, "doubled")),
        (0, 0),
        "{board}"
    );
    assert!(
        scored(&board, "retries") > 100,
        "the storm was one: {board}"
    );
    assert!(
        scored(&board, "duplicates refused") > 0,
        "a reply was sent twice, and taken once"
    );
    assert!(
        progress.contains("commands 500/500"),
        "plain progress lines: {progress}"
    );

    assert!(!ended_without.status.success());
    assert!(
        scored(&board_without, "lost") > 50,
        "over 10 %: {board_without}"
    );
    assert_eq!(scored(&board_without, "retries"), 0, "{board_without}");
    if cfg!(target_os = "linux") {
        assert!(scored(&board, "bot memory") < 64, "MiB: {board}");
    }
}

/// The bot under a platform that the test holds.
struct Staged {
    platform: Platform,
    // Holds the certificate's file for as long as the bot runs.
    _environment: BotEnvironment,
    bot: Child,
}

impl Staged {
    async fn start(options: PlatformOptions, arguments: &[&str]) -> Self {
        let platform = Platform::start(options).await.expect("the platform starts");
        let environment = BotEnvironment::new(&platform).expect("a temporary directory");
        let mut bot = bot(arguments);
        environment.apply(&mut bot);
        let bot = bot.spawn().expect("the bot starts");
        let staged = Self {
            platform,
            _environment: environment,
            bot,
        };
        staged
            .platform
            .wait_until_ready(LIMIT)
            .await
            .expect("the bot connects");
        staged
    }

    async fn until(&self, what: &str, reached: impl Fn(&Platform) -> bool) {
        let waiting = async {
            while !reached(&self.platform) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, waiting)
            .await
            .unwrap_or_else(|_| panic!("never {what}"));
    }

    /// Ctrl-C, and what the bot has said until its end.
    async fn interrupt(self) -> (Platform, Output) {
        let id = self
            .bot
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .expect("it runs");
        let id = rustix::process::Pid::from_raw(id).expect("a process id");
        rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it can be told");
        let output = tokio::time::timeout(LIMIT, self.bot.wait_with_output()).await;
        (self.platform, output.expect("ends in time").expect("ran"))
    }
}

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

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_stage_leaves_no_bot_behind() {
    let mut stage = bot(&["--commands", "500"])
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let id = stage.id().expect("it runs");
    let children = format!("/proc/{id}/task/{id}/children");
    let bot = async {
        loop {
            let children = std::fs::read_to_string(&children).expect("it runs");
            if let Some(bot) = children.split_whitespace().next() {
                let command = std::fs::read_to_string(format!("/proc/{bot}/cmdline"));
                if command.is_ok_and(|command| command.contains("--end-with-parent")) {
                    return bot.to_owned();
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let bot = tokio::time::timeout(LIMIT, bot)
        .await
        .expect("it starts the bot");
    tokio::time::sleep(Duration::from_secs(1)).await; // the bot connects
    stage.kill().await.expect("kill -9");
    let gone = async {
        while std::fs::read_to_string(format!("/proc/{bot}/stat"))
            .is_ok_and(|stat| !stat.contains(") Z "))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, gone)
        .await
        .expect("the bot ends too");
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
            let ledger = platform.ledger();
            let answered = |id| {
                ledger
                    .event(id)
                    .is_some_and(|event| !event.delivered.is_empty())
            };
            answered(&slow) && answered(&quick)
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
        .until("answered", |platform| {
            platform
                .ledger()
                .event(&command)
                .is_some_and(|event| !event.delivered.is_empty())
        })
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
async fn a_score_that_cannot_be_shown_is_an_error_and_no_panic() {
    if cfg!(target_os = "linux") {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("it is there");
        let mut mute = bot(&["--commands", "100", "--fault-rate", "0"]);
        mute.stderr(full.try_clone().expect("a second handle"));
        let (ended, board, _) = output(mute).await;
        assert!(ended.status.success(), "progress may go unseen: {board}");

        let mut bot = bot(&["--commands", "1", "--fault-rate", "0"]);
        bot.stdout(full);
        let (ended, _, stderr) = output(bot).await;
        assert_eq!(ended.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("bot: cannot show the score"), "{stderr}");
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
        stderr.starts_with("bot: cannot connect to the platform: "),
        "{stderr}"
    );
    assert!(
        stderr.contains("check QQ_BOT_APP_ID and QQ_BOT_SECRET"),
        "{stderr}"
    );
    assert!(
        !stderr.contains("wr0ng-one") && stderr.lines().count() == 1,
        "{stderr}"
    );
    platform.shutdown().await;
}

#[tokio::test]
async fn an_unreachable_platform_is_tried_and_then_told() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = nobody.local_addr().expect("bound");
    drop(nobody);
    let mut bot = bot(&["--log", "recovery=info"]);
    bot.env("HTTPS_PROXY", format!("http://{address}"))
        .env("QQ_BOT_APP_ID", "102000001")
        .env("QQ_BOT_SECRET", "s3cr3t");
    let (ended, _, stderr) = output(bot).await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(stderr.matches("retry.scheduled").count(), 9, "{stderr}");
    let last = stderr.lines().last().expect("it speaks");
    assert!(
        last.starts_with("bot: cannot connect to the platform: "),
        "{last}"
    );
    assert!(last.contains("check the network"), "{last}");
    assert!(!stderr.contains("s3cr3t"));
}
