//! Sends what waits, when the platform takes it again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::super::super::gateway::{ShardState, ShardStatus};
use super::super::super::sync::lock;
use super::super::attempt::{Outgoing, Reply};
use super::super::breaker;
use super::super::delivery::Delivery;
use super::super::error::SendError;
use super::super::messenger::Messenger;
use super::shelf::{Kept, Number};
use super::{DropReason, DroppedReply, Entry, Outbox};
use crate::classify::{Classify, Effect};

/// So many places at a time; and so many failures in a row end a pass.
const WIDTH: usize = 8;
/// Between two passes, while something waits.
const EVERY: Duration = Duration::from_secs(3);

impl Messenger {
    /// Sends what waits in the outbox and can be sent now: one attempt each, the oldest first, in order
    /// within a place, eight places at a time. Returns how many still wait.
    ///
    /// A [`ResilientBotClient`](crate::botrs::ResilientBotClient) that has this messenger does it by itself: when
    /// a shard is connected, and every 3 s while something waits. Without one, call it now and then:
    ///
    /// ```no_run
    /// # async fn example(messenger: recovery_core::botrs::Messenger) {
    /// tokio::spawn(async move {
    ///     loop {
    ///         messenger.drain_outbox().await;
    ///         tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    ///     }
    /// });
    /// # }
    /// ```
    ///
    /// It ends early when the breaker is open, after eight failures in a row, and when a shutdown begins.
    /// Without an outbox it does nothing. Of several calls at once for one bot, one drains and the others wait.
    ///
    /// # Cancel safety
    /// Dropping the future leaves all that waits in the outbox; but a channel's or direct message's reply that
    /// was being sent may have arrived, and is given up in the next pass.
    pub async fn drain_outbox(&self) -> usize {
        let Some(outbox) = self.outbox() else {
            return 0;
        };
        let turn = outbox.turn(self.app_id());
        let _turn = turn.lock().await;
        let closed = outbox.shelf().closed(self.app_id(), Instant::now());
        for number in closed {
            self.give_up(outbox, number, DropReason::WindowClosed);
        }
        let queues = outbox.shelf().queues(self.app_id());
        let failures = AtomicUsize::new(0);
        stream::iter(queues)
            .for_each_concurrent(WIDTH, |queue| self.drain_place(outbox, queue, &failures))
            .await;
        outbox.len()
    }

    /// Drains whenever there is an occasion, until a shutdown begins.
    pub(crate) async fn keep_draining(self, mut status: watch::Receiver<Vec<ShardStatus>>) {
        let Some(outbox) = self.outbox() else { return };
        let mut waiting = outbox.watch();
        let drain = async {
            while waiting.wait_for(|count| *count > 0).await.is_ok() {
                tokio::select! {
                    () = sleep(EVERY) => {}
                    () = connects(&mut status) => {}
                }
                if self.is_shutting_down() {
                    return;
                }
                self.drain_outbox().await;
            }
        };
        // What is being sent when the shutdown begins comes to its end.
        let idle_at_shutdown = async {
            self.waits_end().await;
            outbox.idle(self.app_id()).await;
        };
        tokio::select! {
            () = drain => {}
            () = idle_at_shutdown => {}
        }
    }

    async fn drain_place(&self, outbox: &Outbox, queue: Vec<Number>, failures: &AtomicUsize) {
        for number in queue {
            let is_over = self.is_shutting_down() || failures.load(Relaxed) >= WIDTH;
            if is_over || breaker::refuses(self.breaker()).is_some() {
                return;
            }
            let Some(kept) = outbox.shelf().get(number).cloned() else {
                continue;
            };
            if !self.send_kept(outbox, number, kept, failures).await {
                return;
            }
        }
    }

