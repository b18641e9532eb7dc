//! The bot of the gateway tests: a process of its own, that can be killed, and that leaks what it leaks.
//!
//! With `--plain` it is an unmodified `botrs::Client`; else a `ResilientBotClient`. It does what messages
//! ask for, and tells on standard output, a JSON object a line, what its handler sees.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use botrs::models::api::GatewayResponse;
use botrs::models::gateway::GatewayEvent;
use botrs::models::message::DirectMessageParams;
use botrs::session_manager::SessionManager;
use botrs::{
    BotApi, BotError, C2CMessage, Client, Context, EventHandler, GroupMessage, Intents, Message,
    MessageAudit, Ready, Token,
};
use clap::Parser;
use recovery_core::botrs::{
    BotState, ClientHandle, Delivery, GatewayTiming, Hosts, Messenger, Outbox, ReplyTarget,
    ResilientBotClient,
};
use recovery_core::state::{JsonFile, SaveStatus, StatePersistence};
use recovery_core::status::{Status, StatusServer};
use recovery_core::watch::{ErrorMonitor, HealthChecker, HealthThresholds};
use recovery_core::{CircuitBreaker, Jitter, RetryConfig};
use serde_json::{Value, json};
use tokio::sync::watch;

/// A bot that is tested.
#[derive(Debug, Parser)]
struct Options {
    /// Use botrs's own client.
    #[arg(long)]
    plain: bool,
    /// Tell only of the beginning and the end.
    #[arg(long)]
    quiet: bool,
    /// Remember in this folder.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Keep the replies that cannot be delivered in a file of this folder.
    #[arg(long)]
    outbox: Option<PathBuf>,
    /// Further bots in this process: `app-id:secret`.
    #[arg(long)]
    also: Vec<String>,
    /// A further bot in this process, on botrs's own client.
    #[arg(long)]
    also_plain: Option<String>,
    /// Install a session manager that fails at once.
    #[arg(long)]
    failing_manager: bool,
    /// Drop the running client after so long, and go on living.
    #[arg(long, value_parser = millis)]
    drop_after: Option<Duration>,
    #[arg(long, value_parser = millis)]
    handler_timeout: Option<Duration>,
    #[arg(long, value_parser = millis, default_value = "100")]
    initial: Duration,
    #[arg(long, value_parser = millis, default_value = "1000")]
    max_delay: Duration,
    #[arg(long)]
    max_attempts: Option<u32>,
    #[arg(long, value_parser = millis, default_value = "2000")]
    hello: Duration,
    #[arg(long, value_parser = millis, default_value = "2000")]
    connect: Duration,
    #[arg(long, value_parser = millis, default_value = "2000")]
    log_in: Duration,
    #[arg(long, value_parser = millis, default_value = "1000")]
    after_too_fast: Duration,
    #[arg(long, value_parser = millis, default_value = "300")]
    after_invalid: Duration,
    #[arg(long, value_parser = millis, default_value = "30000")]
    stable_after: Duration,
    #[arg(long, value_parser = millis, default_value = "200")]
    identify_window: Duration,
    #[arg(long)]
    events_in_hand: Option<u32>,
    /// How long handlers may go on after a stop.
    #[arg(long, value_parser = millis)]
    drain: Option<Duration>,
    /// After a stop, start the same client again, until it has lived so often.
    #[arg(long, default_value = "1")]
    lives: u32,
    /// Watch the bot's health, with this limit for heartbeats, and tell each change.
    #[arg(long, value_parser = millis)]
    heartbeat_timeout: Option<Duration>,
    /// Show the bot's status here.
    #[arg(long)]
    status: Option<SocketAddr>,
}

fn millis(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let options = Arc::new(Options::parse());
    QUIET.store(options.quiet, Ordering::Relaxed);
    if options.failing_manager {
        botrs::session_manager::set_session_manager_factory(|| Box::new(FailingManager));
    }
    let token = |text: &String| {
        let (app_id, secret) = text.split_once(':').expect("app-id:secret");
        Token::new(app_id, secret)
    };
    let mut bots = tokio::task::JoinSet::new();
    bots.spawn(live(
        Arc::clone(&options),
        Token::from_env().expect("credentials"),
    ));
    for also in &options.also {
        bots.spawn(live(Arc::clone(&options), token(also)));
    }
    if let Some(also) = &options.also_plain {
        bots.spawn(plain_life(token(also)));
    }
    while let Some(ended) = bots.join_next().await {
        if ended.is_err() {
            // A program of which one task has panicked lives on.
            tell(&json!({"panicked": true}));
            std::future::pending::<()>().await;
        }
    }
}

/// A session manager that cannot begin.
struct FailingManager;

