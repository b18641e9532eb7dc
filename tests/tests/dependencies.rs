//! Who uses `#[retry]` compiles no bot.

use std::process::Command;

/// The crates that `recovery-core` brings with these features.
fn tree(features: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--offline",
            "--package",
            "recovery-core",
            "--edges",
            "normal",
        ])
        .args(["--prefix", "none", "--format", "{lib}"])
        .args(features)
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn retry_brings_neither_botrs_nor_what_it_needs() {
    for features in [
        &["--no-default-features", "--features", "macros,tokio"] as &[&str],
        &["--features", ""],
    ] {
        let crates = tree(features);
        for expected in ["recovery_core", "recovery_macros", "fastrand", "tokio"] {
            assert!(
                crates.iter().any(|name| name == expected),
                "{expected} in {crates:?}"
            );
        }
        for unwanted in [
            "botrs",
            "reqwest",
            "serde",
            "serde_json",
            "tracing_subscriber",
            "rustls",
        ] {
            assert!(
                !crates.iter().any(|name| name == unwanted),
                "{unwanted} in {crates:?}"
            );
        }
    }
}

#[test]
fn the_bot_is_there_for_whom_asks() {
    assert!(
        tree(&["--features", "botrs"])
            .iter()
            .any(|name| name == "botrs")
    );
}
