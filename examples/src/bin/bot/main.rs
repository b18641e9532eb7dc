//! A QQ bot that recovers.
//!
//! With `QQ_BOT_APP_ID` and `QQ_BOT_SECRET` set it joins the platform. Without them it starts the
//! loopback platform, runs itself under it through a storm of faults, and shows the score.

mod cli;
mod commands;
mod connection;
mod credentials;
mod embedded;
mod handler;
mod plain;
mod platform_view;
mod survival;
mod watch;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Mode};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(code) => code,
        Err(error) => {
            // Where even that cannot be written, the exit status has to do.
            let _ = writeln!(io::stderr().lock(), "bot: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match cli.mode()? {
        Mode::Embedded => embedded::run(cli).await,
        Mode::Platform(credentials) => {
            cli.start_log()?;
            if cli.end_with_parent {
                end_with_parent()?;
            }
            if cli.without_recovery {
                plain::run(cli, &credentials).await?;
            } else {
                connection::run(cli, &credentials).await?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Asks the system to interrupt this process when its parent dies, however it dies. Elsewhere
/// than on Linux a killed parent leaves the bot behind.
fn end_with_parent() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::INT))?;
    Ok(())
}
