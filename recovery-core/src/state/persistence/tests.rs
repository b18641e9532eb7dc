//! When a state is saved, on a paused clock: a store that fails, panics or hangs as it is told to.

mod odd_stores;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::RetryConfig;
use crate::state::{JsonFile, Loaded, Written};

const SECOND: Duration = Duration::from_secs(1);

/// What the disk does with a write.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mood {
    #[default]
    Works,
    Fails,
    Panics,
    Hangs,
}

#[derive(Debug, Default)]
struct Seen {
    mood: Mood,
    /// What was written, and when.
    written: Vec<(u64, Instant)>,
    attempts: Vec<Instant>,
    is_dropped: bool,
}

/// A disk that outlives its store.
#[derive(Clone, Default)]
struct Disk(Arc<(Mutex<Seen>, Condvar)>);

impl Disk {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.0.lock().unwrap()
    }

    fn is(&self, mood: Mood) {
        self.seen().mood = mood;
        self.0.1.notify_all();
    }

    fn written(&self) -> Vec<u64> {
        self.seen()
            .written
            .iter()
            .map(|(state, _)| *state)
            .collect()
    }

    fn attempts(&self) -> usize {
        self.seen().attempts.len()
    }

    fn store(&self) -> Store {
        Store(self.clone())
    }
}

struct Store(Disk);

impl Drop for Store {
    fn drop(&mut self) {
        self.0.seen().is_dropped = true;
    }
}

impl StateStore<u64> for Store {
    type Snapshot = u64;
    const IS_WHOLE: bool = true;

    fn load(&mut self) -> Result<Loaded<u64>, StateError> {
        let last = self.0.written().last().copied();
        Ok(Loaded::intact(last))
    }

    fn snapshot(&mut self, state: &mut u64) -> Result<u64, StateError> {
        Ok(*state)
    }

    fn write(&mut self, snapshot: &u64) -> Result<Written, StateError> {
        let (seen, changed) = &*self.0.0;
        let mut seen = seen.lock().unwrap();
        seen.attempts.push(Instant::now());
        while seen.mood == Mood::Hangs {
            seen = changed.wait(seen).unwrap();
        }
        match seen.mood {
            Mood::Panics => {
                drop(seen);
                panic!("as asked");
            }
            Mood::Fails => Err(StateError::Io {
                action: "write",
                path: "state".into(),
                cause: std::io::ErrorKind::StorageFull.into(),
            }),
            _ => {
                seen.written.push((*snapshot, Instant::now()));
                Ok(Written::of(8))
            }
        }
    }
}

fn steady() -> RetryConfig {
    let policy = RetryConfig::builder().unlimited().initial_delay(SECOND);
    let policy = policy.max_delay(60 * SECOND).jitter(crate::Jitter::None);
    policy.build().unwrap()
}

