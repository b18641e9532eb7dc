//! Sends replies and active messages.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use botrs::{MessageAudit, Token};
use tokio::time::Instant;

use super::super::api::PlatformApi;
use super::super::hosts::Hosts;
use super::super::journal::Journal;
use super::super::sync::lock;
use super::super::token::AccessTokens;
use super::audit::AuditDesk;
use super::book::{Replayed, ReplyBook};
use super::content::Content;
use super::delivery::Delivery;
use super::error::SendError;
use super::journal::SendJournal;
use super::outbox::Outbox;
use super::shutdown::Shutdown;
use super::stats::{Counters, SendStats};
use super::target::{Place, ReplyTarget};
use crate::retry::{CircuitBreaker, Keyed, Pushback, RetryConfig};
use crate::watch::ErrorMonitor;

/// The platform recommends at least 5 s: it may take that long to say that a message was sent.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends messages so that each arrives once, over lost answers, restarts and expired tokens.
///
/// Clones share all that must be shared: the access token, the numbers of replies, the journal, the
/// audits, and the pauses that the platform asks for. One bot should have one, cloned at will.
///
/// # What is retried
/// By default 10 attempts, 200 ms apart at first and 5 s at most, with jitter, and none after the end of
/// the reply window. What the platform asks for in `Retry-After` is waited for by all who send to the
/// same place.
///
/// * **Replies in groups and C2C chats** carry a `msg_id` and a `msg_seq` that stay the same over all
///   attempts, so that the platform recognises a repeated one (platform wiki v1.32.0): they are
///   retried after any failure that passes, even if the message may have arrived.
/// * **Replies in channels and direct messages**, replies to events, and **active messages** have no
///   such key: they are retried only after failures that surely had no effect.
///
/// When the platform no longer knows the access token (code 11244), a new one is asked for, once for
/// all calls that find out, and the call goes out again at once. That there is
/// no token costs a message no attempt; one that the platform gives out and refuses six times ends it.
///
/// # Examples
/// ```no_run
/// use botrs::GroupMessage;
/// use recovery_core::botrs::{Delivery, Hosts, Messenger, Place, SendError};
///
/// async fn greet(messenger: &Messenger, message: &GroupMessage) -> Result<(), SendError> {
///     match messenger.reply(message, "hello").await? {
///         Delivery::Sent(_) | Delivery::AlreadyDelivered => println!("it is there"),
///         Delivery::Pending(audit) => println!("it waits for audit {:?}", audit.id()),
///         Delivery::Kept => println!("it waits in the outbox"),
///     }
///     Ok(())
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let messenger = Messenger::new(&botrs::Token::from_env()?, Hosts::production())?;
/// messenger.send(&Place::Channel("1234".to_owned()), "good morning").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Messenger {
    credentials: Token,
    api: PlatformApi,
    tokens: AccessTokens,
    retry_config: RetryConfig,
    timeout: Duration,
    book: Arc<ReplyBook>,
    journal: Arc<Mutex<Slot>>,
    audits: Arc<AuditDesk>,
    pushbacks: Arc<Keyed<Place, Pushback>>,
    breaker: Option<Arc<CircuitBreaker>>,
    outbox: Option<Outbox>,
    monitor: Option<ErrorMonitor>,
    shutdown: Shutdown,
    counters: Arc<Counters>,
}

/// Where begun replies are noted.
struct Slot {
    journal: Arc<dyn SendJournal>,
    is_the_programs: bool,
}

impl Messenger {
    /// Sends as the bot that `token` names; nothing is called yet.
    ///
    /// Only the app id and the secret of `token` are used: the access token is this messenger's own
    /// ([`tokens`](Self::tokens)). `HTTPS_PROXY` and its like are obeyed, as they are at this moment.
    ///
    /// # Errors
    /// If the system's TLS roots cannot be loaded.
    pub fn new(token: &Token, hosts: Hosts) -> Result<Self, reqwest::Error> {
        let api = PlatformApi::new(hosts, token.app_id())?;
        Ok(Self {
            credentials: token.clone(),
            tokens: AccessTokens::of(api.clone(), token),
            api,
            retry_config: policy(),
            timeout: TIMEOUT,
            book: Arc::new(ReplyBook::new()),
            journal: Arc::new(Mutex::new(Slot {
                journal: Arc::new(Journal::in_memory(token.app_id())),
                is_the_programs: false,
            })),
            audits: Arc::new(AuditDesk::default()),
            pushbacks: Arc::new(Keyed::new(|_: &Place| Pushback::new())),
            breaker: None,
            outbox: None,
            monitor: None,
            shutdown: Shutdown::new(),
            counters: Arc::default(),
        })
    }

