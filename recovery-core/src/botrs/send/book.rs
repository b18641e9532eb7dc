//! The numbers of replies, and which replies are hopeless.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::sync::lock;
use super::error::SendError;
use super::target::{Origin, Source, Thread};

/// More messages than a bot replies to within the longest window.
const CAPACITY: usize = 50_000;
/// Below this many nothing is forgotten.
const FEW: usize = 1024;

/// Whether an event is handled for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It has just come.
    No,
    /// The platform gave it again, and it may have been handled before.
    Yes,
}

/// Counts the replies to each message.
///
/// What is forgotten is counted anew, but only after the window, when the platform takes no reply.
pub(super) struct ReplyBook(Mutex<Pages>);

struct Pages {
    by_thread: HashMap<Thread, Page>,
    sweep_at: usize,
}

struct Page {
    /// The number of the last reply.
    last: u32,
    /// Replies that arrived, or may have.
    used: u32,
    closes_at: Instant,
    replayed: Replayed,
}

/// One reply's leave.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) msg_seq: u32,
    /// How long the platform still takes it.
    pub(super) left: Duration,
    pub(super) replayed: Replayed,
}

impl ReplyBook {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Pages {
            by_thread: HashMap::new(),
            sweep_at: FEW,
        }))
    }

    /// The handling of this message begins, perhaps anew: its replies are counted from 1.
    pub(super) fn begin(&self, origin: &Origin, replayed: Replayed) {
        let page = Page::new(origin, replayed);
        self.lock().insert(origin.thread.clone(), page);
    }

    /// What replies to this event is counted from 1 again.
    pub(super) fn forget_event(&self, event_id: &str) {
        let mut pages = self.lock();
        pages
            .by_thread
            .retain(|thread, _| !matches!(&thread.source, Source::Event(id) if id == event_id));
    }

    /// The next reply's number. It is used up whatever comes of the reply, so that a handler that
    /// runs again gives each of its replies the number that it had before.
    pub(super) fn take(&self, origin: &Origin) -> Result<Ticket, SendError> {
        let thread = &origin.thread;
        let mut pages = self.lock();
        if !pages.by_thread.contains_key(thread) {
            pages.insert(thread.clone(), Page::new(origin, Replayed::No));
        }
        let page = pages.by_thread.get_mut(thread).ok_or(SendError::NoTarget)?;
        page.last = page.last.saturating_add(1);
        let left = page.closes_at.saturating_duration_since(Instant::now());
        let window = thread.window();
        if left.is_zero() && matches!(thread.source, Source::Message(_)) {
            let scene = thread.place.scene();
            return Err(SendError::WindowClosed { scene, window });
        }
        if let Some(limit) = thread.limit()
            && page.used >= limit
        {
            return Err(SendError::RepliesUsedUp { limit });
        }
        page.used = page.used.saturating_add(1);
        Ok(Ticket {
            msg_seq: page.last,
            // An event's window is the platform's to know.
            left: if left.is_zero() { window } else { left },
            replayed: page.replayed,
        })
    }

    /// A reply surely did not arrive: another may take its place, though not its number.
    pub(super) fn give_back(&self, thread: &Thread) {
        if let Some(page) = self.lock().by_thread.get_mut(thread) {
            page.used = page.used.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        lock(&self.0)
    }
}

impl Page {
    fn new(origin: &Origin, replayed: Replayed) -> Self {
        let window = origin.thread.window();
        // Live, the receipt counts: the clock of this machine need not be the platform's.
        let age = match (replayed, origin.sent_at) {
            (Replayed::Yes, Some(sent_at)) => SystemTime::now()
                .duration_since(sent_at)
                .unwrap_or_default(),
            _ => Duration::ZERO,
        };
        Self {
            last: 0,
            used: 0,
            closes_at: Instant::now() + window.saturating_sub(age),
            replayed,
        }
    }
}

impl Pages {
    fn insert(&mut self, thread: Thread, page: Page) {
        if self.by_thread.len() >= self.sweep_at {
            self.sweep();
        }
        self.by_thread.insert(thread, page);
    }

    /// Forgets the windows that are over; of too many open ones, the tenth that closes first.
    fn sweep(&mut self) {
        let now = Instant::now();
        self.by_thread.retain(|_, page| page.closes_at > now);
        if self.by_thread.len() >= CAPACITY {
            let mut ends: Vec<_> = self.by_thread.values().map(|page| page.closes_at).collect();
            let (_, &mut earliest, _) = ends.select_nth_unstable(CAPACITY / 10);
            self.by_thread.retain(|_, page| page.closes_at > earliest);
        }
        self.sweep_at = (self.by_thread.len() * 2).clamp(FEW, CAPACITY);
    }
}

