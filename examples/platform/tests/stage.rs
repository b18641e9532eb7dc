//! A bot program under the platform.

use std::{path::PathBuf, process::Stdio, time::Duration};

use loopback_platform::{
    Fault, FaultPlan, PlatformOptions, Scenario,
    stage::{self, BotExit, StageError, StageOptions},
};
use tokio::process::Command;

fn options(commands: u32) -> StageOptions {
    StageOptions {
        scenario: Scenario {
            commands,
            per_second: 100.0,
            grace: Duration::from_secs(3),
            ..Scenario::default()
        },
        show_progress: false,
        ..StageOptions::default()
    }
}

/// The example bot, which cargo builds along with the tests.
fn echo() -> Command {
    let mut path: PathBuf = std::env::current_exe().expect("a test has a path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.push("examples");
    path.push(format!("echo{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(path);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[cfg(unix)]
fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

#[tokio::test]
async fn an_unmodified_botrs_has_a_clean_score_where_nothing_fails() {
    let report = stage::run(options(200), echo()).await.expect("a report");
    println!("{}", report.score);
    assert!(report.score.is_clean(), "{}", report.score);
    assert_eq!(report.score.delivered_once, 200);
    assert_eq!(report.score.identifies, 1);
    assert!(report.score.resumes >= 1, "the reconnects were followed");
    assert!(!report.score.interrupted);
    if cfg!(unix) {
        assert!(matches!(report.bot_exit, BotExit::Asked(status) if status.success()));
        assert!(report.is_clean());
    }
    if cfg!(target_os = "linux") {
        let peak = report.peak_memory.expect("known on Linux");
        assert!((1 << 20..1 << 30).contains(&peak), "{peak}");
    }
}

#[tokio::test]
async fn a_bot_without_recovery_loses_what_meets_a_fault() {
    let options = StageOptions {
        platform: PlatformOptions {
            // `error-body` does not fit the calls of the start, so the bot gets that far.
            faults: FaultPlan::new(3, 0.5)
                .expect("valid")
                .with_faults([Fault::ErrorBody]),
            ..PlatformOptions::default()
        },
        ..options(40)
    };
    let report = stage::run(options, echo()).await.expect("a report");
    assert!(!report.score.is_clean());
    assert_eq!(report.score.lost, report.score.faults[&Fault::ErrorBody]);
    assert_eq!(report.score.lost + report.score.delivered_once, 40);
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let error = stage::run(options(1), Command::new("/nowhere/to/be/found"))
        .await
        .expect_err("no such program");
    assert!(matches!(&error, StageError::Spawn { .. }));
    assert!(error.to_string().contains("/nowhere/to/be/found"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_bot_that_ends_at_once_is_an_error() {
    let error = stage::run(options(1), shell("exit 3"))
        .await
        .expect_err("it never connected");
    assert!(
        matches!(&error, StageError::EndedBeforeReady { status, .. } if status.code() == Some(3)),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_bot_that_never_connects_is_ended_and_the_cause_hinted_at() {
    let options = StageOptions {
        ready_within: Duration::from_millis(300),
        ..options(1)
    };
    let error = stage::run(options, shell("exec sleep 60"))
        .await
        .expect_err("it never connected");
    assert!(matches!(error, StageError::NeverReady { calls: 0, .. }));
    assert!(error.to_string().contains("rustls-tls-native-roots"));
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_bot_has_started_does_not_outlive_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let note = directory.path().join("id");
    let script = format!("sleep 300 & echo $! > '{}'; exit 0", note.display());
    stage::run(options(1), shell(&script))
        .await
        .expect_err("it never connected");
    let id = std::fs::read_to_string(note).expect("the id was noted");
    let id = id.trim().parse().expect("a number");
    let id = rustix::process::Pid::from_raw(id).expect("not zero");
    for _ in 0..100 {
        // A zombie that nobody has reaped yet still counts as there.
        if rustix::process::test_kill_process(id).is_err() || is_zombie(id) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it is still there");
}

#[cfg(unix)]
fn is_zombie(id: rustix::process::Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero()));
    stat.is_ok_and(|stat| stat.contains(") Z "))
}

#[cfg(unix)]
#[tokio::test]
async fn a_bot_that_fails_at_its_start_is_told_with_the_fault_it_met() {
    let options = StageOptions {
        platform: PlatformOptions {
            faults: FaultPlan {
                seed: 0,
                rate: 1.0,
                faults: vec![Fault::BadGateway],
            },
            ..PlatformOptions::default()
        },
        ..options(1)
    };
    let error = stage::run(options, echo()).await.expect_err("it gave up");
    assert!(
        error.to_string().contains("the fault `bad-gateway`"),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_bot_that_ends_in_the_middle_is_reported_with_the_score_so_far() {
    let mut command = Command::new("timeout");
    command
        .args(["--signal=KILL", "4"])
        .arg(echo().as_std().get_program());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let options = StageOptions {
        scenario: Scenario {
            commands: 2000,
            per_second: 20.0,
            ..Scenario::default()
        },
        ..options(0)
    };
    let report = stage::run(options, command).await.expect("a report");
    assert!(
        matches!(report.bot_exit, BotExit::Early(_)),
        "{}",
        report.bot_exit
    );
    assert!(report.score.delivered_once > 0);
    assert!(!report.is_clean());
}

#[cfg(unix)]
#[tokio::test]
async fn the_bots_environment_leads_to_the_platform_and_nowhere_else() {
    let script = r#"
        case "$HTTPS_PROXY" in http://127.0.0.1:*) ;; *) exit 11 ;; esac
        [ "$https_proxy" = "$HTTPS_PROXY" ] || exit 12
        [ -z "${NO_PROXY+set}${no_proxy+set}${ALL_PROXY+set}" ] || exit 13
        grep -q "BEGIN CERTIFICATE" "$SSL_CERT_FILE" || exit 14
        grep -q "PRIVATE KEY" "$SSL_CERT_FILE" && exit 15
        [ "$(ls -l "$SSL_CERT_FILE" | cut -c1-10)" = "-rw-------" ] || exit 16
        [ -n "$QQ_BOT_APP_ID" ] && [ -n "$QQ_BOT_SECRET" ] || exit 17
        exit 42
    "#;
    let mut command = shell(script);
    command.env("NO_PROXY", "*").env("no_proxy", "*");
    let error = stage::run(options(1), command).await.expect_err("it ends");
    assert!(
        matches!(&error, StageError::EndedBeforeReady { status, .. } if status.code() == Some(42)),
        "{error}"
    );
}
