//! What the attributes accept, what they refuse, and in which words.
//!
//! A new golden is written by `TRYBUILD=overwrite cargo test -p recovery-tests --test compile`,
//! and read before it is committed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use recovery_core::retry;

/// The Rust files of a folder under `ui`.
fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("ui")
        .join(folder);
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    cases.sort();
    cases
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the functions in a case.
fn functions(source: &str) -> Vec<&str> {
    let after_fn = source.split("fn ").skip(1);
    let names = after_fn.map(|rest| {
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        &rest[..end]
    });
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn every_shape_compiles_and_runs() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn every_mistake_is_told_in_our_words() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}

/// Here the words are rustc's: these goldens belong to the toolchain they were written with
/// (1.95), and another one may ask for a new look at them.
#[test]
fn mistakes_in_the_body_are_rustcs_at_the_users_tokens() {
    trybuild::TestCases::new().compile_fail("ui/rustc/*.rs");
}

#[test]
fn no_folder_of_cases_is_empty() {
    // trybuild passes a glob that finds nothing.
    for (folder, least) in [("pass", 25), ("fail", 52), ("rustc", 15)] {
        let found = cases(folder).len();
        assert!(
            found >= least,
            "ui/{folder}: {found} cases, {least} at least"
        );
    }
}

#[test]
fn every_case_is_described() {
    for case in ["pass", "fail", "rustc"].into_iter().flat_map(cases) {
        assert!(
            read(&case).starts_with("//! "),
            "{}: say what it shows",
            case.display()
        );
    }
}

/// So that an item dropped beside its error would show as a second error.
#[test]
fn every_refused_item_is_used() {
    for case in ["fail", "rustc"].into_iter().flat_map(cases) {
        let source = read(&case);
        let code = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n");
        for name in functions(&code).into_iter().filter(|name| *name != "main") {
            let used = code.matches(&format!("{name}(")).count()
                + code.matches(&format!("{name}<")).count();
            assert!(used >= 2, "{}: call `{name}`", case.display());
        }
    }
}

#[test]
fn every_error_of_ours_shows_the_way_out() {
    for case in cases("fail") {
        let golden = read(&case.with_extension("stderr"));
        let errors = golden
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        let ways_out = golden
            .lines()
            .filter(|line| line.trim_start().starts_with("help: "))
            .count();
        assert!(errors > 0, "{}: no error", case.display());
        assert_eq!(errors, ways_out, "{}: errors and ways out", case.display());
        assert!(
            !golden.contains("error[E"),
            "{}: an error of rustc's too",
            case.display()
        );
        assert!(
            !golden.contains("warning"),
            "{}: a warning too",
            case.display()
        );
    }
}

#[test]
fn every_golden_belongs_to_a_case() {
    for folder in ["fail", "rustc"] {
        let cases = cases(folder);
        for entry in fs::read_dir(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("ui")
                .join(folder),
        )
        .unwrap()
        {
            let path = entry.unwrap().path();
            assert!(
                cases.contains(&path.with_extension("rs")),
                "{}: of no case",
                path.display()
            );
        }
    }
}

/// Fails twice, so that a test which is not retried fails too.
fn third_time_lucky(calls: &AtomicU32) -> io::Result<()> {
    if calls.fetch_add(1, Ordering::Relaxed) < 2 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(())
}

#[retry]
#[tokio::test(start_paused = true)]
async fn an_async_test_is_retried() -> io::Result<()> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    tokio::task::yield_now().await;
    third_time_lucky(&CALLS)
}

#[tokio::test(start_paused = true)]
#[retry]
async fn an_async_test_is_retried_in_its_runtime() -> io::Result<()> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    tokio::task::yield_now().await;
    third_time_lucky(&CALLS)
}

#[retry(initial = 1ns)]
#[test]
fn a_blocking_test_is_retried() -> io::Result<()> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    third_time_lucky(&CALLS)
}