    /// Retries by this policy instead; of replies, within their window all the same.
    #[must_use]
    pub fn with_retry(mut self, config: RetryConfig) -> Self {
        self.retry_config = config;
        self
    }

    /// Gives each attempt so long, instead of 5 s, which the platform recommends at least.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Calls the platform by this client: with a proxy, or roots of trust, of one's own.
    ///
    /// The client should follow no redirects. The access token is asked for anew; clones that exist
    /// already go on as before.
    #[must_use]
    pub fn with_http_client(mut self, client: reqwest::Client) -> Self {
        self.api = self.api.with_client(client);
        self.tokens = AccessTokens::of(self.api.clone(), &self.credentials);
        self
    }

    /// Asks this breaker before each call that sends something, and tells it what came of it.
    ///
    /// What counts as a failure says that the platform is unwell: [`ErrorKind::Network`],
    /// [`ErrorKind::Timeout`] and [`ErrorKind::Server`], the platform's own codes for "may be retried" among
    /// them. What shows that it has understood counts as neither good nor bad: a refused message, a rate limit, a
    /// refused access token, "not connected to the gateway". An audit is a success. Requests for access tokens
    /// are not counted: they go to another server, and all callers share them.
    ///
    /// While it is open no attempt is made, and none waited for: the reply fails at once, or goes into the
    /// [outbox](Self::with_outbox). Clones made from here on share it, as may other messengers.
    ///
    /// [`ErrorKind::Network`]: crate::ErrorKind::Network
    /// [`ErrorKind::Timeout`]: crate::ErrorKind::Timeout
    /// [`ErrorKind::Server`]: crate::ErrorKind::Server
    #[must_use]
    pub fn with_breaker(mut self, breaker: impl Into<Arc<CircuitBreaker>>) -> Self {
        self.breaker = Some(breaker.into());
        self
    }

    /// Keeps the replies that cannot be delivered now in this outbox, and sends them later. Clones made from
    /// here on do so too.
    #[must_use]
    pub fn with_outbox(mut self, outbox: Outbox) -> Self {
        self.outbox = Some(outbox);
        self
    }

