//! Tells systemd how the program is (feature `systemd`): that it is ready, that it ends, that it is alive.
//!
//! Where systemd does not listen (there is no `NOTIFY_SOCKET`), and on systems other than Unix, nothing here does
//! anything. A message is small and goes out at once; only if systemd has stopped reading does it wait for it.
//!
//! # A unit file
//! Complete, for a bot whose program is `/usr/local/bin/my-bot`, as `/etc/systemd/system/my-bot.service`:
//!
//! ```ini
//! [Unit]
//! Description=My bot
//! Wants=network-online.target
//! After=network-online.target
//! # After five ends within ten minutes it needs someone to look at it.
//! StartLimitIntervalSec=600
//! StartLimitBurst=5
//!
//! [Service]
//! # Started when the program has called notify_ready().
//! Type=notify
//! ExecStart=/usr/local/bin/my-bot
//! # Secrets, in a file that root alone can read: QQ_BOT_APP_ID=.., QQ_BOT_SECRET=..
//! EnvironmentFile=/etc/my-bot/env
//! # Ended and started again when watchdog() has been silent for so long.
//! WatchdogSec=30
//! Restart=on-failure
//! RestartSec=5
//! # SIGTERM, and SIGKILL after so long: longer than the program's own limit.
//! TimeoutStopSec=30
//!
//! # /var/lib/my-bot, as the variable STATE_DIRECTORY; 0700 and the service's own.
//! StateDirectory=my-bot
//! StateDirectoryMode=0700
//! UMask=0077
//!
//! DynamicUser=yes
//! NoNewPrivileges=yes
//! ProtectSystem=strict
//! ProtectHome=yes
//! PrivateTmp=yes
//! PrivateDevices=yes
//! ProtectClock=yes
//! ProtectHostname=yes
//! ProtectKernelLogs=yes
//! ProtectKernelModules=yes
//! ProtectKernelTunables=yes
//! ProtectControlGroups=yes
//! ProtectProc=invisible
//! RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
//! RestrictNamespaces=yes
//! RestrictRealtime=yes
//! RestrictSUIDSGID=yes
//! LockPersonality=yes
//! MemoryDenyWriteExecute=yes
//! CapabilityBoundingSet=
//! SystemCallArchitectures=native
//! SystemCallFilter=@system-service
//!
//! [Install]
//! WantedBy=multi-user.target
//! ```
//!
//! # Examples
//! ```
//! use recovery_core::systemd;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let watchdog = tokio::spawn(systemd::watchdog(|| true)); // or what the program's health says
//! systemd::notify_ready()?;
//! systemd::notify_status("connected")?;
//! // .. until the program is asked to end, then:
//! systemd::notify_stopping()?;
//! assert!(!watchdog.is_finished());
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;
use std::io;

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use elsewhere as system;
#[cfg(unix)]
use unix as system;

/// The program is ready: with `Type=notify`, the unit is now active.
///
/// # Errors
/// If systemd listens, but cannot be reached.
pub fn notify_ready() -> io::Result<()> {
    system::ready()
}

/// The program has begun to end.
///
/// # Errors
/// If systemd listens, but cannot be reached.
pub fn notify_stopping() -> io::Result<()> {
    system::stopping()
}

/// One line for `systemctl status`. Control characters in it become blanks.
///
/// # Errors
/// If systemd listens, but cannot be reached.
pub fn notify_status(status: &str) -> io::Result<()> {
    system::status(&status.replace(char::is_control, " "))
}

/// Tells systemd that the program is alive, twice in the time that `WatchdogSec=` allows, as long as
/// `is_alive` says so.
///
/// The future never ends; it is to be spawned on the runtime that does the work, since it is then also the
/// proof that this one is not stuck. While `is_alive` says no it stays silent, told by the event
/// `systemd.watchdog_withheld`, and systemd ends the program (SIGABRT) and starts it again. Where the unit has no
/// watchdog, `is_alive` is never asked.
///
/// # Panics
/// The future, if it is polled outside of a tokio runtime with its time enabled, or if `is_alive` panics.
///
/// # Cancel safety
/// Once it is dropped, systemd hears nothing more, and ends the program. Leave it running while the program
/// ends in good order.
pub async fn watchdog(is_alive: impl Fn() -> bool) -> Infallible {
    system::watchdog(is_alive).await;
    std::future::pending().await
}
