//! Killed at any time, a process loses nothing that it was told is saved.

use std::io::{BufRead as _, BufReader, Read as _};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{lines, load_json, numbers, writer};

const ROUNDS: usize = 200;
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn what_was_saved_outlives_two_hundred_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut random = fastrand::Rng::with_seed(0x5EED);
    let begun = Instant::now();
    let (mut newest, mut saves, mut killed_while_saving) = (0, 0, 0);
    for round in 0..ROUNDS {
        let mut child = writer("json", &path).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut told = String::new();
        // Every fourth is killed in its beginning.
        if round % 4 != 0 {
            output.read_line(&mut told).unwrap();
        }
        thread::sleep(Duration::from_micros(random.u64(0..60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        output.read_to_string(&mut told).unwrap();
        let told = lines(told.as_bytes());
        let acknowledgements = numbers(&told, "saved ");
        assert!(
            numbers(&told, "loaded ")
                .iter()
                .all(|loaded| *loaded == newest),
            "{told:?}"
        );
        assert!(
            !told.iter().any(|line| line.starts_with("failed")),
            "{told:?}"
        );
        let acknowledged = acknowledgements.last().copied().unwrap_or(newest);
        let found = load_json(&path);
        assert!(
            (acknowledged..=acknowledged + 1).contains(&found),
            "round {round}: found {found}, acknowledged {acknowledged}"
        );
        killed_while_saving += usize::from(!acknowledgements.is_empty());
        saves += acknowledgements.len();
        newest = found;
        assert!(begun.elapsed() < LIMIT, "bounded");
    }
    assert!(killed_while_saving >= ROUNDS / 10, "{killed_while_saving}");
    assert!(saves >= ROUNDS / 2, "{saves}");
    println!(
        "{ROUNDS} kills, {killed_while_saving} while saving, {saves} saves, {:?}",
        begun.elapsed()
    );
}
