//! Damage of every kind: the right state or a clear word, and nothing else.

use ::redb::StorageBackend;

use super::disk::SimulatedDisk;
use super::*;

/// A database after several saves, as it is while it is open and after it was closed.
fn images() -> [Vec<u8>; 2] {
    let disk = SimulatedDisk::default();
    let mut database = Database::create(Box::new(disk.clone())).unwrap();
    let mut state = Ledger::of(150, 1);
    let mut mark = None;
    for time in 2..6 {
        let (changes, next) = state.accounts.changes_since(mark);
        mark = Some(next);
        let snapshot = RedbSnapshot::take(&mut state, changes).unwrap();
        database.write(1, &snapshot).unwrap();
        if time < 5 {
            state.total = time;
            for account in 0..20 {
                let key = format!("account {}", account * time);
                state.accounts.insert(key, format!("at {time}"));
            }
        }
    }
    let open = disk.content();
    drop(database);
    [open, disk.content()]
}

fn open(image: Vec<u8>) -> Result<Database, Fault> {
    let below: Box<dyn StorageBackend> = Box::new(SimulatedDisk::of(image));
    Database::open(below, Newest::Whole, 1)
}

fn read(image: Vec<u8>) -> Result<Ledger, Fault> {
    let database = open(image)?;
    let state = database.read(1)?;
    database.settle()?;
    Ok(state)
}

#[test]
fn a_changed_byte_changes_nothing_or_is_noticed() {
    let mut noticed = 0;
    for image in images() {
        let right = read(image.clone()).unwrap();
        // Every byte of the header, and enough of each page to hit all that is in it.
        let places = (0..320).chain((320..image.len()).step_by(257));
        for place in places {
            // Pages that were never used are all zero; few of them will do.
            let is_unused = image[place..].iter().take(512).all(|byte| *byte == 0);
            if place > 4096 && is_unused && place % 50 != 0 {
                continue;
            }
            let flips: &[u8] = if place < 320 {
                &[1, 8, 128]
            } else {
                &[1 << (place % 8)]
            };
            for flip in flips {
                let mut image = image.clone();
                image[place] ^= flip;
                match read(image.clone()) {
                    Ok(state) => assert_eq!(state, right, "byte {place} ^ {flip}"),
                    Err(Fault::Unfit(Unfit::Damaged(_))) => {
                        noticed += 1;
                        // So that a copy need not be read to the end.
                        let opened = open(image).map(drop);
                        assert!(opened.is_err(), "byte {place} ^ {flip}");
                    }
                    Err(other) => panic!("byte {place} ^ {flip}: {other:?}"),
                }
            }
        }
    }
    assert!(noticed > 100, "{noticed}");
}

