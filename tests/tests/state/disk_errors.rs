//! What the system refuses, in a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{lines, load_json, numbers, writer};

/// What the writer tells with these arguments.
fn told(path: &Path, arguments: &[&str]) -> Vec<String> {
    lines(
        &writer("json", path)
            .args(arguments)
            .output()
            .unwrap()
            .stdout,
    )
}

/// The limit on the size of files is a full disk to the process: a write is cut short, then refused.
#[test]
fn a_full_disk_fails_the_save_and_the_next_one_works_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 8; exec "$0" "$@""#])
        .arg(env!("CARGO_BIN_EXE_state_writer"))
        .arg(&path)
        .args(["--store", "json", "--saves", "6", "--copies", "10,20000"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = lines(&output.stdout);
    assert_eq!(numbers(&told, "saved "), [1, 3, 5], "{told:?}");
    let failed: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("failed"))
        .collect();
    // The last one is that of closing: what is in memory is still too large.
    assert_eq!(failed.len(), 4, "{told:?}");
    let expected = format!(
        "failed cannot write `{}.new`: File too large",
        path.display()
    );
    assert!(
        failed.iter().all(|line| line.starts_with(&expected)),
        "{told:?}"
    );
    assert_eq!(load_json(&path), 5);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["state.json", "state.json.lock", "state.json.previous"]
    );
}

#[test]
fn a_second_process_is_told_which_one_has_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut first = writer("json", &path)
        .args(["--saves", "1", "--hold"])
        .spawn()
        .unwrap();
    let output = BufReader::new(first.stdout.take().unwrap());
    let is_saved = output.lines().any(|line| line.unwrap() == "saved 1");
    let refused = told(&path, &[]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(is_saved);
    let holder = format!(
        "is in use by process {} (state_writer), since 20",
        first.id()
    );
    assert!(
        refused[0].starts_with("refused") && refused[0].contains(&holder),
        "{refused:?}"
    );
    assert_eq!(
        told(&path, &["--saves", "1"]),
        ["loaded 1", "saved 2", "closed"]
    );
}

#[test]
fn a_state_or_folder_of_another_user_is_refused_with_the_way_out() {
    const NOBODY: u32 = 65534;
    let folder = tempfile::tempdir().unwrap();
    if folder.path().metadata().unwrap().uid() != 0 {
        eprintln!("not tested: only root can be another user");
        return;
    }
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let path = folder.path().join("state.json");
    told(&path, &["--saves", "1"]);
    // Where this user cannot read what was built, it gets a copy.
    let program = folder.path().join("state_writer");
    fs::copy(env!("CARGO_BIN_EXE_state_writer"), &program).unwrap();
    let as_nobody = |path: &Path| {
        let mut command = Command::new(&program);
        command.arg(path).args(["--store", "json", "--saves", "1"]);
        lines(&command.uid(NOBODY).gid(NOBODY).output().unwrap().stdout)
    };
    let expect_refused = |told: &[String], what: &str| {
        let expected =
            format!("refused cannot {what}: Permission denied (os error 13); run as its owner");
        assert!(
            told.len() == 1 && told[0].starts_with(&expected),
            "{told:?}"
        );
    };

    mode(folder.path(), 0o755);
    let lock = folder.path().join("state.json.lock");
    expect_refused(&as_nobody(&path), &format!("lock `{}`", lock.display()));
    let other = folder.path().join("other/state.json");
    expect_refused(
        &as_nobody(&other),
        &format!("make `{}`", folder.path().join("other").display()),
    );

    mode(folder.path(), 0o777);
    fs::remove_file(&lock).unwrap();
    expect_refused(&as_nobody(&path), &format!("read `{}`", path.display()));
    fs::remove_file(&lock).unwrap();
    assert_eq!(load_json(&path), 1);
}

/// As root even a folder without the right to write is written to; this one nobody can write to.
#[test]
fn a_folder_of_the_system_is_refused() {
    let refused = told(Path::new("/proc/self/state.json"), &[]);
    assert!(
        refused[0].starts_with("refused cannot lock `/proc/"),
        "{refused:?}"
    );
}
