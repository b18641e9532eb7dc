//! Instructions, counted by callgrind: this program runs itself under it.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::peer::Row;
use crate::scenario::Counted;

/// Whether valgrind can be run.
pub(crate) fn are_countable() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Instructions of one call: the difference between so many and twice as many.
pub(crate) fn count(row: &Row, counted: Counted, crowd: u32) -> Result<u64> {
    let (times, calls_each) = match counted {
        Counted::Crowd => (1, u64::from(crowd)),
        _ => (2_000, 1),
    };
    let (once, twice) = (
        instructions(row, counted, times, crowd)?,
        instructions(row, counted, 2 * times, crowd)?,
    );
    let calls = times * calls_each;
    Ok((twice.saturating_sub(once) + calls / 2) / calls)
}

fn instructions(row: &Row, counted: Counted, times: u64, crowd: u32) -> Result<u64> {
    let program = env::current_exe().context("find this program")?;
    let counted = counted.to_possible_value().context("a scenario's name")?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--bench", "--count", row.name, counted.get_name()])
        .args([times.to_string(), "--calls".to_owned(), crowd.to_string()])
        .output()
        .context("run valgrind")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{} under valgrind ended with {}:\n{told}",
        row.name,
        output.status
    );
    // ==4711== Collected : 1234567
    told.lines()
        .filter_map(|line| line.split_once("Collected :"))
        .find_map(|(_, number)| number.trim().parse().ok())
        .with_context(|| format!("callgrind told no number:\n{told}"))
}
