//! At every point of several saves in a row the disk fails or the power goes, and at every pair of points.

use std::path::{Path, PathBuf};

use super::document;
use super::generations::Generations;
use super::sim_disk::{Fault, SimDisk};
use crate::state::{Damage, StateError};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

fn current() -> PathBuf {
    PathBuf::from("/folder/state.json")
}

fn text(number: u64) -> Vec<u8> {
    document::encode(1, number, &number).unwrap()
}

/// The program: what it loads and saves, and what it was told of it.
struct Life {
    disk: SimDisk,
    files: Generations<SimDisk>,
    acknowledged: u64,
    /// The newest that was begun.
    begun: u64,
}

impl Life {
    fn on(disk: &SimDisk) -> Self {
        Self {
            disk: disk.clone(),
            files: Generations::new(disk.clone(), current()),
            acknowledged: 0,
            begun: 0,
        }
    }

    fn load(&mut self) -> Result<(u64, Option<Damage>), StateError> {
        let read = |text: &[u8]| document::decode::<u64>(text, 1, None);
        let (found, damage) = self.files.load(read)?;
        if let Some((state, generation)) = found {
            assert_eq!(state, generation, "a mixture");
        }
        Ok((found.map_or(0, |(state, _)| state), damage))
    }

    fn save(&mut self, number: u64) -> Result<(), StateError> {
        self.begun = number;
        self.files.write(&text(number))?;
        self.acknowledged = number;
        Ok(())
    }

    /// Saves these; each planned fault may spoil one step, and the next one is to work.
    fn saves(&mut self, numbers: impl Iterator<Item = u64>, faults: usize) {
        let mut failures = 0;
        for number in numbers {
            if self.save(number).is_err() {
                failures += 1;
                assert!(failures <= faults, "a save failed without a fault");
            }
            if self.disk.is_dark() {
                return;
            }
        }
    }
}

/// What is loaded from this disk is what was acknowledged, or was being saved; and life goes on.
fn expect_whole(disk: &SimDisk, acknowledged: u64, begun: u64, context: &dyn std::fmt::Debug) {
    disk.heal();
    let mut life = Life::on(disk);
    let (found, damage) = life
        .load()
        .unwrap_or_else(|error| panic!("{context:?}: {error}"));
    assert!(
        (acknowledged..=begun).contains(&found),
        "{context:?}: found {found}, acknowledged {acknowledged}, begun {begun}"
    );
    assert_eq!(damage, None, "{context:?}");
    life.save(1000).unwrap();
    assert_eq!(Life::on(disk).load().unwrap().0, 1000, "{context:?}");
}

/// Begins, and saves so many.
fn live(disk: &SimDisk, saves: u64, faults: usize) -> Life {
    let mut life = Life::on(disk);
    let mut tries = 0;
    while life.load().is_err() && !disk.is_dark() {
        tries += 1;
        assert!(tries <= faults, "loading failed without a fault");
    }
    life.saves(1..=saves, faults);
    life
}

fn points(saves: u64) -> usize {
    let disk = SimDisk::default();
    live(&disk, saves, 0);
    disk.points()
}

const FAILURES: [Fault; 4] = [
    Fault::Fails {
        error: EIO,
        is_done: false,
    },
    Fault::Fails {
        error: EIO,
        is_done: true,
    },
    Fault::Fails {
        error: ENOSPC,
        is_done: false,
    },
    Fault::Fails {
        error: ENOSPC,
        is_done: true,
    },
];
const POWER_LOSSES: [Fault; 2] = [
    Fault::PowerLoss { is_done: false },
    Fault::PowerLoss { is_done: true },
];

#[test]
fn a_failure_at_any_point_loses_nothing_and_the_next_save_works() {
    let points = points(6);
    assert!(points >= 60, "{points}");
    for point in 0..points {
        for fault in FAILURES {
            let disk = SimDisk::default();
            disk.plan(point, fault);
            let life = live(&disk, 6, 1);
            assert!(disk.points() > point, "the fault was met");
            assert!(life.acknowledged >= 5, "one save failed at most");
            expect_whole(&disk, life.acknowledged, life.begun, &(point, fault));
        }
    }
}

#[test]
fn a_loss_of_power_at_any_point_loses_nothing_that_was_saved() {
    let points = points(6);
    let mut images = 0;
    for point in 0..points {
        for fault in POWER_LOSSES {
            let disk = SimDisk::default();
            disk.plan(point, fault);
            let life = live(&disk, 6, 1);
            assert!(disk.is_dark());
            for image in disk.images() {
                images += 1;
                expect_whole(&image, life.acknowledged, life.begun, &(point, fault));
            }
        }
    }
    assert!(images >= 300, "{images}");
}

