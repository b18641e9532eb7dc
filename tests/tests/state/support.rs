//! The process that writes, and what it has told.

use std::path::Path;
use std::process::{Command, Stdio};

use recovery_core::state::{JsonFile, StateStore as _};

/// The program, on the store of this name.
pub(crate) fn writer(store: &str, path: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_state_writer"));
    command
        .arg(path)
        .args(["--store", store])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// The whole lines of what was told; a kill may have cut the last one.
pub(crate) fn lines(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(str::to_owned).collect()
}

/// The numbers that were told after this word.
pub(crate) fn numbers(lines: &[String], word: &str) -> Vec<u64> {
    let told = lines.iter().filter_map(|line| line.strip_prefix(word));
    told.map(|number| number.trim().parse().expect("a number"))
        .collect()
}

/// The number that the state has, all copies of it alike; 0 if none was ever saved.
pub(crate) fn load_json(path: &Path) -> u64 {
    let loaded = JsonFile::<Vec<u64>>::new(path)
        .load()
        .expect("it can be loaded");
    assert_eq!(loaded.damage, None);
    let state = loaded.state.unwrap_or_default();
    let number = state.first().copied().unwrap_or(0);
    assert!(state.iter().all(|copy| *copy == number), "a mixture");
    number
}
