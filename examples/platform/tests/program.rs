//! The program: its errors are one line, and Ctrl-C ends it in good order.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Output, Stdio},
};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_loopback-platform"))
}

fn run(arguments: &[&str]) -> Output {
    program()
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn complaint(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?} was accepted");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(message.trim_end().lines().count(), 1, "{message}");
    message
}

#[test]
fn an_unknown_fault_lists_the_known() {
    let message = complaint(&["--faults", "slow,reply-lots"]);
    assert!(message.contains("unknown fault `reply-lots`, did you mean `reply-lost`?"));
    assert!(message.contains("token-expired"));
}

#[test]
fn a_rate_out_of_range_is_refused() {
    assert!(complaint(&["--fault-rate", "1.5"]).contains("must lie between 0 and 1"));
}

#[test]
fn an_impossible_pace_is_refused() {
    assert!(complaint(&["--per-second", "0"]).contains("is no pace"));
}

#[test]
fn an_occupied_port_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let message = complaint(&["--listen", &address]);
    assert!(
        message.contains(&format!("cannot listen on {address}")),
        "{message}"
    );
}

#[test]
fn an_address_that_is_not_loopback_is_refused() {
    assert!(complaint(&["--listen", "0.0.0.0:0"]).contains("only loopback addresses"));
}

#[test]
fn a_missing_bot_program_is_named() {
    let message = complaint(&["--", "/nowhere/bot"]);
    assert!(
        message.contains("cannot start the bot program `/nowhere/bot`"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn without_a_bot_it_prints_the_environment_and_ends_on_ctrl_c() {
    let mut child = program()
        .args(["--app-id", "102", "--secret", "hush"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut head = String::new();
    while !head.contains("# waiting for a bot") {
        assert!(
            output.read_line(&mut head).expect("text") > 0,
            "it ended: {head}"
        );
    }
    assert!(head.contains("export HTTPS_PROXY='http://127.0.0.1:"));
    assert!(head.contains("export QQ_BOT_APP_ID='102'"));
    assert!(!head.contains("hush"), "a secret of one's own is not shown");
    let file = head
        .lines()
        .find_map(|line| line.strip_prefix("export SSL_CERT_FILE='"))
        .expect("the certificate is named")
        .trim_end_matches('\'')
        .to_owned();
    assert!(std::path::Path::new(&file).exists());

    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it is there");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert!(child.wait().expect("it ends").success());
    assert!(rest.contains("nothing lost, nothing doubled"), "{rest}");
    assert!(
        !std::path::Path::new(&file).exists(),
        "nothing is left behind"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_the_middle_ends_the_bot_and_reports_what_there_was() {
    let mut echo = std::env::current_exe().expect("a test has a path");
    echo.pop();
    if echo.ends_with("deps") {
        echo.pop();
    }
    let mut child = program()
        .args([
            "--fault-rate",
            "0",
            "--commands",
            "100000",
            "--quiet-bot",
            "--",
        ])
        .arg(echo.join("examples/echo"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut progress = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    progress.read_line(&mut line).expect("text");
    assert!(line.contains("/100000  delivered "), "{line}");

    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it is there");
    let output = child.wait_with_output().expect("it ends");
    let board = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        output.status.code(),
        Some(1),
        "a run cut short is not clean"
    );
    assert!(board.contains("delivered exactly once"), "{board}");
    assert!(board.contains("ended cleanly when asked to"), "{board}");
    assert!(board.contains("interrupted: "), "{board}");
}
