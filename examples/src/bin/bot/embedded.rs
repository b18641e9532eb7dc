//! The bot under a loopback platform of its own: this program starts itself once more, as a bot
//! with credentials like any other, and the platform judges it.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use loopback_platform::stage::{self, BotExit, StageOptions};
use loopback_platform::{FaultPlan, PlatformOptions, Scenario};
use tokio::process::Command;

use crate::cli::Cli;

/// Plays the scenario and shows the score. The exit status is 0 only if nothing was lost or
/// doubled.
pub(crate) async fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let options = options(cli)?;
    let program = env::current_exe().context("cannot find the program itself")?;
    let mut bot = Command::new(program);
    bot.args([
        "--end-with-parent",
        "--log",
        cli.log.as_deref().unwrap_or("off"),
    ]);
    if cli.without_recovery {
        bot.arg("--without-recovery");
    }
    if let Some(folder) = &cli.state {
        bot.arg("--state").arg(folder);
    }
    if let Some(address) = cli.status {
        bot.arg("--status").arg(address.to_string());
    }
    if cli.status_for_everyone {
        bot.arg("--status-for-everyone");
    }

    let report = stage::run(options, bot).await?;
    writeln!(io::stdout().lock(), "{report}").context("cannot show the score")?;
    let ended_well = matches!(report.bot_exit, BotExit::Asked(status) if status.success());
    Ok(if report.is_clean() && ended_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn options(cli: &Cli) -> anyhow::Result<StageOptions> {
    let seed = cli.seed.unwrap_or(1);
    let mut faults = FaultPlan::new(seed, cli.fault_rate.unwrap_or(0.3))?;
    if let Some(named) = &cli.faults {
        faults = faults.with_faults(named.iter().copied()).validated()?;
    }
    let mut platform = PlatformOptions {
        faults,
        // Dead connections are noticed by heartbeats, and a run is short. botrs bears no less.
        heartbeat_interval: Duration::from_secs(1),
        // botrs as it is ends at the first call that fails while it connects.
        spare_connecting: cli.without_recovery,
        ..PlatformOptions::default()
    };
    if let Some(listen) = cli.listen {
        platform.listen = listen;
    }
    let mut scenario = Scenario {
        seed,
        reconnects: 0, // the upsets have some
        upsets: cli.upsets.unwrap_or(6),
        ..Scenario::default()
    };
    if let Some(commands) = cli.commands {
        scenario.commands = commands;
    }
    let scenario = scenario.validated()?.patient_with(&platform.faults);
    Ok(StageOptions {
        platform,
        scenario,
        // Connecting meets faults too, and has its own patience.
        ready_within: Duration::from_secs(90),
        ..StageOptions::default()
    })
}
