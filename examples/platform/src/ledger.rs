//! The ledger: what was said, what was called, and what came of it.

mod open_call;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::{
    connections::{ConnectionRecord, GatewayBook},
    event::{EventId, Scene, UserMessage},
    fault::Endpoint,
    record::{CallRecord, EventRecord, Outcome, Tally},
    score::Score,
    sync::lock,
};

pub(crate) use open_call::OpenCall;

/// How often [`Ledger::wait_until`] looks.
const GLANCE: Duration = Duration::from_millis(10);

/// A handle on everything that has happened; clones share one ledger.
///
/// Times are [`Duration`]s since the platform was started. No token and no secret is ever noted.
#[derive(Clone)]
pub struct Ledger {
    book: Arc<Mutex<Book>>,
    gateway: GatewayBook,
    started: Instant,
}

/// Everything, behind the lock.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) events: Vec<EventRecord>,
    pub(crate) calls: Vec<CallRecord>,
    by_message: HashMap<String, usize>,
    by_envelope: HashMap<String, usize>,
    replies: HashSet<(Scene, String, String, u64)>,
    under_way: usize,
    unanswered: usize,
    pub(crate) faulted: u64,
    pub(crate) retries: u64,
    last_activity: Duration,
    pub(crate) unsolicited: u64,
    pub(crate) audits: u64,
    pub(crate) tokens_issued: u64,
    token_requests: u64,
    pub(crate) identifies: u64,
    pub(crate) resumes: u64,
    pub(crate) heartbeats: u64,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let started = Instant::now();
        Self {
            book: Arc::default(),
            gateway: GatewayBook::new(started),
            started,
        }
    }

    /// The time since the platform was started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Every command so far, in order.
    pub fn events(&self) -> Vec<EventRecord> {
        lock(&self.book).events.clone()
    }

    /// The command with this id.
    pub fn event(&self, id: &EventId) -> Option<EventRecord> {
        let book = lock(&self.book);
        let index = *book.by_message.get(id.as_str())?;
        book.events.get(index).cloned()
    }

    /// Every HTTP call so far, in the order of arrival.
    pub fn calls(&self) -> Vec<CallRecord> {
        lock(&self.book).calls.clone()
    }

    /// The calls that tried to reply to this command, in the order of arrival.
    pub fn calls_for(&self, id: &EventId) -> Vec<CallRecord> {
        let book = lock(&self.book);
        let event = book
            .by_message
            .get(id.as_str())
            .and_then(|index| book.events.get(*index));
        event
            .into_iter()
            .flat_map(|event| &event.calls)
            .filter_map(|index| book.calls.get(*index))
            .cloned()
            .collect()
    }

    /// Access tokens that were minted; the same token handed out again is not counted.
    pub fn tokens_issued(&self) -> u64 {
        lock(&self.book).tokens_issued
    }

    /// Requests to the token endpoint, whatever came of them.
    pub fn token_requests(&self) -> u64 {
        lock(&self.book).token_requests
    }

    /// Sessions that were begun with IDENTIFY.
    pub fn identifies(&self) -> u64 {
        lock(&self.book).identifies
    }

    /// Sessions that were continued with RESUME.
    pub fn resumes(&self) -> u64 {
        lock(&self.book).resumes
    }

    /// Heartbeats that were acknowledged.
    pub fn heartbeats(&self) -> u64 {
        lock(&self.book).heartbeats
    }

    /// Every connection to the gateway so far, in the order in which they were opened.
    pub fn connections(&self) -> Vec<ConnectionRecord> {
        self.gateway.records()
    }

    /// How many connections to the gateway are open now.
    pub fn open_connections(&self) -> usize {
        self.gateway.open()
    }

    /// When this bot sent IDENTIFY, accepted or not, in order.
    pub fn identify_times(&self, app_id: &str) -> Vec<Duration> {
        self.gateway.identify_times(app_id)
    }

    /// How many times a bot sent IDENTIFY although
    /// [`max_concurrency`](crate::PlatformOptions::max_concurrency) of its sessions had been begun
    /// within 5 s, whether or not that is enforced.
    pub fn concurrency_violations(&self) -> u64 {
        self.gateway.concurrency_violations()
    }

    /// Waits until the condition holds; `false` if it does not within `limit`. It is looked at
    /// every 10 ms.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait_until(
        &self,
        limit: Duration,
        mut condition: impl FnMut(&Self) -> bool,
    ) -> bool {
        let met = async {
            while !condition(self) {
                tokio::time::sleep(GLANCE).await;
            }
        };
        tokio::time::timeout(limit, met).await.is_ok()
    }

    /// The state of the run at a glance.
    pub fn tally(&self) -> Tally {
        let book = lock(&self.book);
        Tally {
            commands: book.events.len(),
            delivered: book.events.len() - book.unanswered,
            faulted: book.faulted,
            retries: book.retries,
            under_way: book.under_way,
            last_activity: book.last_activity,
        }
    }

    /// Whether some command's last call was not plainly answered, so that a bot may still act.
    pub fn has_loose_ends(&self) -> bool {
        let book = lock(&self.book);
        book.events.iter().any(|event| {
            let last = event.calls.last().and_then(|index| book.calls.get(*index));
            last.is_none_or(|call| call.fault.is_some() || !call.answered)
        })
    }

    /// Judges the run as it stands.
    pub fn score(&self) -> Score {
        Score::of(&lock(&self.book))
    }

    /// Notes a command. The caller dispatches it afterwards, so no reply can come too early.
    pub(crate) fn event_sent(&self, app_id: &str, message: &UserMessage) {
        let at = self.elapsed();
        let mut book = lock(&self.book);
        let index = book.events.len();
        book.by_message.insert(message.msg_id.clone(), index);
        book.by_envelope.insert(message.envelope.clone(), index);
        book.unanswered += 1;
        book.last_activity = at;
        book.events.push(EventRecord {
            id: EventId(message.msg_id.clone()),
            app_id: app_id.to_owned(),
            scene: message.scene,
            target: message.target.clone(),
            content: message.content.clone(),
            at,
            delivered: Vec::new(),
            calls: Vec::new(),
            accepted_by: None,
        });
    }

    /// Opens the record of a call that has just arrived.
    pub(crate) fn call_arrived(&self, endpoint: Endpoint, method: &str, path: &str) -> OpenCall {
        let at = self.elapsed();
        let mut book = lock(&self.book);
        book.under_way += 1;
        book.token_requests += u64::from(endpoint == Endpoint::AccessToken);
        book.last_activity = at;
        book.calls.push(CallRecord {
            endpoint,
            method: method.to_owned(),
            path: path.to_owned(),
            app_id: None,
            msg_id: None,
            event_id: None,
            had_both_ids: false,
            msg_seq: 1,
            content: None,
            fault: None,
            outcome: Outcome::Open,
            at,
            answered: false,
        });
        OpenCall::new(book.calls.len() - 1, self.clone())
    }

    /// The message and target that a reply by event id belongs to.
    pub(crate) fn message_of_envelope(&self, envelope: &str) -> Option<String> {
        let book = lock(&self.book);
        let index = *book.by_envelope.get(envelope)?;
        book.events.get(index).map(|event| event.id.0.clone())
    }

    /// Whether `msg_id` is a message that this bot got from this scene and target.
    pub(crate) fn knows(&self, app_id: &str, scene: Scene, target: &str, msg_id: &str) -> bool {
        let book = lock(&self.book);
        book.by_message
            .get(msg_id)
            .and_then(|index| book.events.get(*index))
            .is_some_and(|event| {
                (event.app_id.as_str(), event.scene, event.target.as_str())
                    == (app_id, scene, target)
            })
    }

    /// Adds a message to what its user has seen.
    pub(crate) fn delivered(&self, call: usize, message_id: &str) {
        let mut book = lock(&self.book);
        let Some(msg_id) = book.calls.get(call).and_then(|call| call.msg_id.clone()) else {
            book.unsolicited += 1;
            return;
        };
        let Some(index) = book.by_message.get(&msg_id).copied() else {
            return;
        };
        if let Some(event) = book.events.get_mut(index) {
            event.delivered.push(message_id.to_owned());
            if event.delivered.len() == 1 {
                event.accepted_by = Some(call);
                book.unanswered -= 1;
            }
        }
    }

    /// Notes that an audit is over; only a message that passed reaches its user.
    pub(crate) fn audited(&self, call: usize, passed: Option<&str>) {
        if let Some(message_id) = passed {
            self.delivered(call, message_id);
        }
        lock(&self.book).last_activity = self.elapsed();
    }

    pub(crate) fn token_issued(&self) {
        lock(&self.book).tokens_issued += 1;
    }

    pub(crate) fn identified(&self) {
        lock(&self.book).identifies += 1;
    }

    pub(crate) fn resumed(&self) {
        lock(&self.book).resumes += 1;
    }

    pub(crate) fn heartbeat(&self) {
        lock(&self.book).heartbeats += 1;
    }

    pub(crate) fn gateway(&self) -> &GatewayBook {
        &self.gateway
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ledger")
            .field("tally", &self.tally())
            .finish_non_exhaustive()
    }
}
