//! A bot program under the platform: started, played to, measured, ended.

use std::{
    fmt, io,
    process::ExitStatus,
    time::{Duration, Instant},
};

use tokio::process::Command;

use crate::{
    bot::Bot,
    environment::BotEnvironment,
    fault::Fault,
    interrupts::Interrupts,
    options::{PlatformOptions, StartError},
    plan::FaultPlan,
    platform::Platform,
    progress,
    scenario::{Scenario, ScenarioError},
    score::Score,
};

/// How a bot is staged.
#[derive(Debug, Clone)]
pub struct StageOptions {
    /// The platform that the bot runs under.
    pub platform: PlatformOptions,
    /// What is played to it.
    pub scenario: Scenario,
    /// How long the bot may take to its first READY. Default: 30 s.
    pub ready_within: Duration,
    /// How long the bot may take to end once it has been asked to. Default: 35 s.
    pub stop_within: Duration,
    /// Whether progress is shown on standard error. Default: yes.
    pub show_progress: bool,
}

impl Default for StageOptions {
    fn default() -> Self {
        Self {
            platform: PlatformOptions::default(),
            scenario: Scenario::default(),
            ready_within: Duration::from_secs(30),
            stop_within: Duration::from_secs(35),
            show_progress: true,
        }
    }
}

/// What a staged run came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StageReport {
    /// The judgement, taken after the bot had ended.
    pub score: Score,
    /// The most memory that the bot had resident, in bytes. Known on Linux only, and only of the
    /// program that was started, not of its children.
    pub peak_memory: Option<u64>,
    /// From the bot's READY to the scenario's end, without the time in which the bot ended.
    pub elapsed: Duration,
    /// How the bot ended.
    pub bot_exit: BotExit,
    /// The seed of the run, and the share of calls that were to meet a fault.
    pub plan: FaultPlan,
}

impl StageReport {
    /// Whether the run was played to its end, lost and doubled nothing, and the bot lived through
    /// it and ended when asked to.
    pub fn is_clean(&self) -> bool {
        self.score.is_clean()
            && !self.score.interrupted
            && matches!(self.bot_exit, BotExit::Asked(_))
    }
}

impl fmt::Display for StageReport {
    /// The scoreboard, and below it the bot's memory, the run and how the bot ended.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.score)?;
        if let Some(bytes) = self.peak_memory {
            let label = "bot memory";
            writeln!(formatter, " {label:<26} {:>7} MiB at its peak", bytes >> 20)?;
        }
        let FaultPlan { seed, rate, .. } = self.plan;
        let (label, seconds) = ("scenario", self.elapsed.as_secs_f64());
        writeln!(
            formatter,
            " {label:<26} {seconds:>7.1} s, seed {seed}, fault rate {rate}"
        )?;
        write!(formatter, " {:<26} {}", "bot", self.bot_exit)
    }
}

/// How a bot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BotExit {
    /// After it was asked to.
    Asked(ExitStatus),
    /// Of its own accord, in the middle of the scenario.
    Early(ExitStatus),
    /// It was asked to end, did not in time, and was killed.
    Killed,
}

impl fmt::Display for BotExit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(status) if status.success() => {
                formatter.write_str("ended cleanly when asked to")
            }
            Self::Asked(status) => write!(formatter, "ended when asked to ({status})"),
            Self::Early(status) => write!(formatter, "ended in the middle of the run ({status})"),
            Self::Killed => formatter.write_str("did not end when asked to and was killed"),
        }
    }
}

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The platform did not start.
    #[error(transparent)]
    Platform(#[from] StartError),
    /// The scenario is impossible.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The certificate file could not be written.
    #[error("cannot write the certificate file")]
    Certificate(#[source] io::Error),
    /// The bot could not be started.
    #[error("cannot start the bot program `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The bot ended before it had connected.
    #[error("the bot ended before it was ready ({status}){}", blame(*after))]
    EndedBeforeReady {
        /// Its exit status.
        status: ExitStatus,
        /// The fault that its last call met.
        after: Option<Fault>,
    },
    /// The bot never connected.
    #[error(
        "the bot did not identify itself at the gateway within {limit:?}{}",
        hint(*calls)
    )]
    NeverReady {
        /// How long it had.
        limit: Duration,
        /// How many HTTP calls it made in that time.
        calls: u64,
    },
    /// Ctrl-C cannot be listened for.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// The system lost track of the bot.
    #[error("cannot wait for the bot")]
    Wait(#[source] io::Error),
}

fn blame(after: Option<Fault>) -> String {
    after.map_or_else(String::new, |fault| {
        format!("; its last call had met the fault `{fault}`")
    })
}

fn hint(calls: u64) -> &'static str {
    if calls == 0 {
        "; it made no call at all: does it use reqwest with rustls-tls-native-roots?"
    } else {
        ""
    }
}

/// What ends a stretch of the run.
enum Cue<T> {
    Over(T),
    BotEnded(io::Result<ExitStatus>),
    Interrupted,
}

