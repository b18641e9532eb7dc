//! Saving, loading, the files and the lock.

use super::*;

#[test]
fn a_save_writes_what_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/state.redb");
    let mut store = RedbStore::new(&path);
    let mut state = load(&mut store);
    assert_eq!(state, Ledger::default());
    state = Ledger::of(1000, 1);
    assert!(save(&mut store, &mut state).bytes > 10_000);
    state.accounts.insert("account 7", "changed".to_owned());
    state.accounts.remove("account 8");
    state.total = 2;
    let bytes = save(&mut store, &mut state).bytes;
    assert!((10..100).contains(&bytes), "{bytes}");
    assert!(save(&mut store, &mut state).bytes < 10);
    drop(store);
    assert_eq!(load(&mut RedbStore::new(&path)), state);
}

#[test]
fn a_state_in_the_place_of_another_is_written_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut store = RedbStore::new(&path);
    load(&mut store);
    let mut first = Ledger::of(10, 1);
    save(&mut store, &mut first);
    let mut second = Ledger::of(3, 2);
    save(&mut store, &mut second);
    // It is tracked, but not since the save before.
    first.accounts.remove("account 1");
    save(&mut store, &mut first);
    drop(store);
    assert_eq!(load(&mut RedbStore::new(&path)), first);
}

#[test]
fn a_snapshot_may_be_written_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut store = RedbStore::new(&path);
    let mut state = Ledger::of(10, 1);
    load(&mut store);
    for _ in 0..2 {
        let snapshot = store.snapshot(&mut state).unwrap();
        store.write(&snapshot).unwrap();
        store.write(&snapshot).unwrap();
        state.accounts.insert("account 1", "changed".to_owned());
        state.accounts.remove("account 2");
    }
    save(&mut store, &mut state);
    drop(store);
    assert_eq!(load(&mut RedbStore::new(&path)), state);
}

#[test]
fn what_could_not_be_put_into_form_is_in_the_next_snapshot() {
    struct Odd {
        values: TrackedMap<HashMap<Vec<u8>, u8>>,
    }
    impl Records for Odd {
        type Root = ();
        type Record = HashMap<Vec<u8>, u8>;
        fn from_parts((): (), values: TrackedMap<Self::Record>) -> Self {
            Self { values }
        }
        fn root(&self) {}
        fn records(&mut self) -> &mut TrackedMap<Self::Record> {
            &mut self.values
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut store = RedbStore::new(&path);
    let mut state: Odd = store.load().unwrap().state.unwrap_or(Odd {
        values: TrackedMap::new(),
    });
    let snapshot = store.snapshot(&mut state).unwrap();
    store.write(&snapshot).unwrap();
    state.values.insert("good", HashMap::new());
    // JSON has no such keys.
    state.values.insert("bad", HashMap::from([(vec![1], 1)]));
    let refused = store.snapshot(&mut state).unwrap_err();
    assert!(matches!(refused, StateError::Unwritable { .. }));
    state.values.remove("bad");
    let snapshot = store.snapshot(&mut state).unwrap();
    store.write(&snapshot).unwrap();
    drop(store);
    let loaded: Odd = RedbStore::new(&path).load().unwrap().state.unwrap();
    assert!(loaded.values.contains_key("good"));
}

#[test]
fn one_store_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut first = RedbStore::new(&path);
    load(&mut first);
    let refused = RedbStore::<Ledger>::new(&path).load().unwrap_err();
    let process = format!("process {}", std::process::id());
    assert!(refused.to_string().contains(&process), "{refused}");
    save(&mut first, &mut Ledger::of(1, 1));
    drop(first);
    load(&mut RedbStore::new(&path));
}

#[test]
fn a_database_that_redb_has_open_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(1, 1));
    let other = ::redb::Database::open(&path).unwrap();
    let refused = RedbStore::<Ledger>::new(&path).load().unwrap_err();
    assert!(matches!(refused, StateError::InUse { .. }), "{refused}");
    drop(other);
    load(&mut RedbStore::new(&path));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/state.redb");
    saved(&path, &Ledger::of(1, 1));
    load(&mut RedbStore::new(&path));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = path.parent().unwrap();
    assert_eq!(mode(folder), 0o700);
    let expected = ["state.redb", "state.redb.lock", "state.redb.previous"];
    assert_eq!(names(folder), expected);
    for name in expected {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_database_that_was_removed_under_a_program_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut store = RedbStore::new(&path);
    let mut state = Ledger::of(100, 1);
    load(&mut store);
    save(&mut store, &mut state);
    fs::remove_file(&path).unwrap();
    state.accounts.insert("account 1", "changed".to_owned());
    save(&mut store, &mut state);
    drop(store);
    assert_eq!(load(&mut RedbStore::new(&path)), state);
}

