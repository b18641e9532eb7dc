//! Begins, watches and ends all that a client consists of.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize};
use std::time::Duration;

use ::botrs::{BotError, EventHandler, Intents, Token};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::dispatcher::{Dispatcher, Running};
use super::pause::{Aim, pause};
use super::{Options, Unrecoverable};
use crate::botrs::Messenger;
use crate::botrs::feed::Feed;
use crate::botrs::gateway::{Gate, LookUpError, Shard, StatusBoard, Told, halted};
use crate::botrs::handler::{Lanes, report};
use crate::botrs::intake::Intake;
use crate::botrs::journal::Journal;

/// For handlers that are cut off to notice it.
const ABORT_WITHIN: Duration = Duration::from_secs(1);
/// For what has changed in the outbox since its last save; what is kept was on the disk at once.
const SAVE_WITHIN: Duration = Duration::from_secs(2);

/// What a client is made of.
pub(super) struct Supervisor<H> {
    pub(super) token: Token,
    pub(super) intents: Intents,
    pub(super) handler: Arc<H>,
    pub(super) is_sandbox: bool,
    pub(super) messenger: Messenger,
    pub(super) journal: Arc<Journal>,
    pub(super) options: Options,
    pub(super) status: StatusBoard,
    pub(super) reconnects: broadcast::Sender<Option<u32>>,
}

/// The client of botrs, and the one that is being started in its place.
struct Clients<H> {
    dispatcher: Arc<Dispatcher<H>>,
    gate: Arc<Gate>,
    running: Running,
    is_alive: bool,
    renewal: JoinSet<Result<Running, Unrecoverable>>,
}

/// What woke the supervisor.
enum Woken {
    Stop,
    ShardEnded(Result<(), Unrecoverable>),
    ClientEnded,
    TokenRefused,
    Renewed(Result<Running, Unrecoverable>),
}

