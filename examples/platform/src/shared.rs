//! What every connection of a platform shares.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    allowance::StartRules,
    door::Door,
    event::{Dispatch, EventId, UserMessage},
    fault::{Endpoint, Fault},
    forced::{Forced, GatewayFault, TokenFault},
    ledger::Ledger,
    mix::{SplitMix, fnv1a},
    options::PlatformOptions,
    plan::CallKey,
    session::{Seat, SessionRules, Sessions},
    sync::lock,
    token::{Credentials, TokenOffice},
};

/// The state of a platform.
pub(crate) struct Core {
    pub(crate) options: PlatformOptions,
    pub(crate) address: SocketAddr,
    pub(crate) door: Door,
    pub(crate) ledger: Ledger,
    pub(crate) tokens: TokenOffice,
    pub(crate) sessions: Sessions,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// How many shards `/gateway/bot` asks for.
    pub(crate) shards: AtomicU32,
    /// For sends.
    pub(crate) forced: Forced<Fault>,
    /// For the other calls, by their endpoint.
    pub(crate) forced_calls: Mutex<HashMap<Endpoint, VecDeque<Fault>>>,
    pub(crate) forced_gateway: Forced<GatewayFault>,
    pub(crate) forced_token: Forced<TokenFault>,
    /// The close code that every bot gets while it is set.
    pub(crate) ban: Mutex<Option<u16>>,
    earlier: Mutex<HashMap<String, u64>>,
    /// What was said, by message id. Its lock also keeps numbers, ledger and gateway in one order.
    said: Mutex<HashMap<String, Said>>,
    composed: AtomicU64,
}

/// A message of a user, as it was dispatched.
#[derive(Clone)]
struct Said {
    bot: usize,
    dispatch: Arc<Dispatch>,
}

/// What the plan has in store for one call.
pub(crate) struct Fate {
    pub(crate) fault: Option<Fault>,
    /// Belongs to this call alone; the same in every run with the same seed.
    pub(crate) unique: u64,
}

impl Core {
    pub(crate) fn new(
        options: PlatformOptions,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Self {
        let rules = SessionRules {
            seed: options.faults.seed,
            capacity: options.replay_capacity.max(1),
            rewind: options.rewind_on_resume,
            starts: StartRules {
                starts: options.session_starts,
                reset_after: options.session_reset_after,
                max_concurrency: options.max_concurrency,
                enforce_concurrency: options.enforce_concurrency,
            },
        };
        Self {
            door: Door::new(listener, address),
            ledger: Ledger::new(),
            tokens: TokenOffice::new(options.token_lifetime),
            sessions: Sessions::new(rules),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            shards: AtomicU32::new(options.shards),
            forced: Forced::new(),
            forced_calls: Mutex::default(),
            forced_gateway: Forced::new(),
            forced_token: Forced::new(),
            ban: Mutex::default(),
            earlier: Mutex::default(),
            said: Mutex::default(),
            composed: AtomicU64::new(0),
            address,
            options,
        }
    }

    /// Runs a task that ends with the platform at the latest.
    pub(crate) fn spawn_until_shutdown(
        self: &Arc<Self>,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> tokio::task::JoinHandle<()> {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = task => {}
            }
        })
    }

    /// Every bot that the platform knows; the first is the one of
    /// [`credentials`](PlatformOptions::credentials).
    pub(crate) fn bots(&self) -> impl Iterator<Item = &Credentials> {
        let options = &self.options;
        std::iter::once(&options.credentials).chain(&options.other_bots)
    }

    pub(crate) fn app_id(&self, bot: usize) -> &str {
        self.bots().nth(bot).map_or("", Credentials::app_id)
    }

    /// The place of the bot with this app id.
    pub(crate) fn bot_named(&self, app_id: &str) -> Option<usize> {
        self.bots().position(|bot| bot.app_id() == app_id)
    }

    /// Lets a user say something to a bot: `compose` makes it of its number in the run.
    pub(crate) fn say(&self, bot: usize, compose: impl FnOnce(u64) -> UserMessage) -> EventId {
        let mut said = lock(&self.said);
        let message = compose(self.composed.fetch_add(1, Ordering::Relaxed) + 1);
        let id = EventId(message.msg_id.clone());
        self.ledger.event_sent(self.app_id(bot), &message);
        let dispatch = Arc::new(message.dispatch);
        let copy = Said {
            bot,
            dispatch: Arc::clone(&dispatch),
        };
        said.insert(id.0.clone(), copy);
        self.dispatch(bot, dispatch);
        id
    }

    /// Dispatches a message once more; `false` if nobody said it.
    pub(crate) fn say_again(&self, id: &EventId) -> bool {
        let said = lock(&self.said);
        let Some(Said { bot, dispatch }) = said.get(id.as_str()).cloned() else {
            return false;
        };
        self.dispatch(bot, dispatch);
        true
    }

    /// Sends an event to the shard that it belongs to.
    pub(crate) fn dispatch(&self, bot: usize, dispatch: Arc<Dispatch>) {
        let shards = u64::from(self.shards.load(Ordering::Relaxed).max(1));
        let shard = dispatch.guild().map_or(0, |guild| (guild >> 22) % shards);
        let seat = Seat {
            bot,
            shard: u32::try_from(shard).unwrap_or_default(),
        };
        self.sessions.push(seat, dispatch);
    }

    /// Asks the queue of forced faults, and then the plan.
    pub(crate) fn fate(&self, endpoint: Endpoint, method: &str, path: &str, msg_id: &str) -> Fate {
        let earlier = {
            let mut counts = lock(&self.earlier);
            let count = counts
                .entry(format!("{method} {path} {msg_id}"))
                .or_default();
            *count += 1;
            *count - 1
        };
        let plan = &self.options.faults;
        let forced = match endpoint {
            Endpoint::Send(_) => self.forced.take(),
            other => lock(&self.forced_calls)
                .get_mut(&other)
                .and_then(VecDeque::pop_front),
        };
        let spared = spares(&self.options, endpoint) && self.ledger.identifies() == 0;
        let fault = forced.or_else(|| {
            if spared {
                return None;
            }
            let call = CallKey {
                method,
                path,
                msg_id,
                earlier,
            };
            plan.draw(endpoint, call)
        });
        let label = fnv1a(&["call", method, path, msg_id]) ^ earlier.rotate_left(32);
        Fate {
            fault,
            unique: SplitMix::new(plan.seed, label).next(),
        }
    }
}

/// Whether a call to this endpoint is spared while no session has begun.
fn spares(options: &PlatformOptions, endpoint: Endpoint) -> bool {
    options.spare_connecting && !matches!(endpoint, Endpoint::Send(_))
}