#[cfg(unix)]
#[test]
fn a_database_that_was_put_in_its_place_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let other = folder.path().join("other.redb");
    saved(&other, &Ledger::of(1, 7));
    let mut store = RedbStore::new(&path);
    let mut state = Ledger::of(100, 1);
    load(&mut store);
    save(&mut store, &mut state);
    fs::rename(&other, &path).unwrap();
    let snapshot = store.snapshot(&mut state).unwrap();
    let refused = store.write(&snapshot).unwrap_err().to_string();
    assert!(refused.contains("another file"), "{refused}");
    drop(store);
    assert_eq!(load(&mut RedbStore::new(&path)), Ledger::of(1, 7));
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_made_by_the_first_save_and_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let hour = Duration::from_secs(3600);
    let copied = || {
        let copy = folder.path().join("copy.redb");
        fs::copy(place::previous(&path), &copy).unwrap();
        load(&mut RedbStore::new(&copy)).total
    };
    let mut store = RedbStore::new(&path).with_backup_every(hour);
    let mut state = load(&mut store);
    let mut save_at = |total| {
        state.total = total;
        save(&mut store, &mut state);
    };
    save_at(1);
    assert_eq!(copied(), 1, "the first save of all");
    save_at(2);
    tokio::time::advance(hour / 2).await;
    save_at(3);
    assert_eq!(copied(), 1, "it is not old");
    tokio::time::advance(hour / 2).await;
    save_at(4);
    assert_eq!(copied(), 4, "it is old");
    save_at(5);
    drop(store);
    let mut store = RedbStore::new(&path).with_backup_every(hour);
    let mut state = load(&mut store);
    save(&mut store, &mut state);
    assert_eq!(copied(), 4, "it is not old in the next process");
    tokio::time::advance(hour).await;
    save(&mut store, &mut state);
    assert_eq!(copied(), 5, "then it is");
}

#[test]
fn a_copy_that_cannot_be_made_does_not_fail_a_save() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    fs::create_dir_all(place::previous(&path).join("in the way")).unwrap();
    let state = Ledger::of(1, 1);
    for every in [Duration::ZERO, Duration::MAX] {
        let mut store = RedbStore::new(&path).with_backup_every(every);
        load(&mut store);
        save(&mut store, &mut state.clone());
        save(&mut store, &mut state.clone());
    }
    assert_eq!(load(&mut RedbStore::new(&path)), state);
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = RedbStore::<Ledger>::new(file.join("state.redb")).load();
    assert!(matches!(refused.unwrap_err(), StateError::Io { .. }));
}

#[test]
fn a_debug_shows_nothing_of_the_state() {
    let mut store = RedbStore::new("state.redb");
    let snapshot = store.snapshot(&mut Ledger::of(1, 7)).unwrap();
    let text = format!("{store:?} {snapshot:?}");
    assert!(!text.contains("at 7"), "{text}");
}

#[test]
fn a_database_that_was_put_there_before_the_first_save_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let other = folder.path().join("other.redb");
    saved(&other, &Ledger::of(1, 7));
    let mut store = RedbStore::new(&path);
    let mut state = load(&mut store);
    fs::rename(&other, &path).unwrap();
    state.total = 2;
    save(&mut store, &mut state);
    drop(store);
    assert_eq!(load(&mut RedbStore::new(&path)), state);
    let kept = names(folder.path())
        .into_iter()
        .find(|name| name.contains("state.redb.changed-"));
    let kept = folder.path().join(kept.unwrap());
    assert_eq!(load(&mut RedbStore::new(kept)), Ledger::of(1, 7));
}