/// On a disk on which 0 was saved.
async fn open(disk: &Disk) -> StatePersistence<u64> {
    disk.seen().written.push((0, Instant::now()));
    let builder = StatePersistence::builder(disk.store()).retry(steady());
    builder.open().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_change_is_saved_five_seconds_after_the_first_one() {
    let disk = Disk::default();
    let state = open(&disk).await;
    sleep(100 * SECOND).await;
    let begun = Instant::now();
    state.update_state(|state| *state = 1);
    sleep(4 * SECOND).await;
    state.update_state(|state| *state = 2);
    assert_eq!(disk.written(), [0]);
    sleep(2 * SECOND).await;
    assert_eq!(disk.written(), [0, 2]);
    let at = disk.seen().written[1].1;
    assert!(at >= begun + 5 * SECOND && at < begun + 6 * SECOND);
    sleep(1000 * SECOND).await;
    assert_eq!(disk.attempts(), 1, "nothing has changed since");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_without_a_change() {
    let disk = Disk::default();
    let state = open(&disk).await;
    state.save().await.unwrap();
    assert_eq!(state.read(|state| *state), 0);
    assert!(!state.update_state_if(|_| false));
    sleep(100 * SECOND).await;
    state.close().await.unwrap();
    assert_eq!(disk.attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_was_never_saved_is_saved() {
    let disk = Disk::default();
    let builder = StatePersistence::builder(disk.store());
    let state = builder.open_or_else(|| 42).await.unwrap();
    assert!(state.status().unsaved_changes);
    state.save().await.unwrap();
    assert_eq!(disk.written(), [42]);
    assert!(state.update_state_if(|state| {
        *state = 43;
        true
    }));
    state.close().await.unwrap();
    assert_eq!(disk.written(), [42, 43]);
}

#[tokio::test(start_paused = true)]
async fn many_saves_at_once_share_few_writes() {
    let disk = Disk::default();
    let state = open(&disk).await;
    let saves = (1..=100).map(|number| {
        let state = state.clone();
        tokio::spawn(async move {
            state.update_state(|state| *state = (*state).max(number));
            state.save().await.unwrap();
            assert!(disk_has(&state), "what was changed before is saved");
        })
    });
    for save in saves.collect::<Vec<_>>() {
        save.await.unwrap();
    }
    assert!(disk.attempts() <= 3, "{}", disk.attempts());
    assert_eq!(disk.written().last(), Some(&100));
}

fn disk_has(state: &StatePersistence<u64>) -> bool {
    state.status().last_saved.is_some()
}

#[tokio::test(start_paused = true)]
async fn a_failing_disk_is_tried_again_and_told_of() {
    let disk = Disk::default();
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let state = StatePersistence::builder(disk.store())
        .retry(steady())
        .save_interval(Duration::ZERO)
        .on_failure(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .open()
        .await
        .unwrap();
    state.save().await.unwrap();
    let mut watch = state.watch();
    disk.is(Mood::Fails);
    let begun = Instant::now();
    state.update_state(|state| *state = 1);
    sleep(Duration::from_millis(6500)).await; // tried after 0, 1, 3 s; next after 7 s
    assert_eq!(disk.attempts(), 1 + 3);
    assert_eq!(told.load(Ordering::Relaxed), 3);
    let status = state.status();
    assert!(status.unsaved_changes && status.saves == 1);
    let since = status.failing_since.unwrap();
    assert!(since >= begun && since < begun + SECOND);
    assert!(watch.borrow_and_update().failing_since.is_some());

    disk.is(Mood::Works);
    state.update_state(|state| *state = 2);
    sleep(SECOND).await;
    assert_eq!(
        disk.written().last(),
        Some(&2),
        "the newest, not what failed"
    );
    assert_eq!(disk.attempts(), 1 + 4);
    let status = state.status();
    assert!(!status.unsaved_changes && status.failing_since.is_none());
    assert_eq!((status.saves, status.last_bytes), (2, 8));
    assert_eq!(*watch.borrow_and_update(), status);
}

#[tokio::test(start_paused = true)]
async fn a_save_tries_at_once_while_the_next_try_is_far() {
    let disk = Disk::default();
    let state = open(&disk).await;
    disk.is(Mood::Fails);
    state.update_state(|state| *state = 1);
    sleep(100 * SECOND).await;
    let before = disk.attempts();
    let error = state.save().await.unwrap_err();
    assert!(error.to_string().contains("free some space"), "{error}");
    assert_eq!(disk.attempts(), before + 1);
    disk.is(Mood::Works);
    let begun = Instant::now();
    state.save().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(disk.written(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_ends_begins_anew_with_the_next_change() {
    let disk = Disk::default();
    let three = steady().to_builder().max_attempts(3).build().unwrap();
    let state = StatePersistence::builder(disk.store()).retry(three);
    let state = state.open().await.unwrap();
    disk.is(Mood::Fails);
    sleep(1000 * SECOND).await;
    assert_eq!(disk.attempts(), 3);
    state.update_state(|state| *state = 1);
    sleep(1000 * SECOND).await;
    assert_eq!(disk.attempts(), 6);
    disk.is(Mood::Works);
    state.close().await.unwrap();
    assert_eq!(disk.written(), [1]);
}

#[tokio::test(start_paused = true)]
async fn closing_saves_and_ends_and_later_saves_are_refused() {
    let disk = Disk::default();
    let state = open(&disk).await;
    state.update_state(|state| *state = 1);
    let other = state.clone();
    state.close().await.unwrap();
    assert_eq!(disk.written(), [0, 1]);
    assert!(disk.seen().is_dropped, "the lock is free");
    other.close().await.unwrap();
    other.update_state(|state| *state = 2);
    assert_eq!(state.get_state(), 2);
    assert!(matches!(other.save().await, Err(StateError::Closed)));
    assert!(matches!(other.close().await, Err(StateError::Closed)));
    sleep(100 * SECOND).await;
    assert_eq!(disk.written(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn closing_tries_three_times_and_gives_the_lock_back_in_any_case() {
    let disk = Disk::default();
    let state = open(&disk).await;
    disk.is(Mood::Fails);
    state.update_state(|state| *state = 1);
    assert!(matches!(state.close().await, Err(StateError::Io { .. })));
    assert_eq!(disk.attempts(), 3);
    assert!(disk.seen().is_dropped);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_saves_in_the_background() {
    let disk = Disk::default();
    let state = open(&disk).await;
    let other = state.clone();
    state.update_state(|state| *state = 1);
    drop(state);
    sleep(SECOND).await;
    assert_eq!(disk.written(), [0], "another handle lives");
    drop(other);
    sleep(SECOND).await;
    assert_eq!(disk.written(), [0, 1]);
    assert!(disk.seen().is_dropped);
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_harm_nothing() {
    let disk = Disk::default();
    let state = open(&disk).await;
    for number in 1..=20 {
        state.update_state(|state| *state = number);
        let save = state.save();
        let _ = tokio::time::timeout(Duration::ZERO, save).await;
    }
    state.save().await.unwrap();
    assert_eq!(disk.written().last(), Some(&20));
    state.update_state(|state| *state = 21);
    let _ = tokio::time::timeout(Duration::ZERO, state.close()).await;
    sleep(SECOND).await;
    assert_eq!(disk.written().last(), Some(&21));
    assert!(disk.seen().is_dropped);
}

#[tokio::test(start_paused = true)]
async fn panics_stop_nothing() {
    let disk = Disk::default();
    let state = StatePersistence::builder(disk.store())
        .retry(steady())
        .on_failure(|_| panic!("as asked"))
        .open()
        .await
        .unwrap();
    disk.is(Mood::Panics);
    let error = state.save().await.unwrap_err();
    assert!(
        matches!(error, StateError::Panicked { action: "saved" }),
        "{error}"
    );
    let other = state.clone();
    let panicked = tokio::spawn(async move {
        other.update_state(|state| {
            *state = 7;
            panic!("as asked");
        })
    });
    assert!(panicked.await.is_err());
    assert_eq!(state.get_state(), 7);
    disk.is(Mood::Works);
    sleep(2 * SECOND).await;
    assert_eq!(disk.written(), [7]);
    assert!(!disk.seen().is_dropped, "the lock is held");
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_holds_up_no_change() {
    let disk = Disk::default();
    let state = open(&disk).await;
    disk.is(Mood::Hangs);
    state.update_state(|state| *state = 1);
    let saving = tokio::spawn({
        let state = state.clone();
        async move { state.save().await }
    });
    while disk.attempts() == 0 {
        tokio::task::yield_now().await;
    }
    for number in 2..=1000 {
        state.update_state(|state| *state = number);
    }
    assert_eq!(state.get_state(), 1000);
    assert!(!saving.is_finished());
    disk.is(Mood::Works);
    saving.await.unwrap().unwrap();
    assert!(state.status().unsaved_changes, "what was changed meanwhile");
    state.close().await.unwrap();
    assert_eq!(disk.written(), [0, 1, 1000]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_interval_leaves_saving_to_the_program() {
    let disk = Disk::default();
    let state = StatePersistence::builder(disk.store()).save_interval(Duration::MAX);
    let state = state.open_or_else(|| 1).await.unwrap();
    advance(1_000_000 * SECOND).await;
    assert_eq!(disk.attempts(), 0);
    state.save().await.unwrap();
    assert_eq!(disk.written(), [1]);
}

#[test]
fn a_runtime_that_ends_leaves_nobody_waiting() {
    let disk = Disk::default();
    let build = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
    };
    let runtime = build().unwrap();
    let state = runtime.block_on(open(&disk));
    state.update_state(|state| *state = 1);
    drop(runtime);
    assert!(disk.seen().is_dropped);
    let later = build().unwrap();
    assert!(matches!(
        later.block_on(state.save()),
        Err(StateError::Closed)
    ));
    assert!(matches!(
        later.block_on(state.close()),
        Err(StateError::Closed)
    ));
}
#[tokio::test(start_paused = true)]
async fn a_state_that_changes_all_the_time_is_saved_at_every_interval() {
    let disk = Disk::default();
    let state = open(&disk).await;
    for number in 1..=30_000 {
        state.update_state(|state| *state = number);
        sleep(Duration::from_millis(1)).await;
    }
    assert!((5..=6).contains(&disk.attempts()), "{}", disk.attempts());
}

#[tokio::test(start_paused = true)]
async fn a_save_during_another_one_takes_what_was_changed_before_it() {
    let disk = Disk::default();
    let state = open(&disk).await;
    disk.is(Mood::Hangs);
    state.update_state(|state| *state = 1);
    sleep(5 * SECOND).await;
    while disk.attempts() == 0 {
        tokio::task::yield_now().await;
    }
    state.update_state(|state| *state = 2);
    let save = tokio::spawn({
        let state = state.clone();
        async move { state.save().await }
    });
    tokio::task::yield_now().await;
    assert!(!save.is_finished());
    disk.is(Mood::Works);
    save.await.unwrap().unwrap();
    assert_eq!(disk.written(), [0, 1, 2]);
}
