//! Each store has a process of its own, so that none pays for another's memory.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum as _;

use crate::measure::Figures;
use crate::{Step, Store};

pub(crate) fn run(step: Step, store: Store, folder: &Path, users: u32) -> Figures {
    let name = |value: clap::builder::PossibleValue| value.get_name().to_owned();
    let step = name(step.to_possible_value().expect("a step has a name"));
    let store = name(store.to_possible_value().expect("a store has a name"));
    eprintln!("{store}: {step} ..");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--step", &step, "--store", &store])
        .args(["--users", &users.to_string()])
        .arg("--folder")
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts");
    assert!(output.status.success(), "{store}: {step} failed");
    serde_json::from_slice(&output.stdout).expect("its figures")
}

/// A number of `/proc/self/FILE`, such as `wchar: 4096`.
pub(crate) fn number(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}
