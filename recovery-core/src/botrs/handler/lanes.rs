//! Work side by side, in order within one conversation.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::botrs::sync::lock;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One lane for each conversation that has something to do; each lane is a task. Dropping this ends
/// them all.
pub(crate) struct Lanes {
    waiting: Arc<Mutex<HashMap<String, VecDeque<Work>>>>,
    slots: Arc<Semaphore>,
    tasks: Mutex<JoinSet<()>>,
}

impl Lanes {
    /// At most `width` pieces of work run at a time.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            waiting: Arc::default(),
            slots: Arc::new(Semaphore::new(width)),
            tasks: Mutex::default(),
        }
    }

    /// Lets `work` run after what was put into the same lane before.
    pub(crate) fn put(&self, lane: String, work: impl Future<Output = ()> + Send + 'static) {
        let work: Work = Box::pin(work);
        {
            let mut waiting = lock(&self.waiting);
            if let Some(queue) = waiting.get_mut(&lane) {
                queue.push_back(work);
                return;
            }
            waiting.insert(lane.clone(), VecDeque::new());
        }
        let run = run_lane(
            Arc::clone(&self.waiting),
            Arc::clone(&self.slots),
            lane,
            work,
        );
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(run);
    }

    /// Ends all work at once.
    pub(crate) async fn abort(&self) {
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.shutdown().await;
        lock(&self.waiting).clear();
    }
}

async fn run_lane(
    waiting: Arc<Mutex<HashMap<String, VecDeque<Work>>>>,
    slots: Arc<Semaphore>,
    lane: String,
    mut work: Work,
) {
    loop {
        let Ok(slot) = slots.acquire().await else {
            return;
        };
        // What panics here is nobody's handler; the lane must go on all the same.
        let _ = AssertUnwindSafe(work).catch_unwind().await;
        drop(slot);
        let mut waiting = lock(&waiting);
        let Some(next) = waiting.get_mut(&lane).and_then(VecDeque::pop_front) else {
            waiting.remove(&lane);
            return;
        };
        work = next;
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes")
            .field("busy", &lock(&self.waiting).len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    fn note(
        log: &Arc<Mutex<Vec<u32>>>,
        number: u32,
        after: u64,
    ) -> impl Future<Output = ()> + Send + 'static {
        let log = Arc::clone(log);
        async move {
            sleep(Duration::from_secs(after)).await;
            lock(&log).push(number);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_keeps_its_order_and_delays_no_other() {
        let log = Arc::default();
        let lanes = Lanes::new(8);
        let start = Instant::now();
        lanes.put("slow".into(), note(&log, 1, 5));
        lanes.put("slow".into(), note(&log, 2, 1));
        lanes.put("quick".into(), note(&log, 3, 0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*lock(&log), [3]);
        sleep(Duration::from_secs(6)).await;
        assert_eq!(*lock(&log), [3, 1, 2]);
        assert_eq!(start.elapsed(), Duration::from_secs(7));
        assert!(lock(&lanes.waiting).is_empty(), "idle lanes are forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_run_at_a_time_than_there_is_room_for() {
        let log = Arc::default();
        let lanes = Lanes::new(2);
        for number in 0..6 {
            lanes.put(number.to_string(), note(&log, number, 1));
        }
        for rounds in 1..=3 {
            sleep(Duration::from_millis(1_001)).await;
            assert_eq!(lock(&log).len(), 2 * rounds);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_the_lanes_ends_their_work() {
        let log = Arc::default();
        let lanes = Lanes::new(2);
        lanes.put("a".into(), note(&log, 1, 1));
        drop(lanes);
        sleep(Duration::from_secs(2)).await;
        assert!(lock(&log).is_empty());
        assert_eq!(Arc::strong_count(&log), 1);
    }
}
