//! The way of one reply, and of one active message: attempts, and then the outbox.

use std::sync::Arc;

use tokio::time::Instant;

use super::attempt::{Outgoing, Reply};
use super::book::Replayed;
use super::breaker;
use super::content::Content;
use super::delivery::Delivery;
use super::error::SendError;
use super::journal::SendKey;
use super::messenger::Messenger;
use super::outbox::{Entry, Outbox, Standing, may_pass_later};
use super::target::{Origin, Place, ReplyTarget};
use crate::classify::{Classify, Effect};
use crate::retry::Retry;

impl Messenger {
    pub(super) async fn reply_to(
        &self,
        to: ReplyTarget,
        content: Content,
    ) -> Result<Delivery, SendError> {
        let _in_flight = self.shutdown().enter();
        let scene = to.place().map(Place::scene);
        let result = match to.0 {
            Some(origin) => self.reply_to_origin(&origin, content).await,
            None => Err(SendError::NoTarget),
        };
        let result = result.map_err(|error| breaker::tell_when(self.breaker(), error));
        self.counters().ended(scene, &result);
        result
    }

    async fn reply_to_origin(
        &self,
        origin: &Origin,
        content: Content,
    ) -> Result<Delivery, SendError> {
        let ticket = self.book().take(origin)?;
        let thread = &origin.thread;
        let (place, scene) = (&thread.place, thread.place.scene());
        let body = content
            .body(scene, Some((&thread.source, ticket.msg_seq)))
            .map_err(SendError::Content)?;
        let body = Arc::new(body);
        let reply = Reply {
            key: SendKey {
                scene,
                target: place.id().to_owned(),
                msg_id: thread.source.id().to_owned(),
                msg_seq: ticket.msg_seq,
            },
            deduplicates: thread.deduplicates(),
            is_replayed: ticket.replayed == Replayed::Yes,
            is_kept: false,
        };
        let closes_at = Instant::now() + ticket.left;
        let mut patience = ticket.left;
        let mut entry = None;
        if let Some(outbox) = self.outbox() {
            patience = patience.min(outbox.patience());
            let fresh = Entry::new(self.app_id(), &reply, &body, ticket.left);
            match outbox.standing(&fresh, ticket.replayed) {
                Standing::Free => {}
                Standing::Waits => return Ok(Delivery::Kept),
                Standing::Taken => {
                    let msg_seq = ticket.msg_seq;
                    return Err(SendError::NumberTaken { msg_seq });
                }
                Standing::Behind => {
                    if keep(outbox, fresh.clone(), closes_at, "order").await {
                        return Ok(Delivery::Kept);
                    }
                }
            }
            entry = Some(fresh);
        }
        let until = Instant::now() + patience;
        let outgoing = Outgoing::new(self, place, body, Some(reply), Some(until));
        let pushback = self.pushback(place);
        let mut retry = Retry::new(self.retry_config().clone())
            .name("botrs.reply")
            .judged_by(|error| outgoing.judge(error))
            .pushback(&pushback)
            .deadline(patience)
            .cancel(self.waits_end());
        if !thread.deduplicates() {
            retry = retry.at_most_once();
        }
        let error = match outgoing.refusal() {
            // What is not begun is not given up either.
            Some(refusal) => refusal.into(),
            None => match retry.run(|_| outgoing.attempt()).await {
                Ok(delivery) => return Ok(delivery),
                Err(error) => error,
            },
        };
        let has_effect = error.effect() != Effect::None;
        let is_in_doubt = has_effect || outgoing.is_in_doubt();
        if let (Some(outbox), Some(entry)) = (self.outbox(), entry)
            && may_pass_later(&error)
            && (entry.deduplicates || !is_in_doubt)
            && keep(outbox, entry, closes_at, error.kind().as_str()).await
        {
            return Ok(Delivery::Kept);
        }
        if has_effect {
            return Err(error);
        }
        if is_in_doubt {
            return Err(SendError::InDoubt(Box::new(error)));
        }
        if !matches!(error, SendError::NumberTaken { .. }) {
            self.book().give_back(thread);
        }
        Err(error)
    }

    pub(super) async fn send_to(
        &self,
        place: &Place,
        content: Content,
    ) -> Result<Delivery, SendError> {
        let result = self.send_once(place, content).await;
        let result = result.map_err(|error| breaker::tell_when(self.breaker(), error));
        self.counters().ended(Some(place.scene()), &result);
        result
    }

    async fn send_once(&self, place: &Place, content: Content) -> Result<Delivery, SendError> {
        if place.id().is_empty() {
            return Err(SendError::NoTarget);
        }
        let body = content
            .body(place.scene(), None)
            .map_err(SendError::Content)?;
        let outgoing = Outgoing::new(self, place, Arc::new(body), None, None);
        let pushback = self.pushback(place);
        Retry::new(self.retry_config().clone())
            .name("botrs.send")
            .judged_by(|error| outgoing.judge(error))
            .pushback(&pushback)
            .cancel(self.waits_end())
            .at_most_once()
            .run(|_| outgoing.attempt())
            .await
    }
}

/// Returns whether it is kept; if not, it is told why.
async fn keep(outbox: &Outbox, entry: Entry, closes_at: Instant, cause: &'static str) -> bool {
    let scene = entry.key.scene.as_str();
    match outbox.keep(entry, closes_at).await {
        Ok(()) => {
            let left = closes_at.saturating_duration_since(Instant::now());
            crate::observe::outbox_kept(scene, cause, left);
            true
        }
        Err(refusal) => {
            crate::observe::outbox_refused(scene, &refusal);
            false
        }
    }
}
