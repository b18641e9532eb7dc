//! A QQ bot that recovers.
//!
//! With `QQ_BOT_APP_ID` and `QQ_BOT_SECRET` set it joins the platform. Without them it starts the
//! loopback platform, runs itself under it through a storm of faults, and shows the score.

mod access;
mod cli;
mod connection;
mod credentials;
mod embedded;
mod handler;
mod sender;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Mode};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bot: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match cli.mode()? {
        Mode::Embedded => embedded::run(cli).await,
        Mode::Platform(credentials) => {
            cli.start_log()?;
            connection::run(cli, credentials).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
