//! One shard: connection after connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use super::connection::{LogIn, halted, run};
use super::ending::{Ended, Ending, Step};
use super::frame::Malformed;
use super::gate::{Gate, NoLeave};
use super::plan::{Course, Plan};
use super::status::{ShardState, StatusBoard};
use super::timing::GatewayTiming;
use crate::RetryConfig;
use crate::botrs::client::Unrecoverable;
use crate::botrs::feed::Feed;
use crate::botrs::intake::Intake;
use crate::botrs::journal::Journal;
use crate::botrs::token::{AccessToken, AccessTokens};
use crate::watch::{ConnectionHealth, DisconnectCause};

/// What one shard works with.
pub(crate) struct Shard {
    pub(crate) number: u32,
    pub(crate) shards: u32,
    pub(crate) intents: u32,
    pub(crate) policy: RetryConfig,
    pub(crate) timing: GatewayTiming,
    pub(crate) gate: Arc<Gate>,
    pub(crate) tokens: AccessTokens,
    pub(crate) intake: Arc<Intake>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) status: StatusBoard,
    pub(crate) feed: Feed,
    pub(crate) health: Option<ConnectionHealth>,
    /// Where the program asks the shard of this number, or all, for another connection.
    pub(crate) reconnects: broadcast::Sender<Option<u32>>,
    /// Tells the handler of frames that cannot be read, and calls back when it has been told.
    pub(crate) malformed: Box<dyn Fn(String, Told) + Send + Sync>,
    pub(crate) malformed_waiting: Arc<AtomicUsize>,
    /// How many of the shards need a session start when none is left.
    pub(crate) spent: Arc<AtomicU32>,
}

pub(crate) type Told = Box<dyn FnOnce() + Send>;

/// Where no session start is left, but other shards need none: how soon it is asked again.
const SPENT_PAUSE: Duration = Duration::from_secs(60);

/// How many reports of frames that cannot be read may wait for the handler.
const MALFORMED_WAITING: usize = 64;