/// Runs a bot program under a platform of its own, from start to score.
///
/// The bot's environment leads it to the platform (see [`BotEnvironment`]) and gives it throw-away
/// credentials in `QQ_BOT_APP_ID` and `QQ_BOT_SECRET`. It is started in a process group of its own,
/// so that Ctrl-C reaches only this program, which then ends the bot in good order. To end it, the
/// group gets SIGINT; where there are no signals, the bot is killed.
///
/// Everything else about the command, such as where its output goes, is the caller's choice;
/// standard input is empty. While this runs, Ctrl-C is handled here; tokio's handler stays
/// installed afterwards.
///
/// # Errors
///
/// If the platform or the bot cannot be started, or the bot does not connect. A bot that ends in
/// the middle is no error: see [`StageReport::bot_exit`].
///
/// # Cancel safety
///
/// Dropping the future kills the bot and stops the platform.
///
/// # Examples
///
/// ```no_run
/// use loopback_platform::{FaultPlan, PlatformOptions, stage::{self, StageOptions}};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let options = StageOptions {
///     platform: PlatformOptions { faults: FaultPlan::new(7, 0.3)?, ..Default::default() },
///     ..StageOptions::default()
/// };
/// let report = stage::run(options, tokio::process::Command::new("target/debug/my-bot")).await?;
/// println!("{}", report.score);
/// assert!(report.is_clean());
/// # Ok(())
/// # }
/// ```
pub async fn run(options: StageOptions, command: Command) -> Result<StageReport, StageError> {
    let scenario = options.scenario.clone().validated()?;
    let platform = Platform::start(options.platform.clone()).await?;
    let report = play(&options, &scenario, &platform, command).await;
    platform.shutdown().await;
    report
}

async fn play(
    options: &StageOptions,
    scenario: &Scenario,
    platform: &Platform,
    mut command: Command,
) -> Result<StageReport, StageError> {
    let environment = BotEnvironment::new(platform).map_err(StageError::Certificate)?;
    environment.apply(&mut command);
    let mut interrupts = Interrupts::listen().map_err(StageError::Signals)?;
    let mut bot = Bot::start(command)?;
    let ledger = platform.ledger();

    let ready = platform.wait_until_ready(options.ready_within);
    let cue = tokio::select! {
        ready = ready => Cue::Over(ready),
        ended = bot.ended() => Cue::BotEnded(ended),
        () = interrupts.next() => Cue::Interrupted,
    };
    match cue {
        Cue::Over(Ok(())) => {}
        Cue::Over(Err(_)) => {
            stop_or_kill(&mut bot, options.stop_within, &mut interrupts).await?;
            return Err(StageError::NeverReady {
                limit: options.ready_within,
                calls: ledger.score().calls,
            });
        }
        Cue::BotEnded(status) => {
            let status = status.map_err(StageError::Wait)?;
            let after = ledger.calls().last().and_then(|call| call.fault);
            return Err(StageError::EndedBeforeReady { status, after });
        }
        Cue::Interrupted => {
            let bot_exit = stop_or_kill(&mut bot, options.stop_within, &mut interrupts).await?;
            return Ok(StageReport {
                score: Score {
                    interrupted: true,
                    ..ledger.score()
                },
                peak_memory: bot.peak_memory(),
                elapsed: Duration::ZERO,
                bot_exit,
                plan: options.platform.faults.clone(),
            });
        }
    }

    let started = Instant::now();
    let shown = async {
        if options.show_progress {
            progress::show(&ledger, scenario.commands).await;
        }
        std::future::pending::<()>().await;
    };
    let cue = tokio::select! {
        end = scenario.play(platform) => Cue::Over(end),
        ended = bot.ended() => Cue::BotEnded(ended),
        () = interrupts.next() => Cue::Interrupted,
        () = shown => Cue::Interrupted,
    };
    let elapsed = started.elapsed();
    let interrupted = matches!(cue, Cue::Interrupted);
    let bot_exit = match cue {
        Cue::BotEnded(status) => BotExit::Early(status.map_err(StageError::Wait)?),
        Cue::Over(end) => {
            let stopped = stop_or_kill(&mut bot, options.stop_within, &mut interrupts).await;
            end?;
            stopped?
        }
        Cue::Interrupted => stop_or_kill(&mut bot, options.stop_within, &mut interrupts).await?,
    };
    Ok(StageReport {
        score: Score {
            interrupted,
            ..ledger.score()
        },
        peak_memory: bot.peak_memory(),
        elapsed,
        bot_exit,
        plan: options.platform.faults.clone(),
    })
}

/// Ends the bot; a further Ctrl-C ends the waiting for it.
async fn stop_or_kill(
    bot: &mut Bot,
    within: Duration,
    interrupts: &mut Interrupts,
) -> Result<BotExit, StageError> {
    let stopped = tokio::select! {
        stopped = bot.stop(within) => Some(stopped),
        () = interrupts.next() => None,
    };
    match stopped {
        Some(exit) => exit,
        None => bot.kill().await.map(|()| BotExit::Killed),
    }
    .map_err(StageError::Wait)
}