#[test]
fn a_loss_of_power_after_a_failure_loses_nothing_that_was_saved() {
    let mut images = 0;
    let last = points(3);
    for first in 0..last {
        for failure in [FAILURES[0], FAILURES[1]] {
            for second in first + 1..last {
                for fault in POWER_LOSSES {
                    let disk = SimDisk::default();
                    disk.plan(first, failure);
                    disk.plan(second, fault);
                    let life = live(&disk, 3, 2);
                    let context = (first, failure, second, fault);
                    for image in disk.images() {
                        images += 1;
                        expect_whole(&image, life.acknowledged, life.begun, &context);
                    }
                }
            }
        }
    }
    assert!(images >= 10_000, "{images}");
}

#[test]
fn two_failures_at_any_points_lose_nothing() {
    let last = points(4);
    for first in 0..last {
        for second in first + 1..last {
            for failure in [FAILURES[0], FAILURES[1]] {
                let disk = SimDisk::default();
                disk.plan(first, failure);
                disk.plan(second, failure);
                let life = live(&disk, 4, 2);
                assert!(life.acknowledged >= 2);
                expect_whole(
                    &disk,
                    life.acknowledged,
                    life.begun,
                    &(first, second, failure),
                );
            }
        }
    }
}

/// A damaged current file, and a previous one that is whole.
fn damaged() -> SimDisk {
    let disk = SimDisk::default();
    disk.put(&current(), b"{\"format\":1");
    disk.put(Path::new("/folder/state.json.previous"), &text(7));
    disk
}

fn is_kept(disk: &SimDisk, why: &str) -> bool {
    let paths = disk.paths();
    let names = paths.iter().map(|path| path.to_string_lossy());
    names.filter(|name| name.contains(why)).count() == 1
}

#[test]
fn setting_a_damaged_file_aside_is_as_safe() {
    let disk = damaged();
    live(&disk, 2, 0);
    let points = disk.points();
    assert!(points >= 20, "{points}");
    for point in 0..points {
        for fault in FAILURES {
            let disk = damaged();
            disk.plan(point, fault);
            let mut life = Life::on(&disk);
            if life.load().is_err() {
                assert_eq!(life.load().unwrap().0, 7, "{point} {fault:?}");
            }
            life.saves(8..=9, 1);
            assert!(is_kept(&disk, ".damaged-"), "{point} {fault:?}");
            expect_whole(&disk, life.acknowledged.max(7), 9, &(point, fault));
        }
        for fault in POWER_LOSSES {
            let disk = damaged();
            disk.plan(point, fault);
            let mut life = Life::on(&disk);
            let _ = life.load();
            life.saves(8..=9, 1);
            for image in disk.images() {
                let (found, _) = Life::on(&image).load().unwrap();
                let expected = life.acknowledged.max(7)..=life.begun.max(7);
                assert!(expected.contains(&found), "{point} {fault:?}: {found}");
            }
        }
    }
}

/// Saves 1 and 2; somebody writes 50 over it; saves 3.
fn live_beside_a_stranger(disk: &SimDisk) -> Life {
    let mut life = live(disk, 2, 0);
    disk.put(&current(), &text(50));
    let _ = life.save(3);
    life
}

#[test]
fn what_a_stranger_wrote_is_set_aside_and_at_worst_the_one_before_is_loaded() {
    let disk = SimDisk::default();
    live(&disk, 2, 0);
    let first = disk.points();
    let disk = SimDisk::default();
    live_beside_a_stranger(&disk);
    for point in first..disk.points() {
        for fault in FAILURES {
            let disk = SimDisk::default();
            disk.plan(point, fault);
            let mut life = live_beside_a_stranger(&disk);
            life.save(4).unwrap();
            let whole = Life::on(&disk).load().unwrap().0;
            assert_eq!(whole, 4, "{point} {fault:?}");
            assert!(
                disk.paths()
                    .iter()
                    .any(|path| disk_text(&disk, path) == text(50)),
                "{point} {fault:?}"
            );
        }
        for fault in POWER_LOSSES {
            let disk = SimDisk::default();
            disk.plan(point, fault);
            let life = live_beside_a_stranger(&disk);
            for image in disk.images() {
                let (found, damage) = Life::on(&image).load().unwrap();
                // 2 was overwritten by the stranger; 1 is the generation before.
                let expected: &[u64] = if life.acknowledged == 3 {
                    &[3]
                } else {
                    &[1, 3, 50]
                };
                assert!(expected.contains(&found), "{point} {fault:?}: {found}");
                assert_eq!(damage, None);
                let paths = image.paths();
                assert!(paths.iter().any(|path| disk_text(&image, path) == text(50)));
            }
        }
    }
}

fn disk_text(disk: &SimDisk, path: &Path) -> Vec<u8> {
    use super::disk::Disk as _;
    disk.read(path).unwrap_or_default()
}

#[test]
fn a_leftover_of_a_crash_is_never_loaded() {
    let disk = SimDisk::default();
    disk.put(Path::new("/folder/state.json.new"), &text(9));
    let mut life = Life::on(&disk);
    assert_eq!(life.load().unwrap().0, 0);
    life.save(1).unwrap();
    assert_eq!(Life::on(&disk).load().unwrap().0, 1);
}
