//! The command line, and what the environment adds to it.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::bail;
use clap::Parser;
use loopback_platform::Fault;
use tracing_subscriber::EnvFilter;

use crate::credentials::Credentials;

/// A QQ bot that recovers: `!status`, `!ping` and `!test_error` in a channel, `!health` in a
/// direct message, `error_test` in a group, `!ping` in a private chat.
///
/// With `QQ_BOT_APP_ID` and `QQ_BOT_SECRET` set it joins the platform, and Ctrl-C or SIGTERM ends it
/// in good order, a second one at once. Without them it runs against a loopback platform of its own
/// and ends by itself; the exit status is 0 only if no reply was lost or doubled.
///
/// With `BOT_ALERT_WEBHOOK` set, alerts are posted to that address as well as logged.
#[derive(Debug, Parser)]
#[command(name = "bot", version)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
pub(crate) struct Cli {
    /// Join the platform's sandbox rather than the platform.
    #[arg(long)]
    pub(crate) sandbox: bool,

    /// Remember sessions, handled events, the bot's state and replies that could not be sent yet in
    /// this folder, so that a restarted bot goes on where it was. Without it nothing is remembered.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// Show how the bot is at this address: a page, `/healthz`, `/readyz`, `/metrics`.
    /// Try `127.0.0.1:9090`.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "without_recovery")]
    pub(crate) status: Option<SocketAddr>,

    /// Let `--status` listen where other machines can see it. The page asks for no password.
    #[arg(long, requires = "status")]
    pub(crate) status_for_everyone: bool,

    /// Run on botrs as it is, and send each reply once, to see what recovery is worth.
    #[arg(long, conflicts_with = "state")]
    pub(crate) without_recovery: bool,

    /// What to log to the standard error, as `RUST_LOG` takes it: `info`, `recovery=info`, ...
    /// [default: `info` on the platform, `off` on the loopback platform]
    #[arg(long, value_name = "FILTER", value_parser = parse_filter)]
    pub(crate) log: Option<String>,

    /// End like at Ctrl-C when the program that started this one has died.
    #[arg(long, hide = true)]
    pub(crate) end_with_parent: bool,

    /// Loopback platform: who says what, and which fault each call for it meets, follow
    /// from it [default: 1].
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// Loopback platform: how many commands are sent to the bot [default: 500].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) commands: Option<u32>,

    /// Loopback platform: the share of HTTP calls that meet a fault, from 0 to 1 [default: 0.3].
    #[arg(long, allow_negative_numbers = true, value_parser = parse_share)]
    pub(crate) fault_rate: Option<f64>,

    /// Loopback platform: the faults to meet [default: all but `rate-limited-bare`, which makes
    /// botrs wait a minute].
    #[arg(long, value_delimiter = ',')]
    pub(crate) faults: Option<Vec<Fault>>,

    /// Loopback platform: how often its gateway closes, tears or forgets the connection [default: 6].
    #[arg(long)]
    pub(crate) upsets: Option<u32>,

    /// Loopback platform: where it listens [default: a free port of 127.0.0.1].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

/// Against what the bot runs.
pub(crate) enum Mode {
    Embedded,
    Platform(Credentials),
}

impl Cli {
    /// The mode that the environment asks for.
    pub(crate) fn mode(&self) -> anyhow::Result<Mode> {
        match Credentials::from_env()? {
            Some(credentials) => {
                if let Some(option) = self.embedded_option() {
                    bail!(
                        "{option} is for the loopback platform, and QQ_BOT_APP_ID is set: unset \
                         QQ_BOT_APP_ID and QQ_BOT_SECRET, or leave {option} out"
                    );
                }
                Ok(Mode::Platform(credentials))
            }
            None if self.sandbox => bail!(
                "--sandbox joins the platform's sandbox, which needs credentials: set \
                 QQ_BOT_APP_ID and QQ_BOT_SECRET"
            ),
            None => Ok(Mode::Embedded),
        }
    }

    fn embedded_option(&self) -> Option<&'static str> {
        [
            (self.seed.is_some(), "--seed"),
            (self.commands.is_some(), "--commands"),
            (self.fault_rate.is_some(), "--fault-rate"),
            (self.faults.is_some(), "--faults"),
            (self.upsets.is_some(), "--upsets"),
            (self.listen.is_some(), "--listen"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }

    /// Logs to the standard error from here on.
    pub(crate) fn start_log(&self) -> anyhow::Result<()> {
        let filter = self.log.as_deref().unwrap_or("info");
        // Below `debug` the WebSocket's library shows frames, and with them the access token.
        let filter = EnvFilter::try_new(filter)?.add_directive("tungstenite=debug".parse()?);
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .init();
        Ok(())
    }
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("give a share from 0 to 1".to_owned()),
    }
}

fn parse_filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}
