//! Saves and loads a state, and counts time, memory and what the system was asked to write.

use std::path::Path;
use std::time::{Duration, Instant};

use recovery_core::botrs::BotState;
use recovery_core::state::{JsonFile, RedbStore, StateStore};
use serde::{Deserialize, Serialize};

use crate::process::number;
use crate::{Step, Store};

/// How many saves of one user a median is taken of.
const SAVES: usize = 7;

/// What one process has measured; times in seconds, sizes in bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// The save of all there is, of a state that was never saved.
    pub(crate) first: Save,
    /// A save after one user has written.
    pub(crate) one: Save,
    /// What is done after a save while nobody waits.
    pub(crate) copy: f64,
    pub(crate) load: f64,
    pub(crate) memory_before: u64,
    pub(crate) memory_after: u64,
    pub(crate) memory_peak: u64,
    pub(crate) file: u64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Save {
    /// How long the state cannot be used.
    pub(crate) snapshot: f64,
    pub(crate) write: f64,
    /// As the store says.
    pub(crate) of_the_state: u64,
    /// As the system has counted: what it was asked to write.
    pub(crate) asked: u64,
    /// As the system has counted: what is to reach the disk.
    pub(crate) to_disk: u64,
}

pub(crate) fn run(step: Step, store: Store, folder: &Path, users: u32) -> Figures {
    match store {
        Store::Json => {
            let path = folder.join("state.json");
            measure(step, JsonFile::new(&path), &path, users)
        }
        Store::Redb => {
            let path = folder.join("state.redb");
            measure(step, RedbStore::new(&path), &path, users)
        }
    }
}

fn measure(step: Step, mut store: impl StateStore<BotState>, path: &Path, users: u32) -> Figures {
    let mut figures = Figures {
        memory_before: kilobytes("VmRSS"),
        ..Figures::default()
    };
    let begun = Instant::now();
    let loaded = store.load().expect("a sound store").state;
    figures.load = begun.elapsed().as_secs_f64();
    let state = match step {
        Step::Save => {
            let mut state = loaded.unwrap_or_default();
            for number in 0..users {
                state.record_message(format!("message {number}"), user(number));
            }
            figures.first = save(&mut store, &mut state);
            let begun = Instant::now();
            store.maintain();
            figures.copy = begun.elapsed().as_secs_f64();
            let mut saves: Vec<_> = (0..SAVES)
                .map(|number| {
                    let number = u32::try_from(number).expect("few");
                    state.record_message("again", user(number * 7919 % users));
                    save(&mut store, &mut state)
                })
                .collect();
            saves.sort_by(|one, other| one.total().total_cmp(&other.total()));
            figures.one = saves[SAVES / 2];
            state
        }
        Step::Load => {
            let state = loaded.expect("what was saved");
            assert_eq!(state.user_data.len(), users as usize);
            state
        }
    };
    figures.memory_after = kilobytes("VmRSS");
    figures.memory_peak = kilobytes("VmHWM");
    figures.file = path.metadata().map_or(0, |file| file.len());
    drop(state);
    figures
}

impl Save {
    pub(crate) fn total(&self) -> f64 {
        self.snapshot + self.write
    }
}

fn save<S>(store: &mut impl StateStore<S>, state: &mut S) -> Save {
    let counts = || ["wchar", "write_bytes"].map(|name| number("io", name));
    let [asked, to_disk] = counts();
    let begun = Instant::now();
    let snapshot = store.snapshot(state).expect("a state that can be saved");
    let held_up: Duration = begun.elapsed();
    let begun = Instant::now();
    let written = store.write(&snapshot).expect("space on the disk");
    let write = begun.elapsed();
    let now = counts();
    Save {
        snapshot: held_up.as_secs_f64(),
        write: write.as_secs_f64(),
        of_the_state: written.bytes,
        asked: now[0] - asked,
        to_disk: now[1] - to_disk,
    }
}

/// An id as the platform has them: 32 hexadecimal digits.
fn user(number: u32) -> String {
    let spread = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{spread:016X}{number:016X}")
}

fn kilobytes(name: &str) -> u64 {
    1024 * number("status", name)
}