#[test]
fn a_file_that_is_cut_short_or_zeroed_is_noticed() {
    for image in images() {
        let right = read(image.clone()).unwrap();
        let length = image.len();
        let lengths = (0..330).step_by(3).chain((600..length).step_by(4096));
        for cut in lengths {
            let mut short = image.clone();
            short.truncate(cut);
            let mut zeroed = short.clone();
            zeroed.resize(length, 0);
            for image in [short, zeroed] {
                match read(image) {
                    Ok(state) => assert_eq!(state, right, "cut at {cut}"),
                    Err(Fault::Unfit(Unfit::Damaged(_))) => {}
                    Err(other) => panic!("cut at {cut}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn an_older_commit_is_never_taken_for_the_newest() {
    // The bit that names the newest commit, which no checksum covers.
    let [mut open, mut closed] = images();
    let right = read(open.clone()).unwrap();
    open[9] ^= 1;
    assert_eq!(read(open).unwrap(), right);
    // The file became shorter at its end, so the older commit is no longer whole.
    closed[9] ^= 1;
    match read(closed) {
        Ok(state) => assert_eq!(state, right),
        Err(fault) => assert!(
            matches!(fault, Fault::Unfit(Unfit::Damaged(_))),
            "{fault:?}"
        ),
    }
}

#[test]
fn a_record_that_belongs_elsewhere_is_noticed() {
    let sealed = database::seal("ann", b"1");
    assert_eq!(database::open_seal("ann", &sealed).unwrap(), b"1");
    for (key, value) in [
        ("ben", &sealed[..]),
        ("an", &sealed[..]),
        ("ann", &sealed[..3]),
        ("ann", &[]),
    ] {
        assert!(database::open_seal(key, value).is_err(), "{key}");
    }
}

#[test]
fn the_copy_takes_the_place_of_what_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(30, 1));
    let mut store = RedbStore::new(&path);
    let mut state = load(&mut store);
    state.total = 2;
    save(&mut store, &mut state);
    drop(store);
    let mut kept = Vec::new();
    for round in 0..3 {
        let spoilt = format!("spoilt {round}");
        fs::write(&path, &spoilt).unwrap();
        let mut store = RedbStore::<Ledger>::new(&path);
        let loaded = store.load().unwrap();
        let damage = loaded.damage.unwrap();
        assert_eq!(loaded.state, Some(Ledger::of(30, 1)));
        assert_eq!(damage.restored, place::previous(&path));
        let aside = damage.kept.unwrap();
        assert_eq!(fs::read_to_string(&aside).unwrap(), spoilt);
        kept.push(aside);
        drop(store);
        assert_eq!(load(&mut RedbStore::new(&path)), Ledger::of(30, 1));
    }
    kept.sort();
    kept.dedup();
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|kept| kept.exists()));
}

#[test]
fn without_a_good_copy_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(30, 1));
    for copy in [None, Some("spoilt as well")] {
        fs::write(&path, "spoilt").unwrap();
        match copy {
            None => fs::remove_file(place::previous(&path)).unwrap(),
            Some(text) => fs::write(place::previous(&path), text).unwrap(),
        }
        let before = contents(folder.path());
        let mut store = RedbStore::<Ledger>::new(&path);
        let refused = store.load().unwrap_err();
        assert!(matches!(refused, StateError::Damaged { .. }), "{refused}");
        let snapshot = store.snapshot(&mut Ledger::default()).unwrap();
        let refused = store.write(&snapshot).unwrap_err();
        assert!(matches!(refused, StateError::Damaged { .. }), "{refused}");
        drop(store);
        assert_eq!(contents(folder.path()), before);
    }
}

#[test]
fn a_file_without_content_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    fs::write(&path, "").unwrap();
    let refused = RedbStore::<Ledger>::new(&path).load().unwrap_err();
    assert!(matches!(refused, StateError::Damaged { .. }), "{refused}");
}

#[test]
fn a_missing_database_is_replaced_by_its_copy_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    saved(&path, &Ledger::of(30, 1));
    fs::remove_file(&path).unwrap();
    let loaded = RedbStore::<Ledger>::new(&path).load().unwrap();
    assert_eq!(loaded.state, Some(Ledger::of(30, 1)));
    let damage = loaded.damage.unwrap();
    assert_eq!(
        (damage.kept, damage.restored),
        (None, place::previous(&path))
    );
    assert_eq!(load(&mut RedbStore::new(&path)), Ledger::of(30, 1));
}

/// A record whose `Deserialize` panics.
#[derive(Debug, serde::Serialize)]
struct Touchy(String);

impl<'de> serde::Deserialize<'de> for Touchy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        assert!(text == "at 1", "as asked of {text}");
        Ok(Self(text))
    }
}

struct Touching(TrackedMap<Touchy>);

impl Records for Touching {
    type Root = u64;
    type Record = Touchy;

    fn from_parts(_: u64, records: TrackedMap<Touchy>) -> Self {
        Self(records)
    }

    fn root(&self) -> u64 {
        1
    }

    fn records(&mut self) -> &mut TrackedMap<Touchy> {
        &mut self.0
    }
}

#[test]
fn a_panic_of_the_states_own_code_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mut store = RedbStore::new(&path);
    let mut state = load(&mut store);
    state.extend_with("at 1");
    save(&mut store, &mut state);
    // What the copy does not have is what panics.
    state.extend_with("hunter2");
    save(&mut store, &mut state);
    drop(store);
    let before = contents(folder.path());
    let refused = RedbStore::<Touching>::new(&path).load().err().unwrap();
    assert!(
        matches!(refused, StateError::Panicked { action: "loaded" }),
        "{refused}"
    );
    assert_eq!(contents(folder.path()), before);
}
