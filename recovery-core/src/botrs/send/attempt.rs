//! One message over its attempts.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use botrs::BotError;
use serde_json::Value;
use tokio::time::Instant;

use super::super::answer::Answer;
use super::super::classify::{is_already_delivered, is_token_expired};
use super::super::sync::lock;
use super::super::token::AccessToken;
use super::audit::Audit;
use super::breaker;
use super::delivery::Delivery;
use super::error::SendError;
use super::journal::{Begun, SendKey};
use super::messenger::Messenger;
use super::target::Place;
use crate::classify::{Classify, Effect, ErrorKind};
use crate::retry::{NotAttempted, Retry, StopReason, Verdict};

/// So long a message that has no window waits for a token.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many times one token may be refused: then the platform has no other to give. It is asked at most
/// once a second.
const SAME_TOKEN: u32 = 5;
/// So many other tokens one attempt may go through.
const REFUSALS: u32 = 4;

/// A message, and what its attempts have come to. The body stays the same over all of them.
pub(super) struct Outgoing<'m> {
    messenger: &'m Messenger,
    place: &'m Place,
    body: Arc<Value>,
    reply: Option<Reply>,
    /// When it is too late for it, or its caller has waited for long enough.
    until: Option<Instant>,
    /// Whether it was begun by an earlier run.
    begun: OnceLock<Begun>,
    /// Whether an attempt was made that may have arrived.
    is_in_doubt: AtomicBool,
    /// Whether the server failed at one. It may have got further than it says.
    has_met_failure: AtomicBool,
    /// The access token that was refused last.
    refused: Mutex<Option<AccessToken>>,
    /// How many times in a row that one was.
    refused_again: AtomicU32,
}

/// What a reply has beyond a message.
pub(super) struct Reply {
    pub(super) key: SendKey,
    /// Whether the platform would recognise it.
    pub(super) deduplicates: bool,
    /// Whether its event was handled before, perhaps.
    pub(super) is_replayed: bool,
    /// Whether it comes from the outbox, which knows whether it may be sent.
    pub(super) is_kept: bool,
}

impl<'m> Outgoing<'m> {
    pub(super) const fn new(
        messenger: &'m Messenger,
        place: &'m Place,
        body: Arc<Value>,
        reply: Option<Reply>,
        until: Option<Instant>,
    ) -> Self {
        Self {
            messenger,
            place,
            body,
            reply,
            until,
            begun: OnceLock::new(),
            is_in_doubt: AtomicBool::new(false),
            has_met_failure: AtomicBool::new(false),
            refused: Mutex::new(None),
            refused_again: AtomicU32::new(0),
        }
    }

