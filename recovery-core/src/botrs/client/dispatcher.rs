//! The `botrs::Client` that turns events into calls of the handler.
//!
//! Only a client of botrs can make the `Context` that handlers get, and it makes one only where it also
//! starts a session manager. The one that it starts here hands over the channel for events, and no more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::botrs::models::api::GatewayResponse;
use ::botrs::models::gateway::GatewayEvent;
use ::botrs::session_manager::{ChanManager, SessionManager, set_session_manager_factory};
use ::botrs::{BotError, Client, Context, EventHandler, Intents, Token};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use tokio::time::sleep;

use super::pause::{Aim, pause};
use super::{Options, Unrecoverable};
use crate::botrs::Messenger;
use crate::botrs::gateway::Gate;
use crate::botrs::handler::{Forwarder, Lanes, run};
use crate::botrs::intake::{Intake, probe};
use crate::botrs::sync::lock;

/// The code of botrs's own check of the session allowance.
const SESSION_LIMIT: i32 = ::botrs::error::CODE_CONN_CLOSE_CANT_IDENTIFY;

/// What botrs allows a request for a token.
const TOKEN_LIMIT: Duration = Duration::from_secs(20);

/// While no session start is left.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

type Events = mpsc::UnboundedSender<GatewayEvent>;

tokio::task_local! {
    /// Where the session manager leaves the channel, of the client that is being started.
    static STARTING: Arc<Mutex<Option<oneshot::Sender<Events>>>>;
}

/// What the clients of one bot have in common.
pub(super) struct Dispatcher<H> {
    pub(super) token: Token,
    pub(super) intents: Intents,
    pub(super) is_sandbox: bool,
    pub(super) handler: Arc<H>,
    pub(super) intake: Arc<Intake>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) messenger: Messenger,
    pub(super) options: Options,
}

/// A running client; dropping it ends it.
pub(super) struct Running {
    task: JoinHandle<Result<(), BotError>>,
    events: Option<Events>,
}

/// Why a client did not start.
enum NotStarted {
    Failed(BotError),
    /// botrs asks for as many session starts as there are shards.
    NoSessionStarts,
    OtherManager,
}

impl<H: EventHandler + 'static> Dispatcher<H> {
    /// Starts a client with a token of its own, as often as it takes.
    pub(super) async fn start_patiently(
        &self,
        gate: &Gate,
        aim: Aim,
    ) -> Result<Running, Unrecoverable> {
        let mut failures = 0;
        loop {
            let error = match self.start().await {
                Ok(running) => return Ok(running),
                Err(NotStarted::OtherManager) => return Err(Unrecoverable::SessionManagerReplaced),
                Err(NotStarted::NoSessionStarts) => return Err(gate.spent(gate.shards())),
                Err(NotStarted::Failed(error)) => error,
            };
            // botrs says "authentication" of a token endpoint that is merely busy, too. Ours has just
            // given a token for the same credentials, so only the platform's own codes are final.
            if matches!(error, BotError::Api { .. })
                && let Some(cause) = Unrecoverable::of_api(&error)
            {
                return Err(cause);
            }
            failures += 1;
            pause(&self.options, aim, failures, &error).await?;
        }
    }

    /// The same while the bot is connected: that no session start is left will pass.
    pub(super) async fn start_again(&self, gate: &Gate) -> Result<Running, Unrecoverable> {
        loop {
            match self.start_patiently(gate, Aim::Renew).await {
                Err(Unrecoverable::SessionAllowanceSpent { .. }) => sleep(ASK_AGAIN_AFTER).await,
                ended => return ended,
            }
        }
    }

    /// The event at which botrs failed is not tried again.
    pub(super) fn give_up_culprit(&self) {
        if let Some(culprit) = self.intake.outlet.take_culprit() {
            let lane = culprit.conversation.clone();
            let handler = Arc::clone(&self.handler);
            let limit = self.options.limits.timeout;
            self.lanes.put(lane, run(handler, None, culprit, limit));
        }
    }

    /// Starts a client with a token of its own, and waits until it is ready for events.
    async fn start(&self) -> Result<Running, NotStarted> {
        let (probed, context) = oneshot::channel();
        let forwarder = Forwarder::new(
            Arc::clone(&self.handler),
            Arc::clone(&self.intake),
            Arc::clone(&self.lanes),
            self.options.limits,
            self.messenger.clone(),
            probed,
        );
        let token = Token::new(self.token.app_id(), self.token.secret());
        let timeout = self.options.request_timeout.as_secs().max(1);
        let mut client =
            Client::with_config(token, self.intents, forwarder, timeout, self.is_sandbox)
                .map_err(NotStarted::Failed)?;

        install();
        let (sender, mut channel) = oneshot::channel();
        let starting = Arc::new(Mutex::new(Some(sender)));
        let start = STARTING.scope(starting, async move { client.start().await });
        let mut running = Running {
            task: tokio::spawn(start),
            events: None,
        };
        let events = tokio::select! {
            biased;
            Ok(events) = &mut channel => events,
            ended = &mut running.task => return Err(not_started(ended)),
            // Every request of botrs has its time limit. If all were kept and the channel has not come,
            // somebody else's session manager has it.
            () = sleep(TOKEN_LIMIT + 3 * self.options.request_timeout) => {
                return Err(NotStarted::OtherManager);
            }
        };
        let _ = events.send(probe());
        let is_known = context.await.is_ok_and(|context| is_known(&context));
        if !is_known {
            // HTTP 200 with an error in its body, which botrs takes for an answer.
            let error = BotError::api(500, "the platform does not say who the bot is");
            return Err(NotStarted::Failed(error));
        }
        running.events = Some(events);
        Ok(running)
    }
}

impl Running {
    /// Lets the client have the events from now on.
    pub(super) fn open(&mut self, intake: &Intake) {
        if let Some(events) = self.events.take() {
            intake.outlet.open(events);
        }
    }

    /// Waits until the client has ended: when its channel is closed, or by a panic.
    pub(super) async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn not_started(ended: Result<Result<(), BotError>, tokio::task::JoinError>) -> NotStarted {
    match ended {
        Ok(Err(BotError::Sdk(error))) if error.code() == SESSION_LIMIT => {
            NotStarted::NoSessionStarts
        }
        Ok(Err(error)) => NotStarted::Failed(error),
        // It ended, or went on, without our session manager.
        Ok(Ok(())) => NotStarted::OtherManager,
        Err(_) => NotStarted::Failed(BotError::internal("botrs panicked while it connected")),
    }
}

fn is_known(context: &Context) -> bool {
    let bot = context.bot_info.as_ref();
    bot.is_some_and(|bot| !bot.id.is_empty())
}

/// Installs our session manager for the clients that are started here, and botrs's own for others.
fn install() {
    set_session_manager_factory(|| {
        STARTING
            .try_with(|starting| {
                Box::new(HandOver(Arc::clone(starting))) as Box<dyn SessionManager>
            })
            .unwrap_or_else(|_| Box::new(ChanManager::new()))
    });
}

/// A session manager that hands over the channel for events.
struct HandOver(Arc<Mutex<Option<oneshot::Sender<Events>>>>);

#[async_trait::async_trait]
impl SessionManager for HandOver {
    async fn start(
        &mut self,
        _: &GatewayResponse,
        _: Token,
        _: Intents,
        events: Events,
    ) -> ::botrs::Result<()> {
        if let Some(starting) = lock(&self.0).take() {
            let _ = starting.send(events);
        }
        Ok(())
    }
}
