//! The rhythm of session starts: so many within five seconds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::botrs::sync::lock;

/// Hands out turns, so that within any window no more IDENTIFYs are written than are allowed.
///
/// A turn counts from when it is given until its IDENTIFY is written, which may take a while, and then
/// for the length of the window.
#[derive(Debug)]
pub(super) struct Starts {
    window: Duration,
    book: Mutex<Book>,
    changed: Notify,
}

#[derive(Debug)]
struct Book {
    concurrency: usize,
    /// Turns that are given, and whose IDENTIFY is not written yet.
    given: usize,
    written: VecDeque<Instant>,
}

/// Leave to write one IDENTIFY; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Turn {
    starts: Arc<Starts>,
    is_written: bool,
}

impl Starts {
    /// With the starts that an earlier process has made within the window.
    pub(super) fn new(window: Duration, before: impl IntoIterator<Item = Instant>) -> Self {
        Self {
            window,
            book: Mutex::new(Book {
                concurrency: 1,
                given: 0,
                written: before.into_iter().collect(),
            }),
            changed: Notify::new(),
        }
    }

    pub(super) fn allow(&self, concurrency: usize) {
        lock(&self.book).concurrency = concurrency.max(1);
        self.changed.notify_waiters();
    }

    /// Waits for a turn. Cancel safe.
    pub(super) async fn turn(self: &Arc<Self>) -> Turn {
        loop {
            let changed = self.changed.notified();
            let free_at = {
                let mut book = lock(&self.book);
                let now = Instant::now();
                book.written
                    .retain(|at| now.duration_since(*at) < self.window);
                if book.given + book.written.len() < book.concurrency {
                    book.given += 1;
                    return Turn {
                        starts: Arc::clone(self),
                        is_written: false,
                    };
                }
                book.written.front().map(|first| *first + self.window)
            };
            match free_at {
                Some(at) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(at) => {}
                },
                None => changed.await,
            }
        }
    }
}

impl Turn {
    /// The IDENTIFY goes out now.
    pub(super) fn written(mut self) {
        self.is_written = true;
        lock(&self.starts.book).written.push_back(Instant::now());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.starts.book).given -= 1;
        self.starts.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(5);

    /// When each of so many shards writes its IDENTIFY, if connecting takes this long.
    async fn times(concurrency: usize, shards: u64, connecting: fn(u64) -> u64) -> Vec<u64> {
        let starts = Arc::new(Starts::new(WINDOW, []));
        starts.allow(concurrency);
        let begun = Instant::now();
        let mut written = Vec::new();
        let mut tasks = tokio::task::JoinSet::new();
        for shard in 0..shards {
            let starts = Arc::clone(&starts);
            tasks.spawn(async move {
                let turn = starts.turn().await;
                sleep(Duration::from_millis(connecting(shard))).await;
                turn.written();
                begun.elapsed().as_millis()
            });
        }
        while let Some(at) = tasks.join_next().await {
            written.push(u64::try_from(at.expect("no panic")).expect("a short test"));
        }
        written.sort_unstable();
        written
    }

    #[tokio::test(start_paused = true)]
    async fn identifies_keep_their_distance_however_long_connecting_takes() {
        for connecting in [
            |_| 0,
            |shard: u64| (7 - shard) * 900,
            |shard: u64| shard * 2_300,
        ] {
            for concurrency in [1, 2, 3] {
                let written = times(concurrency, 8, connecting).await;
                for pair in written.windows(concurrency + 1) {
                    let apart = pair[concurrency] - pair[0];
                    assert!(apart >= 5_000, "{concurrency} at a time: {written:?}");
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_to_nothing_is_the_next_ones() {
        let starts = Arc::new(Starts::new(WINDOW, []));
        let turn = starts.turn().await;
        drop(turn);
        let begun = Instant::now();
        starts.turn().await.written();
        assert_eq!(begun.elapsed(), Duration::ZERO);
        drop(starts.turn().await);
        assert!(begun.elapsed() >= WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn the_starts_of_an_earlier_process_count() {
        let begun = Instant::now();
        sleep(2 * WINDOW).await;
        let before = Instant::now() - Duration::from_secs(3);
        let starts = Arc::new(Starts::new(WINDOW, [before]));
        drop(starts.turn().await);
        assert_eq!(begun.elapsed(), 2 * WINDOW + Duration::from_secs(2));
    }
}