impl<H: EventHandler + 'static> Supervisor<H> {
    /// Runs the client, and watches over its health meanwhile.
    pub(super) async fn run(self, stop: &mut watch::Receiver<bool>) -> Result<(), Unrecoverable> {
        let feed = &self.options.feed;
        feed.begins();
        let _over = NoneWanted(feed);
        tokio::select! {
            biased;
            ended = self.live(stop) => ended,
            never = feed.monitoring() => match never {},
            never = self.watch_journal() => match never {},
        }
    }

    async fn live(&self, stop: &mut watch::Receiver<bool>) -> Result<(), Unrecoverable> {
        let intake = Arc::new(Intake::new(
            Arc::clone(&self.journal),
            self.options.in_hand,
            self.options.feed.clone(),
        ));
        // Whatever becomes of this future, no event keeps the rest alive.
        let _abandoned = Abandon(&intake);
        let _shut_down = Reopen(&self.messenger);
        let lanes = Arc::new(Lanes::new(self.options.limits.width));
        let dispatcher = Arc::new(Dispatcher {
            token: self.token.clone(),
            intents: self.intents,
            is_sandbox: self.is_sandbox,
            handler: Arc::clone(&self.handler),
            intake: Arc::clone(&intake),
            lanes: Arc::clone(&lanes),
            messenger: self.messenger.clone(),
            options: self.options.clone(),
        });
        let mut clients = tokio::select! {
            biased;
            () = halted(stop) => return Ok(()),
            begun = self.begin(dispatcher) => begun?,
        };
        let mut draining = JoinSet::new();
        draining.spawn(self.messenger.clone().keep_draining(self.status.watch()));
        let ended = loop {
            let (halt, _) = watch::channel(false);
            let count = clients.gate.shards();
            let shards = self.start_shards(count, &clients.gate, &intake, &lanes, &halt);
            match watch_over(shards, &mut clients, &halt, stop).await {
                Err(Unrecoverable::ShardSettings { code }) if !*stop.borrow() => {
                    // The platform may have come to want another number of shards.
                    self.options.feed.begins();
                    let asked = tokio::select! {
                        biased;
                        () = halted(stop) => break Ok(()),
                        asked = self.ask_again(&clients.gate) => asked,
                    };
                    match asked {
                        Ok(()) if clients.gate.shards() != count => {}
                        Ok(()) => break Err(Unrecoverable::ShardSettings { code }),
                        Err(cause) => break Err(cause),
                    }
                }
                ended => break ended,
            }
        };
        self.messenger.begin_shutdown();
        let drained = async {
            clients.finish().await;
            intake.drained().await;
            self.messenger.outbox_settled().await;
        };
        if timeout(self.options.drain, drained).await.is_err() {
            crate::observe::drain_cut_short(intake.in_hand(), self.options.drain);
        }
        // A handler that blocks its thread cannot be ended, and is not waited for.
        let _ = timeout(ABORT_WITHIN, lanes.abort()).await;
        self.messenger.save_outbox(SAVE_WITHIN).await;
        ended
    }

    /// Tells of the journal's failures, outside its lock.
    async fn watch_journal(&self) -> Infallible {
        let mut changes = self.journal.failure();
        loop {
            let failure = changes.borrow_and_update().clone();
            self.options.feed.journal(failure.as_ref());
            changes.changed().await.expect("the journal is ours");
        }
    }

    /// Finds the gateway, and starts a client of botrs.
    async fn begin(&self, dispatcher: Arc<Dispatcher<H>>) -> Result<Clients<H>, Unrecoverable> {
        let gate = Arc::new(self.open_gate().await?);
        let mut running = dispatcher.start_patiently(&gate, Aim::Begin).await?;
        running.open(&dispatcher.intake);
        Ok(Clients {
            dispatcher,
            gate,
            running,
            is_alive: true,
            renewal: JoinSet::new(),
        })
    }

    /// Reads again what the gateway wants, as often as it takes.
    async fn ask_again(&self, gate: &Gate) -> Result<(), Unrecoverable> {
        gate.distrust();
        let mut failures = 0;
        while let Err(error) = gate.refresh().await {
            if let Some(cause) = cause_of(&error) {
                return Err(cause);
            }
            failures += 1;
            pause(&self.options, Aim::Begin, failures, &error).await?;
        }
        Ok(())
    }

    /// Reads where the gateway is, as often as it takes.
    async fn open_gate(&self) -> Result<Gate, Unrecoverable> {
        let mut failures = 0;
        loop {
            let api = self.messenger.api().clone();
            let tokens = self.messenger.tokens().clone();
            let window = self.options.timing.identify_window;
            let journal = Arc::clone(&self.journal);
            let error = match Gate::open(api, tokens, journal, window).await {
                Ok(gate) => return Ok(gate),
                Err(error) => error,
            };
            if let Some(cause) = cause_of(&error) {
                return Err(cause);
            }
            failures += 1;
            pause(&self.options, Aim::Begin, failures, &error).await?;
        }
    }

    fn start_shards(
        &self,
        count: u32,
        gate: &Arc<Gate>,
        intake: &Arc<Intake>,
        lanes: &Arc<Lanes>,
        halt: &watch::Sender<bool>,
    ) -> JoinSet<Result<(), Unrecoverable>> {
        let intents = self.intents.bits();
        intake.take_up_sessions(count, intents);
        self.status.begin(count);
        let malformed_waiting = Arc::new(AtomicUsize::new(0));
        let spent = Arc::new(AtomicU32::new(0));
        let mut shards = JoinSet::new();
        for number in 0..count {
            let shard = Shard {
                number,
                shards: count,
                intents,
                policy: self.options.policy.clone(),
                timing: self.options.timing.clone(),
                gate: Arc::clone(gate),
                tokens: self.messenger.tokens().clone(),
                intake: Arc::clone(intake),
                journal: Arc::clone(&self.journal),
                status: self.status.clone(),
                feed: self.options.feed.clone(),
                health: self.options.feed.connection(number),
                reconnects: self.reconnects.clone(),
                malformed: self.teller_of_malformed_frames(lanes),
                malformed_waiting: Arc::clone(&malformed_waiting),
                spent: Arc::clone(&spent),
            };
            shards.spawn(shard.keep_connected(halt.subscribe()));
        }
        shards
    }

    fn teller_of_malformed_frames(
        &self,
        lanes: &Arc<Lanes>,
    ) -> Box<dyn Fn(String, Told) + Send + Sync> {
        let (handler, lanes) = (Arc::clone(&self.handler), Arc::downgrade(lanes));
        let limit = self.options.limits.timeout;
        Box::new(move |message, told| {
            let Some(lanes) = lanes.upgrade() else { return };
            let handler = Arc::clone(&handler);
            let error = BotError::InvalidData(message);
            lanes.put("malformed frames".to_owned(), async move {
                report(&handler, error, limit).await;
                told();
            });
        })
    }
}