#[async_trait::async_trait]
impl SessionManager for FailingManager {
    async fn start(
        &mut self,
        _: &GatewayResponse,
        _: Token,
        _: Intents,
        _: tokio::sync::mpsc::UnboundedSender<GatewayEvent>,
    ) -> botrs::Result<()> {
        Err(BotError::session("as asked"))
    }
}

async fn plain_life(token: Token) {
    let app_id = token.app_id().to_owned();
    let ended = plain(token).await;
    tell(&json!({"ended": ended.err().unwrap_or_else(|| "well".to_owned()), "app": app_id}));
}

async fn live(options: Arc<Options>, token: Token) {
    let app_id = token.app_id().to_owned();
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let life = async {
        if options.plain {
            plain(token).await
        } else {
            resilient(&options, token).await
        }
    };
    let ended = match options.drop_after {
        None => life.await,
        Some(limit) => {
            let Ok(ended) = tokio::time::timeout(limit, life).await else {
                tell(&json!({"dropped": app_id}));
                // Those that were ended need a moment to be gone.
                tokio::time::sleep(Duration::from_secs(1)).await;
                tell(&json!({"tasks_left": tasks().saturating_sub(before)}));
                return std::future::pending().await;
            };
            ended
        }
    };
    tell(&json!({"ended": ended.err().unwrap_or_else(|| "well".to_owned()), "app": app_id}));
}

fn intents() -> Intents {
    Intents::default()
}

async fn plain(token: Token) -> Result<(), String> {
    let handler = Probe { messenger: None };
    let mut client =
        Client::with_config(token, intents(), handler, 5, false).map_err(|e| e.to_string())?;
    client.start().await.map_err(|error| error.to_string())
}

async fn resilient(options: &Options, token: Token) -> Result<(), String> {
    let mut messenger = Messenger::new(&token, Hosts::production()).expect("an HTTP client");
    let mut status = Status::builder("probe bot").version(env!("CARGO_PKG_VERSION"));
    if let Some(folder) = &options.outbox {
        let outbox = Outbox::open(folder.join("outbox.json")).await;
        let outbox = outbox.map_err(|error| error.to_string())?;
        let outbox = outbox.on_dropped(|dropped| {
            tell(&json!({"dropped_reply": dropped.key.msg_id, "reason": dropped.reason.as_str()}));
        });
        let breaker = CircuitBreaker::builder()
            .window(10)
            .minimum_calls(5)
            .open_for(Duration::from_secs(1));
        let breaker = Arc::new(breaker.build().expect("a valid breaker"));
        status = status.breaker("platform", Arc::clone(&breaker));
        messenger = messenger.with_outbox(outbox).with_breaker(breaker);
        if options.status.is_some() {
            let saves = keep_state(folder.join("bot.json")).await?;
            status = status.saves(move || *saves.borrow());
        }
    }
    let handler = Probe {
        messenger: Some(messenger.clone()),
    };
    let mut policy = RetryConfig::builder()
        .unlimited()
        .initial_delay(options.initial)
        .max_delay(options.max_delay)
        .jitter(Jitter::Full);
    if let Some(attempts) = options.max_attempts {
        policy = policy.max_attempts(attempts);
    }
    let timing = GatewayTiming {
        connect: options.connect,
        hello: options.hello,
        log_in: options.log_in,
        after_too_fast: options.after_too_fast,
        after_invalid: options.after_invalid,
        stable_after: options.stable_after,
        identify_window: options.identify_window,
        ..GatewayTiming::default()
    };
    let mut client = ResilientBotClient::new(token, intents(), handler, false)
        .map_err(|error| error.to_string())?
        .with_messenger(messenger.clone())
        .map_err(|error| error.to_string())?
        .with_retry(policy.build().expect("a valid policy"))
        .with_timing(timing);
    if let Some(limit) = options.handler_timeout {
        client = client.with_handler_timeout(limit);
    }
    if let Some(limit) = options.drain {
        client = client.with_drain(limit);
    }
    if let Some(events) = options.events_in_hand {
        client = client.with_events_in_hand(events);
    }
    let mut beside = tokio::task::JoinSet::new();
    if options.heartbeat_timeout.is_some() || options.status.is_some() {
        let (checker, monitor) = watchers(options);
        let _ = MONITOR.set(monitor.clone());
        client = client
            .with_health(checker.clone())
            .with_monitor(monitor.clone());
        beside.spawn(tell_health(checker.clone()));
        status = status.health(checker).errors(monitor);
    }
    if let Some(address) = options.status {
        let server = StatusServer::bind(address).await;
        let server = server.map_err(|error| error.to_string())?;
        tell(&json!({"status_page": server.local_addr().to_string()}));
        let status = status.client(client.handle()).messenger(messenger).build();
        beside.spawn(async move {
            let _ = server.serve(status, std::future::pending()).await;
        });
    }
    if let Some(folder) = &options.state {
        client = client
            .remember_in(folder)
            .map_err(|error| error.to_string())?;
    }
    live_through(client, options.lives).await
}

