//! The system refuses at every point where files are made, copied and renamed, or the process dies there.

use std::cell::Cell;

use super::*;

/// What happens at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Refusal {
    /// Nothing is done, and the process goes on.
    Once,
    /// It is done, and said not to be.
    OnceThoughDone,
    /// Nothing is done, then or later.
    Death,
    /// It is done, and nothing later.
    DeathWhenDone,
}

const ALL: [Refusal; 4] = [
    Refusal::Once,
    Refusal::OnceThoughDone,
    Refusal::Death,
    Refusal::DeathWhenDone,
];

thread_local! {
    static PLAN: Cell<Option<(usize, Refusal)>> = const { Cell::new(None) };
    static POINTS: Cell<usize> = const { Cell::new(0) };
}

/// Passes a point.
pub(in crate::state::redb) fn ask<T>(operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let point = POINTS.get();
    POINTS.set(point + 1);
    let is_done = match PLAN.get() {
        Some((at, refusal)) if point == at => {
            matches!(refusal, Refusal::OnceThoughDone | Refusal::DeathWhenDone)
        }
        Some((at, Refusal::Death | Refusal::DeathWhenDone)) if point > at => false,
        _ => return operation(),
    };
    if is_done {
        let _ = operation();
    }
    Err(io::Error::other("as asked"))
}

fn plan(plan: Option<(usize, Refusal)>) {
    PLAN.set(plan);
    POINTS.set(0);
}

fn state(time: u64) -> Ledger {
    Ledger::of(5, time)
}

/// What the program was told.
struct Told {
    loaded: bool,
    acknowledged: u64,
    begun: u64,
}

/// Loads, and saves twice; whatever is refused is tried once more. `meddle` comes before the saves.
fn live(path: &Path, before: u64, meddle: fn(&Path)) -> Told {
    let mut told = Told {
        loaded: false,
        acknowledged: before,
        begun: before,
    };
    let mut store = RedbStore::<Ledger>::new(path).with_backup_every(Duration::ZERO);
    let Ok(loaded) = store.load().or_else(|_| store.load()) else {
        return told;
    };
    told.loaded = true;
    let mut now = loaded.state.unwrap_or_default();
    meddle(path);
    for time in [11, 12] {
        told.begun = time;
        now.total = time;
        now.accounts.extend(state(time).accounts);
        let snapshot = store.snapshot(&mut now).unwrap();
        let written = store.write(&snapshot).or_else(|_| store.write(&snapshot));
        if written.is_err() {
            return told;
        }
        told.acknowledged = time;
        store.maintain();
    }
    told
}

/// A refusal at each point of a life in a folder that `prepare` has made.
fn at_each_point(prepare: fn(&Path), before: u64, meddle: fn(&Path), check: fn(&Path)) {
    let mut point = 0;
    loop {
        for refusal in ALL {
            let case = format!("{refusal:?} at {point}");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("state.redb");
            plan(None);
            prepare(&path);
            plan(Some((point, refusal)));
            let told = live(&path, before, meddle);
            if POINTS.get() <= point {
                assert!(point >= 12, "{point}");
                return;
            }
            plan(None);
            if matches!(refusal, Refusal::Once | Refusal::OnceThoughDone) {
                assert!(told.loaded && told.acknowledged == 12, "{case}");
            }
            let loaded = RedbStore::<Ledger>::new(&path).load();
            let found = loaded.unwrap_or_else(|error| panic!("{case}: {error}"));
            let found = found.state.unwrap_or_default();
            assert!(
                (told.acknowledged..=told.begun).contains(&found.total),
                "{case}: {} is there, {} was acknowledged",
                found.total,
                told.acknowledged
            );
            let expected = if found.total == 0 {
                Ledger::default()
            } else {
                state(found.total)
            };
            assert_eq!(found, expected, "{case}");
            check(&path);
        }
        point += 1;
    }
}

fn is_kept(path: &Path, text: &str) -> bool {
    let folder = path.parent().unwrap();
    let contents = contents(folder);
    contents.values().any(|content| content == text.as_bytes())
}

#[test]
fn a_new_database_is_there_or_not() {
    at_each_point(|_| (), 0, |_| (), |_| ());
}

#[test]
fn a_save_and_a_copy_lose_nothing() {
    at_each_point(|path| saved(path, &state(7)), 7, |_| (), |_| ());
}

#[test]
fn a_damaged_database_is_kept_and_its_copy_loaded() {
    let prepare = |path: &Path| {
        saved(path, &state(7));
        fs::write(path, "spoilt").unwrap();
    };
    at_each_point(prepare, 7, |_| (), |path| assert!(is_kept(path, "spoilt")));
}

#[test]
fn the_copy_of_a_missing_database_is_loaded() {
    let prepare = |path: &Path| {
        saved(path, &state(7));
        fs::remove_file(path).unwrap();
    };
    at_each_point(prepare, 7, |_| (), |_| ());
}

#[test]
fn a_database_that_was_removed_is_put_back_or_its_copy_loaded() {
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    at_each_point(|path| saved(path, &state(7)), 7, remove, |_| ());
}
