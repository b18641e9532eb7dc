//! The bot under a platform of its own.

use std::process::Stdio;
use std::time::Duration;

use crate::support::{LIMIT, bot, output};

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
