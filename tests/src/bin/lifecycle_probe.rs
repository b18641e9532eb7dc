//! A program that is started, asked to end, and watched: what `recovery_core::shutdown` and
//! `recovery_core::systemd` do to a process. It tells on standard output what happens.

use std::io::Read;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use recovery_core::shutdown::Shutdown;
use recovery_core::systemd;

/// A program that is watched.
#[derive(Debug, Parser)]
struct Options {
    /// What it does.
    #[arg(value_enum)]
    life: Life,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Life {
    /// Ends when it is asked to.
    Ends,
    /// Blocks its only thread when it is asked to end.
    Sticks,
    /// Blocks it from the beginning.
    Stuck,
    /// Asks itself to end, and blocks.
    Asks,
    /// Is asked to end, and ends when its standard input does; a second signal changes nothing.
    Unforced,
    /// Tells systemd of itself. After three times it is no longer alive.
    Service,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<ExitCode> {
    let life = Options::parse().life;
    let shutdown = Shutdown::listen()?;
    match life {
        Life::Unforced => return unforced(shutdown.without_force()).await,
        Life::Service => return service(&shutdown).await,
        Life::Asks => shutdown.request(),
        _ => {}
    }
    println!("listening");
    if life == Life::Stuck {
        stick();
    }
    println!("{}", shutdown.requested().await);
    if life != Life::Ends {
        stick();
    }
    Ok(ExitCode::SUCCESS)
}

fn stick() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

async fn unforced(shutdown: Shutdown) -> std::io::Result<ExitCode> {
    println!("listening");
    println!("{}", shutdown.requested().await);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(ExitCode::SUCCESS)
}

async fn service(shutdown: &Shutdown) -> std::io::Result<ExitCode> {
    let asked = AtomicU32::new(0);
    tokio::spawn(systemd::watchdog(move || {
        asked.fetch_add(1, Ordering::Relaxed) < 3
    }));
    systemd::notify_ready()?;
    systemd::notify_status("connected\nREADY=0")?;
    println!("listening");
    shutdown.requested().await;
    systemd::notify_stopping()?;
    Ok(ExitCode::SUCCESS)
}
