//! The platform as a program: stages a bot, or waits for one.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    net::SocketAddr,
    process::{ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use loopback_platform::{
    BotEnvironment, Credentials, Fault, FaultPlan, Interrupts, Platform, PlatformOptions, Scenario,
    progress,
    stage::{self, StageOptions},
};

/// Longer than anyone waits for a bot to be started by hand.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The QQ bot platform on this machine, with faults on demand.
///
/// With a bot program behind `--`, runs it under the platform, plays a scenario to it and prints
/// the scoreboard; the exit status is 0 only if nothing was lost and nothing was doubled. Without
/// one, prints what a bot needs in its environment and plays the scenario once a bot has connected.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Decides who says what, and which fault each call for it meets; counts still vary with time
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,

    /// How many commands users send
    #[arg(long, default_value_t = 500)]
    commands: u32,

    /// The share of calls that meet a fault, from 0 to 1
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.3,
        allow_negative_numbers = true
    )]
    fault_rate: f64,

    /// Let also the calls meet faults by which the bot connects; botrs by itself gives up then
    #[arg(long)]
    faults_at_start: bool,

    /// The faults to draw from, by name [default: all but rate-limited-bare, ip-not-allowed, unreadable]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    faults: Vec<String>,

    /// How many commands users send in a second
    #[arg(long, value_name = "N", default_value_t = 40.0)]
    per_second: f64,

    /// How often the gateway closes, tears or forgets the connection, beside two requests to reconnect
    #[arg(long, value_name = "N", default_value_t = 0)]
    upsets: u32,

    /// How long the fault `slow` holds an answer back, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 6.0)]
    slow_by: f64,

    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Allow an address that other machines can reach
    #[arg(long)]
    allow_remote: bool,

    /// The bot's app id [default: random]
    #[arg(long, requires = "secret")]
    app_id: Option<String>,

    /// The bot's secret [default: random]
    #[arg(long, requires = "app_id")]
    secret: Option<String>,

    /// Throw away what the bot prints
    #[arg(long)]
    quiet_bot: bool,

    /// The bot program and its arguments
    #[arg(last = true, value_name = "BOT")]
    bot: Vec<OsString>,
}

impl Cli {
    fn platform(&self) -> anyhow::Result<PlatformOptions> {
        let mut faults = FaultPlan::new(self.seed, self.fault_rate)?;
        if !self.faults.is_empty() {
            let named: Result<Vec<Fault>, _> =
                self.faults.iter().map(|name| name.trim().parse()).collect();
            faults = faults.with_faults(named?);
        }
        ensure!(
            (0.0..=3600.0).contains(&self.slow_by),
            "--slow-by is {} seconds, but it must lie between 0 and 3600",
            self.slow_by
        );
        let calm = PlatformOptions::default().heartbeat_interval;
        Ok(PlatformOptions {
            // A connection that is forgotten must be noticed while the scenario lasts.
            heartbeat_interval: if self.upsets == 0 {
                calm
            } else {
                Duration::from_secs(1)
            },
            listen: self.listen,
            allow_remote: self.allow_remote,
            credentials: self.given_credentials().unwrap_or_default(),
            faults,
            spare_connecting: !self.faults_at_start,
            slow_by: Duration::from_secs_f64(self.slow_by),
            ..PlatformOptions::default()
        })
    }

    fn given_credentials(&self) -> Option<Credentials> {
        Some(Credentials::new(
            self.app_id.as_ref()?,
            self.secret.as_ref()?,
        ))
    }

    fn scenario(&self) -> anyhow::Result<Scenario> {
        let scenario = Scenario {
            commands: self.commands,
            per_second: self.per_second,
            seed: self.seed,
            upsets: self.upsets,
            ..Scenario::default()
        };
        let plan = self.platform()?.faults;
        Ok(scenario.validated()?.patient_with(&plan))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = if cli.bot.is_empty() {
        serve(&cli).await
    } else {
        stage(&cli).await
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("loopback-platform: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Runs the bot program under the platform; says whether all was clean.
async fn stage(cli: &Cli) -> anyhow::Result<bool> {
    let options = StageOptions {
        platform: cli.platform()?,
        scenario: cli.scenario()?,
        ..StageOptions::default()
    };
    let (program, arguments) = cli.bot.split_first().context("no bot program was given")?;
    let mut command = tokio::process::Command::new(program);
    command.args(arguments);
    if cli.quiet_bot {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    let report = stage::run(options, command).await?;
    writeln!(io::stdout().lock(), "{report}").context("cannot show the score")?;
    Ok(report.is_clean())
}

/// Waits for a bot that someone else starts; says whether all was clean.
async fn serve(cli: &Cli) -> anyhow::Result<bool> {
    let scenario = cli.scenario()?;
    let mut interrupts = Interrupts::listen().context("cannot listen for signals")?;
    let platform = Platform::start(cli.platform()?).await?;
    let environment =
        BotEnvironment::new(&platform).context("cannot write the certificate file")?;
    print_exports(cli, &environment).context("cannot show what the bot needs")?;
    let ledger = platform.ledger();

    let play = async {
        platform.wait_until_ready(A_YEAR).await?;
        let commands = scenario.commands;
        say(&format!("a bot has connected; {commands} commands follow"));
        tokio::select! {
            end = scenario.play(&platform) => drop(end?),
            never = progress::show(&ledger, scenario.commands) => match never {},
        }
        say("the scenario is over; Ctrl-C prints the scoreboard and ends the platform");
        anyhow::Ok(())
    };
    let played = tokio::select! {
        played = play => Some(played),
        () = interrupts.next() => None,
    };
    if let Some(played) = played {
        played?;
        interrupts.next().await;
    }
    let score = ledger.score();
    platform.shutdown().await;
    writeln!(io::stdout().lock(), "{score}").context("cannot show the score")?;
    Ok(score.is_clean())
}

fn print_exports(cli: &Cli, environment: &BotEnvironment) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "# In the shell that starts your bot (its build needs reqwest 0.12 with"
    )?;
    writeln!(
        out,
        "# rustls-tls-native-roots, or it will not trust SSL_CERT_FILE):"
    )?;
    writeln!(out, "unset {}", environment.cleared().join(" "))?;
    for (name, value) in environment.variables() {
        // A secret of one's own is not shown; the throw-away one must be, or it were of no use.
        if name == "QQ_BOT_SECRET" && cli.secret.is_some() {
            writeln!(out, "# {name}: the secret that you gave with --secret")?;
        } else {
            writeln!(out, "export {name}='{}'", value.replace('\'', r"'\''"))?;
        }
    }
    writeln!(
        out,
        "# waiting for a bot; Ctrl-C prints the scoreboard and ends the platform"
    )
}

/// Tells a person what happens. Where even that cannot be written, the exit status has to do.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
