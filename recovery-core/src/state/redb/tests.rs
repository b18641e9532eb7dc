//! The store as its users meet it; the state in its tests, and what they need in common.

mod damage;
mod disk;
mod model;
mod power;
pub(super) mod refusals;
mod store;
mod versions;

use std::collections::HashMap;
use std::path::Path;

use super::*;
use crate::state::TrackedMap;

#[derive(Clone, Debug, Default, PartialEq)]
struct Ledger {
    total: u64,
    accounts: TrackedMap<String>,
}

impl Records for Ledger {
    type Root = u64;
    type Record = String;

    fn from_parts(total: u64, accounts: TrackedMap<String>) -> Self {
        Self { total, accounts }
    }

    fn root(&self) -> u64 {
        self.total
    }

    fn records(&mut self) -> &mut TrackedMap<String> {
        &mut self.accounts
    }
}

impl Ledger {
    fn extend_with(&mut self, value: &str) {
        let key = format!("account {}", self.accounts.len());
        self.accounts.insert(key, value.to_owned());
    }

    /// One whose every value tells `time`, so that no mixture of two times is like one of them.
    fn of(accounts: u64, time: u64) -> Self {
        let name = |number| (format!("account {number}"), format!("at {time}"));
        Self {
            total: time,
            accounts: (0..accounts).map(name).collect(),
        }
    }
}

fn load(store: &mut RedbStore<Ledger>) -> Ledger {
    let loaded = store.load().unwrap();
    assert_eq!(loaded.damage, None);
    loaded.state.unwrap_or_default()
}

fn save(store: &mut RedbStore<Ledger>, state: &mut Ledger) -> Written {
    let snapshot = store.snapshot(state).unwrap();
    let written = store.write(&snapshot).unwrap();
    store.maintain();
    written
}

fn saved(path: &Path, state: &Ledger) {
    let mut store = RedbStore::new(path);
    load(&mut store);
    save(&mut store, &mut state.clone());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn contents(folder: &Path) -> HashMap<String, Vec<u8>> {
    let content = |name: String| {
        let content = fs::read(folder.join(&name)).unwrap();
        (name, content)
    };
    let kept = |name: &String| {
        Path::new(name)
            .extension()
            .is_none_or(|extension| extension != "lock")
    };
    names(folder)
        .into_iter()
        .filter(kept)
        .map(content)
        .collect()
}