impl Shard {
    /// Connects, and connects again, until it is stopped or nothing helps.
    pub(crate) async fn keep_connected(
        self,
        mut halt: watch::Receiver<bool>,
    ) -> Result<(), Unrecoverable> {
        // However this ends, by a drop too, the shard is stopped.
        let _over = Over(&self);
        let mut course = Course::new(self.policy.clone(), self.timing.clone());
        let mut step = Step::Resume;
        let mut used = None;
        loop {
            self.status.set(self.number, ShardState::Connecting);
            self.tell(ConnectionHealth::connecting);
            let ended = match self.connect(step, &mut used, &mut halt).await {
                Attempt::Stopped => return Ok(()),
                Attempt::Ended(ended) => {
                    self.note(&ended);
                    ended
                }
                Attempt::Spent(cause) => {
                    // What can be resumed goes on meanwhile.
                    if self.spent.fetch_add(1, Relaxed) + 1 >= self.shards {
                        return Err(cause);
                    }
                    let cause = DisconnectCause::named("starts_spent", &cause);
                    self.tell(|health| health.disconnected(cause.clone()));
                    self.waits(cause);
                    self.gate.distrust();
                    if !self.wait(SPENT_PAUSE, &mut halt).await {
                        return Ok(());
                    }
                    self.spent.fetch_sub(1, Relaxed);
                    continue;
                }
            };
            match course.plan(&ended) {
                Plan::Stop(cause) => return Err(cause),
                Plan::Connect {
                    step: next,
                    mut after,
                    renew_token,
                    look_up,
                    spread,
                } => {
                    if spread {
                        after = after.max(self.gate.pace());
                    }
                    if renew_token && let Some(token) = &used {
                        self.tokens.invalidate(token);
                    }
                    if look_up {
                        self.gate.distrust();
                    }
                    step = next;
                    self.told_of(&ended, next, after);
                    if !self.wait(after, &mut halt).await {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// One attempt, with all that it needs.
    async fn connect(
        &self,
        step: Step,
        used: &mut Option<AccessToken>,
        halt: &mut watch::Receiver<bool>,
    ) -> Attempt {
        let session = match step {
            Step::Resume => self.intake.session(self.number),
            Step::Identify => None,
        };
        let step = match session {
            Some(_) => Step::Resume,
            None => Step::Identify,
        };
        let prepare = async {
            let _ = self.gate.refresh().await;
            let log_in = match session {
                // It needs no more than the address, of which the last one is known.
                Some((session, sequence)) => LogIn::Resume { session, sequence },
                // Which reads the answer again itself, if that has failed.
                None => match self.gate.leave().await {
                    Ok(leave) => LogIn::Identify(leave),
                    Err(NoLeave::Spent(cause)) => return Ok(Err(cause)),
                    Err(NoLeave::LookUp(how)) => return Err(how),
                },
            };
            let token = self.tokens.get().await.map_err(Ending::Token)?;
            Ok(Ok((log_in, token)))
        };
        let prepared = tokio::select! {
            biased;
            () = halted(halt) => return Attempt::Stopped,
            prepared = prepare => prepared,
        };
        let (log_in, token) = match prepared {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(cause)) => return Attempt::Spent(cause),
            Err(how) => {
                return Attempt::Ended(Ended {
                    how,
                    step,
                    spoke: false,
                    progressed: false,
                    lived: None,
                });
            }
        };
        let authorization = token.authorization_header();
        *used = Some(token);
        match run(self, &self.gate.url(), &authorization, log_in, halt).await {
            Some(ended) => Attempt::Ended(ended),
            None => Attempt::Stopped,
        }
    }

    /// Waits; false if it was stopped.
    async fn wait(&self, after: Duration, halt: &mut watch::Receiver<bool>) -> bool {
        tokio::select! {
            biased;
            () = halted(halt) => false,
            () = tokio::time::sleep(after) => true,
        }
    }

    /// `[number, number of all]`, as IDENTIFY has it.
    pub(super) fn number_of(&self) -> [u32; 2] {
        [self.number, self.shards]
    }

    pub(super) fn session_begins(&self, session: &str, sequence: u64) {
        self.intake.session_begins(self.number, session, sequence);
        self.journal.session_begins(
            self.number,
            session,
            self.shards,
            self.intents,
            sequence.saturating_sub(1),
        );
        self.connected(false);
    }

    pub(super) fn resumed(&self) {
        self.connected(true);
    }

    fn connected(&self, resumed: bool) {
        self.status.set(self.number, ShardState::Connected);
        self.tell(ConnectionHealth::connected);
        self.feed.counts.connected(resumed);
        crate::observe::gateway_connected(self.number, resumed);
    }

    /// Tells the health checker, if there is one.
    pub(super) fn tell(&self, what: impl FnOnce(&ConnectionHealth)) {
        if let Some(health) = &self.health {
            what(health);
        }
    }

    /// A connection has ended, whatever follows.
    fn note(&self, ended: &Ended) {
        self.feed.counts.disconnected();
        self.tell(|health| health.disconnected(ended.how.cause()));
        let operation = match ended.lived {
            Some(_) => "gateway",
            None => "gateway.connect",
        };
        let is_failure = match ended.how {
            Ending::Asked => false,
            _ => ended.lived.is_none() || !ended.how.is_planned(),
        };
        if is_failure {
            self.feed.failed(operation, ended.how.kind(), &ended.how);
        }
    }

    fn told_of(&self, ended: &Ended, next: Step, after: Duration) {
        self.waits(ended.how.cause());
        let resume = next == Step::Resume;
        crate::observe::gateway_disconnected(
            self.number,
            ended.how.as_str(),
            &ended.how,
            resume,
            after,
        );
    }

    fn waits(&self, cause: DisconnectCause) {
        self.status.set(self.number, ShardState::Waiting { cause });
    }

    /// Tells the handler of a frame that cannot be read, unless too many of these wait already.
    pub(super) fn malformed(&self, reason: &Malformed) {
        self.feed.malformed(reason);
        let waiting = Arc::clone(&self.malformed_waiting);
        if waiting.fetch_add(1, Relaxed) >= MALFORMED_WAITING {
            waiting.fetch_sub(1, Relaxed);
            return;
        }
        let message = format!("a frame of the gateway is not understood: {reason}");
        let told = Box::new(move || {
            waiting.fetch_sub(1, Relaxed);
        });
        (self.malformed)(message, told);
    }
}

/// What came of one attempt.
enum Attempt {
    Stopped,
    Ended(Ended),
    /// No session start is left.
    Spent(Unrecoverable),
}

struct Over<'a>(&'a Shard);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.status.set(self.0.number, ShardState::Stopped);
        self.0.tell(ConnectionHealth::removed);
        crate::observe::gateway_stopped(self.0.number);
    }
}
