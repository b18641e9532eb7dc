//! The task that saves: it alone has the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};

use super::builder::Options;
use super::shared::{Outcome, Shared};
use crate::state::{StateError, StateStore, Written};

/// Of the last save before the end.
const LAST_ATTEMPTS: u32 = 3;
const BETWEEN_LAST_ATTEMPTS: Duration = Duration::from_millis(200);

pub(super) struct Saver<S, T: StateStore<S>> {
    shared: Arc<Shared<S>>,
    /// Not here while a thread that may block has it.
    work: Option<Work<S, T>>,
    options: Options,
    /// Those in a row that the policy counts.
    failures: u32,
    next_try: Option<Instant>,
}

/// What a thread that may block does its work with.
struct Work<S, T: StateStore<S>> {
    store: T,
    /// What could not be written, and the revision that it brings the disk to.
    unwritten: Option<(T::Snapshot, u64)>,
}

impl<S, T> Work<S, T>
where
    T: StateStore<S>,
{
    /// Writes what has changed.
    fn save(&mut self, shared: &Shared<S>) -> Result<Option<Written>, StateError> {
        if T::IS_WHOLE {
            self.unwritten = None;
        }
        let before = self.write(shared)?;
        let taken = {
            let mut guarded = shared.lock();
            if !guarded.is_unsaved() {
                return Ok(before);
            }
            guarded.changed_at = None;
            let snapshot = self.store.snapshot(&mut guarded.state)?;
            (snapshot, guarded.revision)
        };
        self.unwritten = Some(taken);
        self.write(shared)
    }

    fn write(&mut self, shared: &Shared<S>) -> Result<Option<Written>, StateError> {
        let Some((snapshot, revision)) = &self.unwritten else {
            return Ok(None);
        };
        let written = self.store.write(snapshot)?;
        shared.lock().saved = *revision;
        self.unwritten = None;
        Ok(Some(written))
    }
}

impl<S, T> Saver<S, T>
where
    S: Send + 'static,
    T: StateStore<S>,
{
    pub(super) fn new(shared: Arc<Shared<S>>, store: T, options: Options) -> Self {
        Self {
            shared,
            work: Some(Work {
                store,
                unwritten: None,
            }),
            options,
            failures: 0,
            next_try: None,
        }
    }

    pub(super) async fn run(mut self) {
        // Without its work it can only be that the runtime ends.
        while self.work.is_some() && self.is_to_save().await {
            let waiting = self.shared.take_waiting();
            let outcome = self.save().await;
            for answer in waiting {
                // Who no longer waits need not know.
                let _ = answer.send(copy(&outcome));
            }
            if outcome.is_ok() {
                self.maintain().await;
            }
        }
        self.finish().await;
    }

    /// Waits for an occasion to save; says no at the end.
    async fn is_to_save(&mut self) -> bool {
        loop {
            self.shared.publish();
            let wanted = self.shared.wanted();
            if wanted.end {
                return false;
            }
            if wanted.save {
                return true;
            }
            let due = if self.failures > 0 {
                self.next_try
            } else {
                let interval = self.options.save_interval;
                wanted.changed_at.and_then(|at| at.checked_add(interval))
            };
            match due {
                Some(due) => tokio::select! {
                    () = sleep_until(due) => return true,
                    () = self.shared.woken() => {}
                },
                None => self.shared.woken().await,
            }
        }
    }

    async fn save(&mut self) -> Outcome {
        let Some(mut work) = self.work.take() else {
            return Err(StateError::Closed);
        };
        if work.unwritten.is_none() && !self.shared.lock().is_unsaved() {
            self.work = Some(work);
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let save = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| work.save(&shared)));
            let outcome = outcome.unwrap_or(Err(StateError::Panicked { action: "saved" }));
            (work, outcome)
        };
        // It is gone only if the runtime ends.
        let (work, outcome) = spawn_blocking(save).await.map_err(|_| StateError::Closed)?;
        self.work = Some(work);
        match outcome {
            Ok(written) => self.succeeded(written),
            Err(error) => {
                self.failed(&error);
                return Err(error);
            }
        }
        Ok(())
    }

    fn succeeded(&mut self, written: Option<Written>) {
        self.failures = 0;
        self.next_try = None;
        let was_failing = {
            let status = &mut self.shared.lock().status;
            if let Some(written) = written {
                status.last_saved = Some(Instant::now());
                status.last_bytes = written.bytes;
                status.saves = status.saves.saturating_add(1);
            }
            status.failing_since.take().is_some()
        };
        if was_failing {
            crate::observe::state_save_recovered();
        }
    }

    fn failed(&mut self, error: &StateError) {
        let now = Instant::now();
        let policy = &self.options.retry;
        self.failures = self.failures.saturating_add(1);
        if policy.is_unlimited() || self.failures < policy.max_attempts() {
            self.next_try = now.checked_add(policy.next_delay(self.failures));
        } else {
            // The next change begins anew.
            self.failures = 0;
        }
        let was_failing = {
            let status = &mut self.shared.lock().status;
            let since = status.failing_since.replace(now);
            if since.is_some() {
                status.failing_since = since;
            }
            since.is_some()
        };
        if !was_failing {
            crate::observe::state_save_failed(error);
        }
        if let Some(tell) = &self.options.on_failure {
            // The panic has told of itself.
            let _ = catch_unwind(AssertUnwindSafe(|| tell(error)));
        }
    }

    /// Lets the store do what nobody waits for, unless the end has come.
    async fn maintain(&mut self) {
        if self.shared.wanted().end {
            return;
        }
        let Some(mut work) = self.work.take() else {
            return;
        };
        let maintain = move || {
            // The panic has told of itself.
            let _ = catch_unwind(AssertUnwindSafe(|| work.store.maintain()));
            work
        };
        self.work = spawn_blocking(maintain).await.ok();
    }

    /// The last save; then the store is given back, and with it the lock.
    async fn finish(&mut self) {
        let mut waiting = Vec::new();
        let mut attempt = 1;
        let outcome = loop {
            waiting.append(&mut self.shared.take_waiting());
            let outcome = self.save().await;
            if outcome.is_ok() || attempt == LAST_ATTEMPTS {
                break outcome;
            }
            attempt += 1;
            sleep(BETWEEN_LAST_ATTEMPTS).await;
        };
        let work = self.work.take();
        // To close a store may block.
        let _ = spawn_blocking(move || catch_unwind(AssertUnwindSafe(|| drop(work)))).await;
        self.shared.has_ended();
        self.shared.publish();
        for answer in waiting {
            let _ = answer.send(copy(&outcome));
        }
        // The last save may have been before what these have changed.
        let too_late = if self.shared.lock().is_unsaved() {
            outcome.and(Err(StateError::Closed))
        } else {
            Ok(())
        };
        for answer in self.shared.take_waiting() {
            let _ = answer.send(copy(&too_late));
        }
    }
}

/// However the task ends, nobody is left waiting.
impl<S, T: StateStore<S>> Drop for Saver<S, T> {
    fn drop(&mut self) {
        self.shared.has_ended();
        drop(self.shared.take_waiting());
    }
}

fn copy(outcome: &Outcome) -> Outcome {
    outcome.as_ref().map_err(StateError::copy).copied()
}
