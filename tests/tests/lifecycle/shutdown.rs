//! Ctrl-C and SIGTERM.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};

use crate::process::Process;

/// Longer than what is taken for one signal that comes by two ways.
const PAUSE: Duration = Duration::from_millis(300);

fn start(life: &str) -> Process {
    Process::start(life, &[])
}

#[test]
fn a_program_that_is_asked_ends_in_good_order() {
    for (signal, name) in [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")] {
        let mut process = start("ends");
        process.send(signal);
        assert_eq!(process.tells(), name);
        assert_eq!(process.ends().code(), Some(0));
    }
}

#[test]
fn a_second_signal_ends_a_program_that_sticks() {
    let forced: [(Signal, Signal, i32); 3] = [
        (SIGINT, SIGINT, 130),
        (SIGTERM, SIGTERM, 143),
        (SIGTERM, SIGINT, 130),
    ];
    for (first, second, code) in forced {
        let mut process = start("sticks");
        process.send(first);
        process.tells();
        sleep(PAUSE);
        assert!(process.is_running());
        process.send(second);
        assert_eq!(process.ends().code(), Some(code));
    }
}

#[test]
fn a_program_that_was_always_stuck_is_ended_too() {
    let mut process = start("stuck");
    process.send(SIGTERM);
    sleep(PAUSE);
    assert!(process.is_running());
    process.send(SIGTERM);
    assert_eq!(process.ends().code(), Some(143));
}

#[test]
fn the_first_signal_after_its_own_wish_is_not_a_second_one() {
    let mut process = start("asks");
    assert_eq!(process.tells(), "requested");
    process.send(SIGINT);
    sleep(PAUSE);
    assert!(process.is_running());
    process.send(SIGINT);
    assert_eq!(process.ends().code(), Some(130));
}

#[test]
fn no_signal_forces_a_program_that_must_not_be_cut_off() {
    let mut process = start("unforced");
    for _ in 0..3 {
        process.send(SIGTERM);
        sleep(PAUSE);
        assert!(process.is_running());
    }
    assert_eq!(process.tells(), "SIGTERM");
    assert_eq!(process.ends().code(), Some(0));
}

#[test]
fn a_lost_terminal_is_not_listened_to() {
    use std::os::unix::process::ExitStatusExt;
    if is_ignored(SIGHUP) {
        eprintln!("SKIPPED: under `nohup` its children, too, live through a lost terminal");
        return;
    }
    let process = start("ends");
    process.send(SIGHUP);
    assert_eq!(process.ends().signal(), Some(SIGHUP as i32));
}

/// Whether this process, and so those that it starts, ignores a signal. Where the system does not say, it
/// does not.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal as i32 - 1) & 1 == 1)
}