    /// Whether it may have arrived, after all.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Relaxed)
    }

    fn is_locked_out(&self) -> bool {
        self.refused_again.load(Relaxed) >= SAME_TOKEN
    }

    /// Whether another attempt may succeed, and may be made.
    pub(super) fn judge(&self, error: &SendError) -> Verdict {
        let may_pass = match error {
            // What it was refused for holds still.
            SendError::NotAttempted(refusal) => return Verdict::Prevented(refusal.reason()),
            // It has waited for one already, for as long as it can.
            SendError::Token(error) if error.is_transient() => {
                return Verdict::Prevented(StopReason::WouldExceedDeadline);
            }
            SendError::Refused(error) if is_token_expired(error) => !self.is_locked_out(),
            error => error.is_transient(),
        };
        match breaker::refuses(self.messenger.breaker()) {
            Some(refusal) if may_pass => Verdict::Prevented(refusal.reason()),
            _ => Verdict::when(may_pass),
        }
    }

    /// Why no attempt can be made now, if that is known.
    pub(super) fn refusal(&self) -> Option<NotAttempted> {
        let refused = breaker::refuses(self.messenger.breaker());
        refused.or_else(|| self.messenger.is_past_last_attempts().then_some(CANCELLED))
    }

    pub(super) async fn attempt(&self) -> Result<Delivery, SendError> {
        let mut refusals = 0;
        let answer = loop {
            if let Some(refusal) = self.refusal() {
                return Err(refusal.into());
            }
            let access = self.token().await?;
            let leave = breaker::admit(self.messenger.breaker())?;
            self.begin()?;
            let answer = self.send(&access).await;
            leave.settle(&answer);
            // A token that the platform no longer knows says nothing about the message: with another one
            // it goes out again at once. If many calls go out, that one may have been refused too.
            let is_refused = answer.as_ref().is_err_and(is_token_expired);
            if !is_refused || self.is_locked_out() || refusals == REFUSALS {
                break answer;
            }
            refusals += 1;
        };
        match answer {
            Ok(Answer::Sent(answer)) => Ok(Delivery::Sent(answer)),
            Ok(Answer::Pending { audit_id }) => {
                let audit = Audit::new(audit_id, self.messenger.audits());
                Ok(Delivery::Pending(audit))
            }
            Err(error) => self.failed(error),
        }
    }

    /// Waits for a token, as long as the message may wait: that there is none costs it no attempt. All
    /// who wait share the requests, of which there is one a second at most.
    async fn token(&self) -> Result<AccessToken, SendError> {
        let left = self.until.map_or(PATIENCE, |until| {
            until.saturating_duration_since(Instant::now())
        });
        let waiting = Retry::new(self.messenger.patience())
            .name("botrs.token")
            .deadline(left)
            .run(|_| self.messenger.tokens().get());
        tokio::select! {
            // One that is there is used even in a shutdown.
            biased;
            token = waiting => Ok(token?),
            () = self.messenger.waits_end() => Err(CANCELLED.into()),
        }
    }

    /// Notes in the journal that the reply begins: before its first attempt, and once it can be made.
    fn begin(&self) -> Result<(), SendError> {
        let Some(reply) = &self.reply else {
            return Ok(());
        };
        let begin = || self.messenger.journal().begin(&reply.key);
        match *self.begun.get_or_init(begin) {
            Begun::Before if !reply.deduplicates && !reply.is_kept => Err(SendError::BegunBefore),
            Begun::Before | Begun::First => Ok(()),
        }
    }

    async fn send(&self, access: &AccessToken) -> Result<Answer, BotError> {
        let path = self.place.path();
        let timeout = self.messenger.timeout();
        let api = self.messenger.api();
        self.messenger.counters().attempted();
        let answer = api.send(access, &path, &self.body, timeout).await;
        answer.inspect_err(|error| {
            if is_token_expired(error) {
                self.messenger.tokens().invalidate(access);
                let before = self.refused().replace(access.clone());
                if before.as_ref() == Some(access) {
                    self.refused_again.fetch_add(1, Relaxed);
                } else {
                    self.refused_again.store(0, Relaxed);
                }
            }
        })
    }

    fn refused(&self) -> MutexGuard<'_, Option<AccessToken>> {
        lock(&self.refused)
    }

    fn failed(&self, error: BotError) -> Result<Delivery, SendError> {
        if let Some(reply) = &self.reply
            && is_already_delivered(&error)
        {
            let is_ours = self.is_in_doubt()
                || self.has_met_failure.load(Relaxed)
                || reply.is_replayed
                || self.begun.get() == Some(&Begun::Before);
            return if is_ours {
                Ok(Delivery::AlreadyDelivered)
            } else {
                let msg_seq = reply.key.msg_seq;
                Err(SendError::NumberTaken { msg_seq })
            };
        }
        if error.effect() != Effect::None {
            self.is_in_doubt.store(true, Relaxed);
        }
        if Classify::kind(&error) == ErrorKind::Server {
            self.has_met_failure.store(true, Relaxed);
        }
        Err(SendError::Refused(error))
    }
}

/// The shutdown has begun.
const CANCELLED: NotAttempted = NotAttempted::new(StopReason::Cancelled, None);
