//! Stores and states that are odd, each in a way of its own.

use super::*;

/// Deltas: what one snapshot has taken is not in the next one.
struct Deltas(mpsc::Sender<Vec<u64>>, Arc<AtomicU32>);

impl StateStore<Vec<u64>> for Deltas {
    type Snapshot = Vec<u64>;

    fn load(&mut self) -> Result<Loaded<Vec<u64>>, StateError> {
        Ok(Loaded::intact(Some(Vec::new())))
    }

    fn snapshot(&mut self, state: &mut Vec<u64>) -> Result<Vec<u64>, StateError> {
        Ok(std::mem::take(state))
    }

    fn write(&mut self, snapshot: &Vec<u64>) -> Result<Written, StateError> {
        let left = &self.1;
        if left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
        {
            return Err(StateError::Unwritable {
                reason: "as asked".into(),
            });
        }
        self.0.send(snapshot.clone()).unwrap();
        Ok(Written::of(1))
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_could_not_be_written_comes_before_newer_ones() {
    let (sender, written) = mpsc::channel();
    let failures = Arc::new(AtomicU32::new(2));
    let state = StatePersistence::builder(Deltas(sender, Arc::clone(&failures)));
    let state = state.open().await.unwrap();
    state.update_state(|state| state.push(1));
    assert!(state.save().await.is_err());
    state.update_state(|state| state.push(2));
    assert!(state.save().await.is_err());
    state.update_state(|state| state.push(3));
    state.save().await.unwrap();
    state.close().await.unwrap();
    assert_eq!(
        written.try_iter().collect::<Vec<_>>(),
        [vec![1], vec![2, 3]]
    );
}

#[tokio::test]
async fn two_handles_on_one_file_are_refused_until_the_first_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let first = StatePersistence::open(JsonFile::<u64>::new(&path))
        .await
        .unwrap();
    let error = StatePersistence::open(JsonFile::<u64>::new(&path))
        .await
        .unwrap_err();
    assert!(matches!(error, StateError::InUse { .. }), "{error}");
    first.update_state(|state| *state = 5);
    first.close().await.unwrap();
    let second = StatePersistence::open(JsonFile::<u64>::new(&path))
        .await
        .unwrap();
    assert_eq!(second.get_state(), 5);
}

#[tokio::test]
async fn after_damage_there_are_soon_two_generations_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let open = || StatePersistence::open(JsonFile::<u64>::new(&path));
    let state = open().await.unwrap();
    for count in 1..=2 {
        state.update_state(|state| *state = count);
        state.save().await.unwrap();
    }
    state.close().await.unwrap();
    std::fs::write(&path, "").unwrap();
    let state = open().await.unwrap();
    assert_eq!(state.get_state(), 1);
    assert_eq!(state.damage().unwrap().reason, "it is empty");
    state.close().await.unwrap();
    let state = open().await.unwrap();
    assert_eq!((state.get_state(), state.damage()), (1, None));
    let debug = format!("{state:?}");
    assert!(debug.contains("unsaved_changes: false"), "{debug}");
}

/// A clone is the snapshot of a file.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Unclonable;

impl Clone for Unclonable {
    fn clone(&self) -> Self {
        panic!("as asked");
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_cloned_is_tried_as_often_as_the_policy_says() {
    let folder = tempfile::tempdir().unwrap();
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let once = steady().to_builder().max_attempts(1).build().unwrap();
    let state = StatePersistence::builder(JsonFile::new(folder.path().join("state.json")))
        .retry(once)
        .on_failure(move |error| {
            assert!(matches!(error, StateError::Panicked { action: "saved" }));
            count.fetch_add(1, Ordering::Relaxed);
        });
    let state = state.open_or_else(|| Unclonable).await.unwrap();
    sleep(1000 * SECOND).await;
    assert_eq!(told.load(Ordering::Relaxed), 1);
    state.update_state(|_| ());
    sleep(1000 * SECOND).await;
    assert_eq!(told.load(Ordering::Relaxed), 2);
    assert!(state.close().await.is_err());
}

#[tokio::test]
async fn a_panic_while_loading_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    JsonFile::new(&path).write(&1_u64).unwrap();
    let store = JsonFile::<u64>::new(&path)
        .with_version(2)
        .with_migration(|_, _| panic!("as asked"));
    let error = StatePersistence::open(store).await.unwrap_err();
    assert!(
        matches!(error, StateError::Panicked { action: "loaded" }),
        "{error}"
    );
    let again = StatePersistence::open(JsonFile::<u64>::new(&path))
        .await
        .unwrap();
    assert_eq!(again.get_state(), 1);
}
/// A store that waits for leave, at one moment of its life.
struct Held {
    disk: Disk,
    leave: mpsc::Receiver<()>,
    at: Moment,
}

#[derive(Clone, Copy, PartialEq)]
enum Moment {
    Maintenance,
    End,
}

impl Held {
    fn wait(&self, at: Moment) {
        if self.at == at {
            let _ = self.leave.recv();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.wait(Moment::End);
    }
}

impl StateStore<u64> for Held {
    type Snapshot = u64;

    fn load(&mut self) -> Result<Loaded<u64>, StateError> {
        Ok(Loaded::intact(Some(0)))
    }

    fn snapshot(&mut self, state: &mut u64) -> Result<u64, StateError> {
        Ok(*state)
    }

    fn write(&mut self, snapshot: &u64) -> Result<Written, StateError> {
        self.disk.seen().written.push((*snapshot, Instant::now()));
        Ok(Written::of(8))
    }

    fn maintain(&mut self) {
        self.wait(Moment::Maintenance);
        assert!(self.at != Moment::Maintenance, "as asked");
    }
}

/// The state in such a store, and who gives the leave.
async fn held(disk: &Disk, at: Moment) -> (StatePersistence<u64>, mpsc::Sender<()>) {
    let (go_on, leave) = mpsc::channel();
    let disk = disk.clone();
    let state = StatePersistence::open(Held { disk, leave, at }).await;
    (state.unwrap(), go_on)
}

#[tokio::test(start_paused = true)]
async fn a_change_that_came_too_late_for_the_last_save_is_not_said_to_be_saved() {
    for is_changed in [true, false] {
        let disk = Disk::default();
        let (state, go_on) = held(&disk, Moment::End).await;
        state.update_state(|state| *state = 1);
        let call = |to_end| {
            let state = state.clone();
            tokio::spawn(async move {
                if to_end {
                    state.close().await
                } else {
                    state.save().await
                }
            })
        };
        let closing = call(true);
        while disk.written() != [1] || state.status().unsaved_changes {
            tokio::task::yield_now().await;
        }
        if is_changed {
            state.update_state(|state| *state = 2);
        }
        let late = [call(false), call(true)];
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        go_on.send(()).unwrap();
        closing.await.unwrap().unwrap();
        for late in late {
            let told = late.await.unwrap();
            assert_eq!(told.is_ok(), !is_changed, "{told:?}");
        }
        assert_eq!(disk.written(), [1]);
    }
}
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_maintenance_and_its_panic_stops_nothing() {
    let disk = Disk::default();
    let (state, go_on) = held(&disk, Moment::Maintenance).await;
    state.update_state(|state| *state = 1);
    state.save().await.unwrap();
    state.update_state(|state| *state = 2);
    drop(go_on);
    state.save().await.unwrap();
    state.close().await.unwrap();
    assert_eq!(disk.written(), [1, 2]);
}
