//! Failures and the loss of power at every operation: what was acknowledged is there, or what was under way.

use super::disk::{SimulatedDisk, Trouble};
use super::*;

const SAVES: u64 = 5;
const RANDOM_CASES: u64 = 6;

/// A database with the state of time 0, as it is while it is open, and what each save after that writes and
/// leaves.
struct Story {
    image: Vec<u8>,
    saves: Vec<(RedbSnapshot, Ledger)>,
}

impl Story {
    fn new() -> Self {
        let mut state = Ledger::of(60, 0);
        let (changes, mut mark) = state.accounts.changes_since(None);
        let first = RedbSnapshot::take(&mut state, changes).unwrap();
        let disk = SimulatedDisk::default();
        let mut database = Database::create(Box::new(disk.clone())).unwrap();
        database.write(1, &first).unwrap();
        let mut saves = vec![(first, state.clone())];
        for time in 1..=SAVES {
            state.total = time;
            if time == 3 {
                state.accounts = Ledger::of(90, time).accounts;
            }
            for account in 0..7 {
                let key = format!("account {}", account * time);
                state.accounts.insert(key, format!("at {time}"));
            }
            state.accounts.remove(&format!("account {}", 50 + time));
            let (changes, next) = state.accounts.changes_since(Some(mark));
            mark = next;
            let snapshot = RedbSnapshot::take(&mut state, changes).unwrap();
            saves.push((snapshot, state.clone()));
        }
        Self {
            image: disk.content(),
            saves,
        }
    }

    fn disk(&self) -> SimulatedDisk {
        SimulatedDisk::of(self.image.clone())
    }

    /// Opens the database and makes all saves; returns how many were acknowledged, and whether that is all.
    fn live(&self, disk: &SimulatedDisk) -> (usize, Result<(), Fault>) {
        let mut acknowledged = 0;
        let mut live = || {
            let mut database = open(disk, Newest::Whole)?;
            for (snapshot, _) in &self.saves[1..] {
                database.write(1, snapshot)?;
                acknowledged += 1;
            }
            Ok(())
        };
        let result = live();
        (acknowledged, result)
    }

    fn operations(&self) -> usize {
        let disk = self.disk();
        let (acknowledged, result) = self.live(&disk);
        result.unwrap();
        assert_eq!(acknowledged, self.saves.len() - 1);
        disk.operations()
    }

    /// The state must be that of the last save that was acknowledged, or of the one under way.
    fn check(&self, image: Vec<u8>, acknowledged: usize, case: &str) {
        let database = open(&SimulatedDisk::of(image), Newest::Whole);
        let database = database.unwrap_or_else(|fault| panic!("{case}: {fault:?}"));
        let state: Ledger = database.read(1).unwrap();
        let under_way = (acknowledged + 1).min(self.saves.len() - 1);
        let expected = [acknowledged, under_way].map(|save| &self.saves[save].1);
        assert!(
            expected.contains(&&state),
            "{case}: {} saves were acknowledged, and the state is of time {}",
            acknowledged,
            state.total
        );
    }
}

fn open(disk: &SimulatedDisk, newest: Newest) -> Result<Database, Fault> {
    let database = Database::open(Box::new(disk.clone()), newest, 1)?;
    database.verify(1)?;
    database.settle()?;
    Ok(database)
}

#[test]
fn power_may_be_lost_at_any_operation() {
    let story = Story::new();
    let operations = story.operations();
    assert!(operations > 50, "{operations}");
    for operation in 0..operations {
        let disk = story.disk().trouble_at(operation, Trouble::LosesPower);
        let (acknowledged, _) = story.live(&disk);
        for case in 0..RANDOM_CASES {
            let mut random = case * (operation as u64 + 1);
            let image = disk.after_power_loss(&mut random);
            story.check(
                image,
                acknowledged,
                &format!("operation {operation}, case {case}"),
            );
        }
    }
}

#[test]
fn power_may_be_lost_again_during_the_repair() {
    let story = Story::new();
    let operations = story.operations();
    for operation in (0..operations).step_by(3) {
        let disk = story.disk().trouble_at(operation, Trouble::LosesPower);
        let (acknowledged, _) = story.live(&disk);
        let mut random = operation as u64 + 7;
        let image = disk.after_power_loss(&mut random);
        for repair in 0.. {
            let disk = SimulatedDisk::of(image.clone()).trouble_at(repair, Trouble::LosesPower);
            let opened = open(&disk, Newest::Whole);
            let is_through = opened.is_ok() && disk.operations() <= repair;
            disk.lose_power();
            drop(opened);
            let case = format!("operation {operation}, repair {repair}");
            story.check(disk.after_power_loss(&mut random), acknowledged, &case);
            if is_through {
                break;
            }
        }
    }
}

#[test]
fn a_save_that_fails_can_be_made_again() {
    let story = Story::new();
    let operations = story.operations();
    for trouble in [Trouble::Fails, Trouble::FailsAndForgets] {
        for operation in 0..operations {
            let disk = story.disk().trouble_at(operation, trouble);
            let case = format!("{trouble:?} at {operation}");
            let (mut acknowledged, result) = story.live(&disk);
            if result.is_err() {
                let mut database = open(&disk, Newest::Named).unwrap_or_else(|fault| {
                    panic!("{case}: {fault:?}");
                });
                for (snapshot, _) in &story.saves[acknowledged + 1..] {
                    database.write(1, snapshot).unwrap();
                    acknowledged += 1;
                }
                disk.lose_power();
            }
            assert_eq!(acknowledged, story.saves.len() - 1);
            story.check(disk.after_power_loss(&mut 0), acknowledged, &case);
        }
    }
}
