//! Killed at any time, a process loses nothing that it was told is saved.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use recovery_core::state::{Records, RedbStore, StateStore as _, TrackedMap};

use crate::support::{lines, load_json, numbers, writer};

const ROUNDS: usize = 200;
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn what_was_saved_in_a_file_outlives_two_hundred_kills() {
    let (killed_while_saving, saves) = outlives_kills("json", 60_000, load_json);
    assert!(killed_while_saving >= ROUNDS / 10, "{killed_while_saving}");
    assert!(saves >= ROUNDS / 2, "{saves}");
}

#[test]
fn what_was_saved_in_a_database_outlives_two_hundred_kills() {
    let (killed_while_saving, _) = outlives_kills("redb", 120_000, load_redb);
    assert!(killed_while_saving >= ROUNDS / 4, "{killed_while_saving}");
}

/// Kills the process that writes to this store, each time within so many microseconds. Returns how often it had
/// saved something by then, and how often it had saved in all.
fn outlives_kills(store: &str, within_micros: u64, load: fn(&Path) -> u64) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut random = fastrand::Rng::with_seed(0x5EED);
    let begun = Instant::now();
    let (mut newest, mut saves, mut killed_while_saving) = (0, 0, 0);
    for round in 0..ROUNDS {
        let mut child = writer(store, &path).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut told = String::new();
        // Every fourth is killed in its beginning.
        if round % 4 != 0 {
            output.read_line(&mut told).unwrap();
        }
        thread::sleep(Duration::from_micros(random.u64(0..within_micros)));
        child.kill().unwrap();
        child.wait().unwrap();
        output.read_to_string(&mut told).unwrap();
        let told = lines(told.as_bytes());
        let acknowledgements = numbers(&told, "saved ");
        let loaded = numbers(&told, "loaded ");
        assert!(loaded.iter().all(|loaded| *loaded == newest), "{told:?}");
        let is_bad = |line: &String| line.starts_with("failed") || line.starts_with("refused");
        assert!(!told.iter().any(is_bad), "{told:?}");
        let acknowledged = acknowledgements.last().copied().unwrap_or(newest);
        let found = load(&path);
        assert!(
            (acknowledged..=acknowledged + 1).contains(&found),
            "round {round}: found {found}, acknowledged {acknowledged}"
        );
        killed_while_saving += usize::from(!acknowledgements.is_empty());
        saves += acknowledgements.len();
        newest = found;
        assert!(begun.elapsed() < LIMIT, "bounded");
    }
    println!(
        "{store}: {ROUNDS} kills, {killed_while_saving} while saving, {saves} saves, {:?}",
        begun.elapsed()
    );
    (killed_while_saving, saves)
}

/// As `state_writer` saves it: all the numbers are the same.
struct Numbers(u64, TrackedMap<u64>);

impl Records for Numbers {
    type Root = u64;
    type Record = u64;

    fn from_parts(number: u64, copies: TrackedMap<u64>) -> Self {
        Self(number, copies)
    }

    fn root(&self) -> u64 {
        self.0
    }

    fn records(&mut self) -> &mut TrackedMap<u64> {
        &mut self.1
    }
}

/// The number in the database; 0 if there is none.
fn load_redb(path: &Path) -> u64 {
    let loaded = RedbStore::<Numbers>::new(path).load().unwrap();
    assert_eq!(loaded.damage, None);
    let Some(Numbers(number, copies)) = loaded.state else {
        return 0;
    };
    assert_eq!(copies.len(), 200);
    assert!(copies.values().all(|copy| *copy == number), "a mixture");
    number
}