/// Starts the client so often, each time that it was stopped, and tells how its shards are.
async fn live_through(mut client: ResilientBotClient<Probe>, lives: u32) -> Result<(), String> {
    let handle = client.handle();
    let mut status = handle.status();
    let _ = HANDLE.set(handle.clone());
    let mut beside = tokio::task::JoinSet::new();
    beside.spawn(async move {
        while status.changed().await.is_ok() {
            let shards: Vec<String> = status
                .borrow_and_update()
                .iter()
                .map(|shard| format!("{:?}", shard.state))
                .collect();
            tell(&json!({"status": shards}));
        }
    });
    beside.spawn(async move {
        loop {
            asked_to_end().await;
            handle.stop();
        }
    });
    for life in 1..=lives {
        let ended = client.start_with_recovery().await;
        ended.map_err(|error| format!("{error:?}"))?;
        tell(&json!({"stopped": life}));
    }
    Ok(())
}

async fn keep_state(path: PathBuf) -> Result<watch::Receiver<SaveStatus>, String> {
    let state = StatePersistence::builder(JsonFile::new(path)).open().await;
    let state = state.map_err(|error| error.to_string())?;
    let saves = state.watch();
    let _ = STATE.set(state);
    Ok(saves)
}

fn watchers(options: &Options) -> (HealthChecker, ErrorMonitor) {
    let Some(heartbeat_timeout) = options.heartbeat_timeout else {
        let monitor = ErrorMonitor::new(20, Duration::from_secs(60));
        return (HealthChecker::new(), monitor);
    };
    let checker = HealthChecker::with_thresholds(HealthThresholds {
        heartbeat_timeout,
        ..HealthThresholds::default()
    });
    (checker, ErrorMonitor::new(1, Duration::from_secs(3600)))
}

async fn tell_health(checker: HealthChecker) {
    let mut health = checker.watch();
    health.mark_changed();
    while health.changed().await.is_ok() {
        let health = health.borrow_and_update().clone();
        let reasons = health.reasons.iter();
        let reasons: Vec<String> = reasons.map(|reason| reason.finding.to_string()).collect();
        tell(&json!({"health": health.state.as_str(), "reasons": reasons}));
    }
}

/// The first resilient client's, for what messages ask for.
static HANDLE: OnceLock<ClientHandle> = OnceLock::new();
/// What the page shows the saving of.
static STATE: OnceLock<StatePersistence<BotState>> = OnceLock::new();
static MONITOR: OnceLock<ErrorMonitor> = OnceLock::new();

/// By Ctrl-C or SIGTERM.
async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be had");
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
}

static QUIET: AtomicBool = AtomicBool::new(false);

/// A line for the test. Lines are written whole.
fn tell(value: &Value) {
    let is_rare = [
        "status_page",
        "ready",
        "resumed",
        "ended",
        "panicked",
        "error",
    ]
    .iter()
    .any(|key| !value[*key].is_null());
    if is_rare || !QUIET.load(Ordering::Relaxed) {
        println!("{value}");
    }
}

/// Does what messages ask for.
struct Probe {
    /// Without it, replies go botrs's way.
    messenger: Option<Messenger>,
}

/// A message from anywhere.
enum Heard {
    Channel(Message),
    Direct(Message),
    Group(GroupMessage),
    C2c(C2CMessage),
}

impl Heard {
    fn id(&self) -> &str {
        let id = match self {
            Self::Channel(message) | Self::Direct(message) => &message.id,
            Self::Group(message) => &message.id,
            Self::C2c(message) => &message.id,
        };
        id.as_deref().unwrap_or_default()
    }

    fn content(&self) -> &str {
        let content = match self {
            Self::Channel(message) | Self::Direct(message) => &message.content,
            Self::Group(message) => &message.content,
            Self::C2c(message) => &message.content,
        };
        content.as_deref().unwrap_or_default().trim()
    }

