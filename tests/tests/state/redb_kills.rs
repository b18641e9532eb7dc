//! Killed at any time, a process loses nothing that it was told is saved in an embedded database.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use recovery_core::state::{Records, RedbStore, StateStore as _, TrackedMap};

use crate::support::{lines, numbers, writer};

const ROUNDS: usize = 200;
const LIMIT: Duration = Duration::from_secs(120);

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
fn load(path: &Path) -> u64 {
    let loaded = RedbStore::<Numbers>::new(path).load().unwrap();
    assert_eq!(loaded.damage, None);
    let Some(Numbers(number, copies)) = loaded.state else {
        return 0;
    };
    assert_eq!(copies.len(), 200);
    assert!(copies.values().all(|copy| *copy == number), "a mixture");
    number
}

#[test]
fn what_was_saved_in_a_database_outlives_two_hundred_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut random = fastrand::Rng::with_seed(0x5EED);
    let begun = Instant::now();
    let (mut newest, mut saves, mut killed_while_saving) = (0, 0, 0);
    for round in 0..ROUNDS {
        let mut child = writer("redb", &path).spawn().unwrap();
        thread::sleep(Duration::from_micros(random.u64(0..120_000)));
        child.kill().unwrap();
        let told = lines(&child.wait_with_output().unwrap().stdout);
        let acknowledgements = numbers(&told, "saved ");
        assert!(
            numbers(&told, "loaded ")
                .iter()
                .all(|loaded| *loaded == newest),
            "{told:?}"
        );
        assert!(
            !told
                .iter()
                .any(|line| line.starts_with("failed") || line.starts_with("refused")),
            "{told:?}"
        );
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
    assert!(killed_while_saving >= ROUNDS / 4, "{killed_while_saving}");
    println!(
        "{ROUNDS} kills, {killed_while_saving} while saving, {saves} saves, {:?}",
        begun.elapsed()
    );
}