    /// Makes one attempt; returns whether the next one of the same place may be sent.
    async fn send_kept(
        &self,
        outbox: &Outbox,
        number: Number,
        kept: Kept,
        failures: &AtomicUsize,
    ) -> bool {
        let entry = &kept.entry;
        if kept.closes_at <= Instant::now() {
            self.give_up(outbox, number, DropReason::WindowClosed);
            return true;
        }
        if entry.in_doubt && !entry.deduplicates {
            // Its attempt was begun, by a process or a future that did not live to see its end.
            self.give_up(outbox, number, DropReason::MayHaveArrived);
            return true;
        }
        if self.is_pushed_back(&entry.place()) {
            return false;
        }
        if !entry.deduplicates {
            outbox.mark(number, true);
            if outbox.save().await.is_err() {
                outbox.mark(number, false);
                return false;
            }
        }
        let (result, is_in_doubt) = self.attempt_kept(entry).await;
        match result {
            Ok(delivery) => {
                failures.store(0, Relaxed);
                self.delivered(outbox, number, &kept, delivery).await;
                true
            }
            Err(error) if is_in_doubt && !(entry.deduplicates && may_pass_later(&error)) => {
                failures.fetch_add(1, Relaxed);
                self.give_up(outbox, number, DropReason::MayHaveArrived);
                true
            }
            // That there is no token says nothing about the reply.
            Err(error) if may_pass_later(&error) || matches!(error, SendError::Token(_)) => {
                if matches!(&error, SendError::Refused(error) if breaker::is_ailing(error)) {
                    failures.fetch_add(1, Relaxed);
                }
                if !entry.deduplicates {
                    // It surely has not arrived: else a crash would leave a doubt where there is none.
                    outbox.mark(number, false);
                    let _ = outbox.save().await;
                }
                false
            }
            Err(_) => {
                self.give_up(outbox, number, DropReason::Refused);
                true
            }
        }
    }

    async fn attempt_kept(&self, entry: &Entry) -> (Result<Delivery, SendError>, bool) {
        let place = entry.place();
        let reply = Reply {
            key: entry.key.clone(),
            deduplicates: entry.deduplicates,
            is_replayed: true,
            is_kept: true,
        };
        let body = Arc::clone(&entry.body);
        let outgoing = Outgoing::new(self, &place, body, Some(reply), Some(Instant::now()));
        let result = outgoing.attempt().await;
        if let Err(error) = &result
            && let Some(asked) = error.retry_after()
        {
            self.push_back(&place, asked);
        }
        let has_effect = |error: &SendError| error.effect() != Effect::None;
        let is_in_doubt = outgoing.is_in_doubt() || result.as_ref().is_err_and(has_effect);
        (result, is_in_doubt)
    }

    async fn delivered(&self, outbox: &Outbox, number: Number, kept: &Kept, delivery: Delivery) {
        let scene = kept.entry.key.scene;
        outbox.remove(number);
        crate::observe::outbox_delivered(scene.as_str(), kept.kept_for());
        self.counters().ended(Some(scene), &Ok(delivery));
        // Elsewhere a crash before the next save does no harm: the platform recognises the reply.
        if !kept.entry.deduplicates {
            // Of a failure the state tells by itself, and tries again.
            let _ = outbox.save().await;
        }
    }

    fn give_up(&self, outbox: &Outbox, number: Number, reason: DropReason) {
        let Some(kept) = outbox.shelf().get(number).cloned() else {
            return;
        };
        outbox.remove(number);
        let scene = kept.entry.key.scene;
        crate::observe::outbox_dropped(scene.as_str(), reason.as_str(), kept.kept_for());
        if kept.entry.app_id == self.app_id() {
            self.counters().dropped(scene);
        }
        if let Some(monitor) = self.monitor() {
            monitor.record("outbox", reason.kind());
        }
        let hook = lock(&outbox.0.on_dropped).clone();
        if let Some(hook) = hook {
            let dropped = DroppedReply {
                kept_for: kept.kept_for(),
                key: kept.entry.key,
                reason,
            };
            let _ = catch_unwind(AssertUnwindSafe(|| hook(&dropped)));
        }
    }
}

impl Outbox {
    /// Says whether an attempt may have arrived, which the place would not recognise.
    fn mark(&self, number: Number, in_doubt: bool) {
        if let Some(kept) = self.shelf().get_mut(number) {
            kept.entry.in_doubt = in_doubt;
        }
        self.0.store.update(|saved| {
            if let Some(entry) = saved.entries.get_mut(&number) {
                entry.in_doubt = in_doubt;
            }
        });
    }
}

/// Whether a later attempt may succeed where one has failed so.
pub(in crate::botrs::send) fn may_pass_later(error: &SendError) -> bool {
    match error {
        // Refused by the breaker, the push-back or the shutdown.
        SendError::NotAttempted(_) => true,
        SendError::Token(error) => error.is_transient(),
        SendError::Refused(error) => {
            error.is_transient() || super::super::super::is_token_expired(error)
        }
        _ => false,
    }
}

/// Waits for news of the shards that find one connected.
async fn connects(status: &mut watch::Receiver<Vec<ShardStatus>>) {
    loop {
        if status.changed().await.is_err() {
            return std::future::pending().await;
        }
        let is_connected = |shard: &ShardStatus| shard.state == ShardState::Connected;
        if status.borrow_and_update().iter().any(is_connected) {
            return;
        }
    }
}
