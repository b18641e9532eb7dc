//! Whatever is done to a state and a store, what is loaded is what was saved.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, u8),
    Remove(u8),
    Change(u8, u8),
    GetOrInsert(u8, u8),
    Retain(u8),
    ChangeAll,
    Clear,
    ReplaceByClone,
    ReplaceByNew,
    Save,
    SaveTwice,
    Reload,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..12_u8;
    prop_oneof![
        4 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Insert(key, value)),
        2 => key.clone().prop_map(Step::Remove),
        2 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Change(key, value)),
        2 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::GetOrInsert(key, value)),
        1 => key.prop_map(Step::Retain),
        1 => Just(Step::ChangeAll),
        1 => Just(Step::Clear),
        1 => Just(Step::ReplaceByClone),
        1 => Just(Step::ReplaceByNew),
        5 => Just(Step::Save),
        1 => Just(Step::SaveTwice),
        3 => Just(Step::Reload),
    ]
}

/// The state as a plain map, which is changed beside it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    total: u64,
    accounts: BTreeMap<String, String>,
}

impl Model {
    fn of(state: &Ledger) -> Self {
        let accounts = state.accounts.clone().into_iter().collect();
        Self {
            total: state.total,
            accounts,
        }
    }
}

fn apply(step: &Step, state: &mut Ledger, model: &mut Model) {
    let text = |value: u8| value.to_string();
    match *step {
        Step::Insert(key, value) => {
            state.accounts.insert(text(key), text(value));
            model.accounts.insert(text(key), text(value));
        }
        Step::Remove(key) => {
            state.accounts.remove(&text(key));
            model.accounts.remove(&text(key));
        }
        Step::Change(key, value) => {
            if let Some(account) = state.accounts.get_mut(&text(key)) {
                *account = text(value);
            }
            if let Some(account) = model.accounts.get_mut(&text(key)) {
                *account = text(value);
            }
        }
        Step::GetOrInsert(key, value) => {
            let account = state.accounts.get_or_insert_with(text(key), || text(value));
            account.push('+');
            let account = model.accounts.entry(text(key)).or_insert(text(value));
            account.push('+');
        }
        Step::Retain(limit) => {
            state.accounts.retain(|key, _| key < text(limit).as_str());
            model.accounts.retain(|key, _| *key < text(limit));
        }
        Step::ChangeAll => {
            state
                .accounts
                .iter_mut()
                .for_each(|(_, account)| account.push('!'));
            model
                .accounts
                .values_mut()
                .for_each(|account| account.push('!'));
        }
        Step::Clear => {
            state.accounts.clear();
            model.accounts.clear();
        }
        Step::ReplaceByClone => *state = state.clone(),
        Step::ReplaceByNew => {
            *state = Ledger::of(3, 1);
            *model = Model::of(state);
        }
        Step::Save | Step::SaveTwice | Step::Reload => {}
    }
    state.total += 1;
    model.total += 1;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_loaded_is_what_was_saved(steps in proptest::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let mut store = RedbStore::new(&path);
        let mut state = load(&mut store);
        let (mut model, mut kept) = (Model::default(), Model::default());
        for step in steps {
            apply(&step, &mut state, &mut model);
            match step {
                Step::Save => {
                    save(&mut store, &mut state);
                    kept = model.clone();
                }
                Step::SaveTwice => {
                    let snapshot = store.snapshot(&mut state).unwrap();
                    store.write(&snapshot).unwrap();
                    store.write(&snapshot).unwrap();
                    kept = model.clone();
                }
                Step::Reload => {
                    drop(store);
                    store = RedbStore::new(&path);
                    state = load(&mut store);
                    model = kept.clone();
                }
                _ => {}
            }
            prop_assert_eq!(&Model::of(&state), &model);
        }
        drop(store);
        prop_assert_eq!(Model::of(&load(&mut RedbStore::new(&path))), kept);
    }
}