    /// Counts the replies that were kept and then given up as errors of this monitor, as the operation `outbox`: of
    /// these no caller hears. Clones made from here on do so too.
    #[must_use]
    pub fn with_monitor(mut self, monitor: ErrorMonitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// Notes the replies that are begun here, instead of in memory; all clones do.
    ///
    /// A [`ResilientBotClient`](crate::botrs::ResilientBotClient) that remembers in a folder and has this
    /// messenger does it by itself.
    #[must_use]
    pub fn with_journal(self, journal: Arc<dyn SendJournal>) -> Self {
        *lock(&self.journal) = Slot {
            journal,
            is_the_programs: true,
        };
        self
    }

    /// The client's journal, unless it forgets with the process and the program has given a better one.
    pub(crate) fn note_in(&self, journal: Arc<dyn SendJournal>, is_kept: bool) {
        let mut slot = lock(&self.journal);
        if is_kept || !slot.is_the_programs {
            slot.journal = journal;
        }
    }

    /// The access token that all clones use.
    pub const fn tokens(&self) -> &AccessTokens {
        &self.tokens
    }

    /// Replies to a message or an event.
    ///
    /// The nth reply to a message is number n, by the order in which the futures are first polled, and
    /// keeps that number over all attempts. A reply that is
    /// surely hopeless is refused without a call: after the [window](super::Scene::reply_window),
    /// which begins with [`event_begins`](Self::event_begins) or else with the first reply, and beyond
    /// the [limit](super::Scene::reply_limit).
    ///
    /// With an [outbox](Self::with_outbox), a reply that cannot be delivered now but may be later is
    /// [`Delivery::Kept`], within seconds: no wait begins that would end beyond the outbox's patience. So is
    /// one to a message of which an earlier reply waits, so that they arrive in order.
    ///
    /// # Errors
    /// What [`SendError`] lists; the last attempt's where there were several. By
    /// [`Classify::effect`](crate::Classify::effect) it tells whether the reply may have arrived, in any of them. Then another
    /// call could double it, since it would be another reply.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempts. The reply may have arrived by then, so it keeps its
    /// number, and counts.
    pub async fn reply(
        &self,
        to: impl Into<ReplyTarget>,
        content: impl Into<Content>,
    ) -> Result<Delivery, SendError> {
        self.reply_to(to.into(), content.into()).await
    }

    /// Sends an active message: one that replies to nothing. The platform limits these narrowly.
    ///
    /// It has no key that the platform would recognise, so it is retried only after a failure that
    /// surely had no effect. There is no reply window that would end it: a wait that the platform asks
    /// for is waited in full, unless the caller drops the future. It is never kept in an
    /// [outbox](Self::with_outbox); but where there is one, a [shutdown](Self::begin_shutdown) ends its waits.
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempts. The message may have arrived by then.
    pub async fn send(
        &self,
        place: &Place,
        content: impl Into<Content>,
    ) -> Result<Delivery, SendError> {
        self.send_to(place, content.into()).await
    }

    /// Says that the handling of a message begins, perhaps anew after a restart: its replies are
    /// counted from 1 again.
    ///
    /// So a handler that runs again, and makes the same replies in the same order, gives them the
    /// numbers that they had, and the platform recognises those that had arrived. Whoever gives events
    /// to handlers calls this before each.
    pub fn event_begins(&self, target: &ReplyTarget, replayed: Replayed) {
        if let Some(origin) = &target.0 {
            self.book.begin(origin, replayed);
        }
    }

    /// Says that the handling of an event that is no message begins anew: what replies to it by
    /// [`ReplyTarget::event`] is counted from 1 again.
    pub(crate) fn event_begins_anew(&self, event_id: &str) {
        self.book.forget_event(event_id);
    }

    /// Says how an audit ended. Whoever gives events to handlers calls this for each
    /// `MESSAGE_AUDIT_PASS` and `MESSAGE_AUDIT_REJECT`.
    pub fn audit_result(&self, audit: &MessageAudit, passed: bool) {
        self.audits.note(audit, passed);
    }

    /// How many replies and messages ended in which way, of all clones.
    pub fn stats(&self) -> SendStats {
        self.counters.read()
    }

    /// The outbox, if there is one.
    pub const fn outbox(&self) -> Option<&Outbox> {
        self.outbox.as_ref()
    }

    pub(super) const fn monitor(&self) -> Option<&ErrorMonitor> {
        self.monitor.as_ref()
    }

    pub(crate) fn app_id(&self) -> &str {
        self.credentials.app_id()
    }

    pub(crate) const fn api(&self) -> &PlatformApi {
        &self.api
    }

    /// How a token is waited for: as replies are, but without counting, unless nothing is to be retried.
    pub(super) fn patience(&self) -> RetryConfig {
        if self.retry_config.max_attempts() == 1 {
            return self.retry_config.clone();
        }
        let patience = self.retry_config.to_builder().unlimited().build();
        patience.expect("a valid policy without an end is valid")
    }

    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn journal(&self) -> Arc<dyn SendJournal> {
        Arc::clone(&lock(&self.journal).journal)
    }

    pub(super) fn breaker(&self) -> Option<&CircuitBreaker> {
        self.breaker.as_deref()
    }

    pub(super) const fn retry_config(&self) -> &RetryConfig {
        &self.retry_config
    }

    pub(super) fn book(&self) -> &ReplyBook {
        &self.book
    }

    pub(super) fn pushback(&self, place: &Place) -> Arc<Pushback> {
        self.pushbacks.get(place)
    }

    pub(super) fn is_pushed_back(&self, place: &Place) -> bool {
        self.pushback(place).is_closed()
    }

    /// The platform asks all who send to this place to wait for so long.
    pub(super) fn push_back(&self, place: &Place, asked: Duration) {
        let pushback = self.pushback(place);
        pushback.close_for(asked, Instant::now().into_std());
    }

    pub(super) const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) const fn audits(&self) -> &Arc<AuditDesk> {
        &self.audits
    }
}

fn policy() -> RetryConfig {
    RetryConfig::builder()
        .max_attempts(10)
        .initial_delay(Duration::from_millis(200))
        .max_delay(Duration::from_secs(5))
        .build()
        .expect("these values are valid")
}

impl fmt::Debug for Messenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messenger")
            .field("app_id", &self.credentials.app_id())
            .field("retry", &self.retry_config)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
