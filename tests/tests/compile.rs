//! What the attributes accept, what they refuse, and in which words.
//!
//! A new golden is written by `TRYBUILD=overwrite cargo test -p recovery-tests --test compile`,
//! and read before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files of a folder under `ui`.
fn cases(folder: &str) -> Vec<PathBuf> {
    rust_files(&Path::new("ui").join(folder))
}

/// The families of the shape suite, which `tests/shapes/main.rs` lists.
fn families() -> Vec<PathBuf> {
    let mut families = rust_files(Path::new("tests/shapes"));
    families.retain(|path| !path.ends_with("main.rs"));
    families
}

/// The Rust files of a folder of this package.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
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
    for (folder, least) in [("fail", 74), ("rustc", 21)] {
        let found = cases(folder).len();
        assert!(
            found >= least,
            "ui/{folder}: {found} cases, {least} at least"
        );
    }
}

#[test]
fn every_case_is_described() {
    let cases = ["fail", "rustc"].into_iter().flat_map(cases);
    for case in cases.chain(families()) {
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

/// Rust builds only the files that a module names.
#[test]
fn every_family_of_shapes_is_built() {
    let suite = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shapes/main.rs"));
    let modules = suite.lines().filter(|line| line.starts_with("mod "));
    let modules: Vec<_> = modules
        .map(|line| line.trim_start_matches("mod ").trim_end_matches(';'))
        .collect();
    for family in families() {
        let name = family.file_stem().unwrap().to_str().unwrap();
        assert!(modules.contains(&name), "{}: of no suite", family.display());
    }
}

#[test]
fn no_family_of_shapes_is_lost() {
    let mut all = 0;
    for family in families() {
        let source = read(&family);
        let code = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let retried = code
            .filter(|line| {
                ["#[retry", "::retry"]
                    .iter()
                    .any(|word| line.contains(word))
            })
            .filter(|line| !line.contains("#[retryable_on"))
            .count();
        assert!(retried > 0, "{}: retries nothing", family.display());
        all += retried;
    }
    assert!(all >= 200, "{all} retried functions, 200 at least");
}