#[cfg(test)]
mod tests {
    use super::super::target::{Place, ReplyTarget};
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn message(place: Place, id: &str) -> Origin {
        ReplyTarget::message(place, id).0.unwrap()
    }

    fn group(id: &str) -> Origin {
        message(Place::Group("G".to_owned()), id)
    }

    fn numbers(book: &ReplyBook, origin: &Origin, count: usize) -> Vec<u32> {
        (0..count)
            .map(|_| book.take(origin).unwrap().msg_seq)
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_nth_reply_has_number_n() {
        let book = ReplyBook::new();
        assert_eq!(numbers(&book, &group("A"), 3), [1, 2, 3]);
        assert_eq!(numbers(&book, &group("B"), 2), [1, 2]);
        assert_eq!(numbers(&book, &group("A"), 1), [4]);
        let elsewhere = message(Place::Group("H".to_owned()), "A");
        assert_eq!(numbers(&book, &elsewhere, 1), [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handling_that_begins_again_counts_from_one() {
        let book = ReplyBook::new();
        let origin = group("A");
        book.begin(&origin, Replayed::No);
        assert_eq!(numbers(&book, &origin, 5), [1, 2, 3, 4, 5]);
        book.begin(&origin, Replayed::Yes);
        let ticket = book.take(&origin).unwrap();
        assert_eq!((ticket.msg_seq, ticket.replayed), (1, Replayed::Yes));
    }

    #[tokio::test(start_paused = true)]
    async fn replies_are_limited_where_the_platform_limits_them() {
        let book = ReplyBook::new();
        for (place, limit) in [
            (Place::Group("G".to_owned()), 5),
            (Place::C2c("U".to_owned()), 4),
        ] {
            let origin = message(place, "A");
            numbers(&book, &origin, limit);
            let error = book.take(&origin).unwrap_err();
            assert!(matches!(error, SendError::RepliesUsedUp { limit: l } if l as usize == limit));
            // A place that was given back, but never a number.
            book.give_back(&origin.thread);
            let number = u32::try_from(limit).unwrap() + 2;
            assert_eq!(numbers(&book, &origin, 1), [number]);
        }
        let channel = message(Place::Channel("C".to_owned()), "A");
        numbers(&book, &channel, 20);
    }

    #[tokio::test(start_paused = true)]
    async fn windows_close() {
        let book = ReplyBook::new();
        for (place, minutes) in [
            (Place::Channel("C".to_owned()), 5),
            (Place::Direct("D".to_owned()), 5),
            (Place::Group("G".to_owned()), 5),
            (Place::C2c("U".to_owned()), 60),
        ] {
            let origin = message(place, "A");
            book.begin(&origin, Replayed::No);
            let almost = Duration::from_secs(minutes * 60 - 1);
            tokio::time::advance(almost).await;
            assert_eq!(book.take(&origin).unwrap().left, Duration::from_secs(1));
            tokio::time::advance(Duration::from_secs(1)).await;
            let error = book.take(&origin).unwrap_err();
            assert!(matches!(error, SendError::WindowClosed { .. }), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_replayed_message_is_as_old_as_it_says() {
        let book = ReplyBook::new();
        for (minutes, is_open) in [(4, true), (6, false)] {
            let mut origin = group("A");
            origin.sent_at = Some(SystemTime::now() - minutes * MINUTE);
            book.begin(&origin, Replayed::Yes);
            assert_eq!(book.take(&origin).is_ok(), is_open);
            book.begin(&origin, Replayed::No);
            assert!(book.take(&origin).is_ok(), "live, its receipt counts");
        }
        let mut early = group("B");
        early.sent_at = Some(SystemTime::now() + 60 * MINUTE);
        book.begin(&early, Replayed::Yes);
        assert!(book.take(&early).unwrap().left <= 5 * MINUTE);
    }

    #[tokio::test(start_paused = true)]
    async fn events_are_left_to_the_platform() {
        let book = ReplyBook::new();
        let target = ReplyTarget::event(Place::Group("G".to_owned()), "E");
        let origin = target.0.unwrap();
        assert_eq!(numbers(&book, &origin, 10).last(), Some(&10));
        tokio::time::advance(100 * MINUTE).await;
        assert!(book.take(&origin).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn is_bounded() {
        let book = ReplyBook::new();
        for number in 0..120_000 {
            book.take(&group(&number.to_string())).unwrap();
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(book.lock().by_thread.len() <= CAPACITY);
        assert_eq!(numbers(&book, &group("119999"), 1), [2], "the newest stay");
        tokio::time::advance(10 * MINUTE).await;
        for number in 0..60_000 {
            book.take(&group(&format!("x{number}"))).unwrap();
            tokio::time::advance(Duration::from_millis(60)).await;
        }
        // 5 minutes hold 5,000 of them; twice as many at most, until they are swept.
        assert!(book.lock().by_thread.len() <= 11_000);
    }
}
