//! Other versions of the state, of the format, and other programs' files.

use super::*;

type Migrated = Result<Value, Box<dyn Error + Send + Sync>>;

#[expect(clippy::needless_pass_by_value, reason = "as a migration is called")]
fn double(_: u32, part: Part<'_>, value: Value) -> Migrated {
    Ok(match part {
        Part::Root => (value.as_u64().ok_or("no number")? * 2).into(),
        Part::Record(key) => format!("{key}: {}", value.as_str().ok_or("no text")?).into(),
    })
}

#[test]
fn an_older_state_is_migrated_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(3, 4));
    for _ in 0..2 {
        let mut store = RedbStore::new(&path).with_version(2).with_migration(double);
        let mut state = load(&mut store);
        assert_eq!(state.total, 8);
        assert_eq!(state.accounts["account 1"], "account 1: at 4");
        assert_eq!(state.accounts.len(), 3);
        assert!(save(&mut store, &mut state).bytes < 10);
    }
}

#[test]
fn a_migration_is_for_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(50, 4));
    let failures: [fn() -> Migrated; 3] = [
        || Err("it is too old".into()),
        || panic!("it is too old"),
        || Ok(Value::Null),
    ];
    for failure in failures {
        let mut store = RedbStore::<Ledger>::new(&path)
            .with_version(2)
            .with_migration(move |from, part, value| match part {
                Part::Record("account 33") => failure(),
                _ => double(from, part, value),
            });
        let refused = store.load().unwrap_err();
        assert!(
            matches!(refused, StateError::Incompatible { .. }),
            "{refused}"
        );
        assert!(refused.to_string().contains("account 33"), "{refused}");
        drop(store);
        assert_eq!(load(&mut RedbStore::new(&path)), Ledger::of(50, 4));
    }
}

#[test]
fn the_copy_is_of_before_the_migration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(3, 4));
    let migrating = || RedbStore::new(&path).with_version(2).with_migration(double);
    load(&mut migrating());
    fs::write(&path, "spoilt").unwrap();
    let loaded = migrating().load().unwrap();
    assert!(loaded.damage.is_some());
    assert_eq!(loaded.state.unwrap().total, 8);
}

#[test]
fn an_older_state_without_a_migration_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(3, 4));
    let mut store = RedbStore::new(&path).with_version(2);
    assert_eq!(load(&mut store), Ledger::of(3, 4));
}

#[test]
fn a_newer_state_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut store = RedbStore::new(&path).with_version(7);
    save(&mut store, &mut Ledger::of(3, 4));
    drop(store);
    let before = contents(folder.path());
    let mut store = RedbStore::new(&path).with_version(6);
    let refused = StateStore::<Ledger>::load(&mut store).unwrap_err();
    assert!(matches!(
        refused,
        StateError::Newer {
            found: 7,
            known: 6,
            ..
        }
    ));
    let snapshot = store.snapshot(&mut Ledger::default()).unwrap();
    let refused = store.write(&snapshot).unwrap_err();
    assert!(matches!(refused, StateError::Newer { .. }));
    drop(store);
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn what_does_not_fit_the_state_is_left_alone() {
    #[derive(Debug)]
    struct Numbers;
    impl Records for Numbers {
        type Root = u64;
        type Record = u64;
        fn from_parts(_: u64, _: TrackedMap<u64>) -> Self {
            Self
        }
        fn root(&self) -> u64 {
            0
        }
        fn records(&mut self) -> &mut TrackedMap<u64> {
            unreachable!("it is not read")
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(3, 4));
    let before = contents(folder.path());
    let refused = RedbStore::<Numbers>::new(&path).load().unwrap_err();
    assert!(matches!(
        refused,
        StateError::Incompatible { version: 1, .. }
    ));
    assert!(refused.to_string().contains("account"), "{refused}");
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn another_programs_database_is_left_alone() {
    const THEIRS: ::redb::TableDefinition<'_, u64, u64> = ::redb::TableDefinition::new("theirs");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let theirs = ::redb::Database::create(&path).unwrap();
    let transaction = theirs.begin_write().unwrap();
    transaction
        .open_table(THEIRS)
        .unwrap()
        .insert(1, 2)
        .unwrap();
    transaction.commit().unwrap();
    drop(theirs);
    let before = contents(folder.path());
    let mut store = RedbStore::<Ledger>::new(&path);
    let snapshot = store.snapshot(&mut Ledger::default()).unwrap();
    for refused in [store.load().map(drop), store.write(&snapshot).map(drop)] {
        let refused = refused.unwrap_err();
        assert!(refused.to_string().contains("another program"), "{refused}");
    }
    drop(store);
    assert_eq!(contents(folder.path()), before);
}