    fn place(&self) -> &'static str {
        match self {
            Self::Channel(_) => "channel",
            Self::Direct(_) => "direct",
            Self::Group(_) => "group",
            Self::C2c(_) => "c2c",
        }
    }

    fn target(&self) -> ReplyTarget {
        match self {
            Self::Channel(message) | Self::Direct(message) => message.into(),
            Self::Group(message) => message.into(),
            Self::C2c(message) => message.into(),
        }
    }

    /// As botrs does it.
    async fn reply(&self, api: &BotApi, text: &str) -> Result<(), BotError> {
        match self {
            Self::Channel(message) => message.reply(api, text).await.map(drop),
            Self::Direct(message) => {
                let guild = message.guild_id.clone().unwrap_or_default();
                let params = DirectMessageParams::new_text(text).with_reply(self.id());
                api.send_direct_message(&guild, params).await.map(drop)
            }
            Self::Group(message) => message.reply(api, text).await.map(drop),
            Self::C2c(message) => message.reply(api, text).await.map(drop),
        }
    }
}

impl Probe {
    async fn heard(&self, ctx: Context, heard: Heard) {
        let (id, content) = (heard.id(), heard.content());
        tell(&json!({"begun": id, "place": heard.place(), "content": content}));
        if let Some(state) = STATE.get() {
            state.update_state(|state| state.processed_messages += 1);
        }
        let (command, argument) = content.split_once(' ').unwrap_or((content, ""));
        match command {
            "!panic" => panic!("as asked"),
            "!sleep" => tokio::time::sleep(millis(argument).expect("milliseconds")).await,
            "!silent" => {}
            "!reconnect" => HANDLE
                .get()
                .expect("a client")
                .reconnect(argument.parse().ok()),
            "!stats" => {
                let stats = HANDLE.get().expect("a client").stats();
                let errors = MONITOR.get().map(|monitor| monitor.report().by_operation);
                tell(&json!({"stats": format!("{stats:?}"), "errors": errors}));
            }
            "!twice" => {
                self.reply(&ctx, &heard, "one").await;
                self.reply(&ctx, &heard, "two").await;
            }
            // So many at once, each to the same message.
            "!burst" => {
                let replies = (0..argument.parse().expect("a number"))
                    .map(|_| self.reply(&ctx, &heard, "pong"));
                futures_util::future::join_all(replies).await;
            }
            "!slow" => {
                tokio::time::sleep(millis(argument).expect("milliseconds")).await;
                self.reply(&ctx, &heard, "pong").await;
            }
            _ => self.reply(&ctx, &heard, "pong").await,
        }
        tell(&json!({"handled": id}));
    }

    async fn reply(&self, ctx: &Context, heard: &Heard, text: &str) {
        let told = match &self.messenger {
            None => {
                let sent = heard.reply(ctx.api(), text).await;
                sent.map(|()| "sent").map_err(|error| error.to_string())
            }
            Some(messenger) => match messenger.reply(heard.target(), text).await {
                Ok(Delivery::Sent(_)) => Ok("sent"),
                Ok(Delivery::AlreadyDelivered) => Ok("already delivered"),
                Ok(Delivery::Kept) => Ok("kept"),
                Ok(Delivery::Pending(audit)) => match audit.verdict(Duration::from_secs(5)).await {
                    Ok(_) => Ok("audited"),
                    Err(error) => Err(error.to_string()),
                },
                Err(error) => Err(error.to_string()),
            },
        };
        match told {
            Ok(how) => tell(&json!({"replied": heard.id(), "how": how})),
            Err(error) => tell(&json!({"not_replied": heard.id(), "error": error})),
        }
    }
}

#[async_trait::async_trait]
impl EventHandler for Probe {
    async fn ready(&self, ctx: Context, ready: Ready) {
        let bot = ctx.bot_info.map(|bot| bot.id);
        tell(&json!({"ready": ready.session_id, "shard": ready.shard, "bot": bot}));
    }

    async fn resumed(&self, _: Context) {
        tell(&json!({"resumed": true}));
    }

    async fn message_create(&self, ctx: Context, message: Message) {
        self.heard(ctx, Heard::Channel(message)).await;
    }

    async fn direct_message_create(&self, ctx: Context, message: Message) {
        self.heard(ctx, Heard::Direct(message)).await;
    }

    async fn group_message_create(&self, ctx: Context, message: GroupMessage) {
        self.heard(ctx, Heard::Group(message)).await;
    }

    async fn c2c_message_create(&self, ctx: Context, message: C2CMessage) {
        self.heard(ctx, Heard::C2c(message)).await;
    }

    async fn off_mic(&self, _: Context, _: botrs::Audio) {
        tell(&json!({"off_mic": true}));
    }

    async fn message_audit_pass(&self, _: Context, audit: MessageAudit) {
        tell(&json!({"audit_passed": audit.audit_id}));
    }

    async fn unknown_event(&self, _: Context, event: GatewayEvent) {
        tell(&json!({"unknown": event.event_type, "op": event.opcode}));
    }

    async fn error(&self, error: BotError) {
        tell(&json!({"error": error.to_string()}));
    }
}
