//! One message over its attempts.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use botrs::BotError;
use serde_json::Value;
use tokio::time::Instant;

use super::super::answer::Answer;
use super::super::classify::{is_already_delivered, is_token_expired};
use super::super::sync::lock;
use super::super::token::{AccessToken, TokenError};
use super::audit::Audit;
use super::delivery::Delivery;
use super::error::SendError;
use super::journal::{Begun, SendKey};
use super::messenger::Messenger;
use super::target::Place;
use crate::classify::{Classify, Effect, ErrorKind};
use crate::retry::Retry;

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
    body: Value,
    reply: Option<Reply>,
    /// When it is too late for it.
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
}

impl<'m> Outgoing<'m> {
    pub(super) const fn new(
        messenger: &'m Messenger,
        place: &'m Place,
        body: Value,
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

    /// Whether another attempt may succeed.
    pub(super) fn may_pass(&self, error: &SendError) -> bool {
        let lacks_token = matches!(error, SendError::Refused(error) if is_token_expired(error));
        // For a token it has waited already.
        (error.is_transient() && !matches!(error, SendError::Token(_)))
            || (lacks_token && !self.is_locked_out())
    }

    pub(super) async fn attempt(&self) -> Result<Delivery, SendError> {
        let mut refusals = 0;
        let answer = loop {
            let access = self.token().await?;
            self.begin()?;
            let answer = self.send(&access).await;
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
    async fn token(&self) -> Result<AccessToken, TokenError> {
        let left = self.until.map_or(PATIENCE, |until| {
            until.saturating_duration_since(Instant::now())
        });
        Retry::new(self.messenger.patience())
            .name("botrs.token")
            .deadline(left)
            .run(|_| self.messenger.tokens().get())
            .await
    }

    /// Notes in the journal that the reply begins: before its first attempt, and once it can be made.
    fn begin(&self) -> Result<(), SendError> {
        let Some(reply) = &self.reply else {
            return Ok(());
        };
        let begin = || self.messenger.journal().begin(&reply.key);
        match *self.begun.get_or_init(begin) {
            Begun::Before if !reply.deduplicates => Err(SendError::BegunBefore),
            Begun::Before | Begun::First => Ok(()),
        }
    }

    async fn send(&self, access: &AccessToken) -> Result<Answer, BotError> {
        let path = self.place.path();
        let timeout = self.messenger.timeout();
        let api = self.messenger.api();
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