fn cause_of(error: &LookUpError) -> Option<Unrecoverable> {
    match error {
        LookUpError::Token(error) => Unrecoverable::of_token(error),
        LookUpError::Api(error) => Unrecoverable::of_api(error),
    }
}

/// Until all shards have ended; returns why.
async fn watch_over<H: EventHandler + 'static>(
    mut shards: JoinSet<Result<(), Unrecoverable>>,
    clients: &mut Clients<H>,
    halt: &watch::Sender<bool>,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), Unrecoverable> {
    let mut refusals = clients.dispatcher.messenger.tokens().refusals();
    let mut outcome = Ok(());
    loop {
        let is_halting = *halt.borrow();
        let is_renewing = !clients.renewal.is_empty();
        let woken = tokio::select! {
            biased;
            ended = shards.join_next() => match ended {
                None => return outcome,
                Some(Ok(ended)) => Woken::ShardEnded(ended),
                Some(Err(_)) => Woken::ShardEnded(Err(Unrecoverable::ShardFailed)),
            },
            () = halted(stop), if !is_halting => Woken::Stop,
            Some(renewed) = clients.renewal.join_next(), if is_renewing => {
                Woken::Renewed(renewed.unwrap_or(Err(Unrecoverable::ShardFailed)))
            }
            () = clients.running.ended(), if clients.is_alive => Woken::ClientEnded,
            Ok(()) = refusals.changed(), if !is_renewing => Woken::TokenRefused,
        };
        let failed = match woken {
            Woken::Stop => {
                clients.dispatcher.messenger.begin_shutdown();
                Ok(())
            }
            Woken::ShardEnded(ended) => ended,
            Woken::ClientEnded => {
                clients.lost();
                continue;
            }
            Woken::TokenRefused => {
                clients.renew();
                continue;
            }
            Woken::Renewed(Ok(next)) => {
                clients.replace(next).await;
                continue;
            }
            // The old one does its work still, only that its handlers' contexts have an old token.
            Woken::Renewed(Err(_)) if clients.is_alive => continue,
            Woken::Renewed(Err(cause)) => Err(cause),
        };
        if outcome.is_ok() {
            outcome = failed;
        }
        halt.send_replace(true);
    }
}

impl<H: EventHandler + 'static> Clients<H> {
    /// Starts another client, with a token of its own.
    fn renew(&mut self) {
        let (dispatcher, gate) = (Arc::clone(&self.dispatcher), Arc::clone(&self.gate));
        self.renewal
            .spawn(async move { dispatcher.start_again(&gate).await });
    }

    /// The client has failed, at an event that botrs cannot bear. The others go on behind it.
    fn lost(&mut self) {
        self.is_alive = false;
        self.dispatcher.give_up_culprit();
        if self.renewal.is_empty() {
            self.renew();
        }
    }

    /// What the client before has got it finishes first, so that the order is kept.
    async fn replace(&mut self, next: Running) {
        self.dispatcher.intake.outlet.close();
        if self.is_alive {
            self.running.ended().await;
        }
        self.running = next;
        self.running.open(&self.dispatcher.intake);
        self.is_alive = true;
    }

    /// Lets the client come to the end of what it has. One that has failed is waited for.
    async fn finish(&mut self) {
        if !self.is_alive
            && let Some(Ok(Ok(next))) = self.renewal.join_next().await
        {
            self.replace(next).await;
        }
        self.dispatcher.intake.outlet.close();
        if self.is_alive {
            self.running.ended().await;
        }
        // Without a client, what waits is given back: a later process gets it again.
        self.dispatcher.intake.outlet.abandon();
    }
}

/// Lets the messenger work as before, when it is dropped: others may use it after the client, and the client
/// may be started again.
struct Reopen<'a>(&'a Messenger);

impl Drop for Reopen<'_> {
    fn drop(&mut self) {
        self.0.undo_shutdown();
    }
}

/// Gives up what still waits, when it is dropped.
struct Abandon<'a>(&'a Intake);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.outlet.abandon();
    }
}

/// When the client has ended, no connection is wanted.
struct NoneWanted<'a>(&'a Feed);

impl Drop for NoneWanted<'_> {
    fn drop(&mut self) {
        if let Some(first) = self.0.connection(0) {
            first.removed();
        }
    }
}
