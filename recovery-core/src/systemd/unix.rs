//! The messages to systemd's socket.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use crate::observe;

/// What is shorter, tokio's clock cannot tell.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

pub(super) fn ready() -> io::Result<()> {
    notify(NotifyState::Ready)
}

pub(super) fn stopping() -> io::Result<()> {
    notify(NotifyState::Stopping)
}

pub(super) fn status(status: &str) -> io::Result<()> {
    notify(NotifyState::Status(status))
}

/// Ends only where there is no watchdog.
pub(super) async fn watchdog(is_alive: impl Fn() -> bool) {
    let limit = sd_notify::watchdog_enabled().unwrap_or_default();
    if limit.is_zero() {
        return;
    }
    let mut ticks = interval((limit / 2).max(SHORTEST_INTERVAL));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_alive = true;
    loop {
        ticks.tick().await;
        let is_alive = is_alive();
        if is_alive {
            if let Err(error) = notify(NotifyState::Watchdog) {
                observe::notify_failed(&error);
            }
        } else if was_alive {
            observe::watchdog_withheld();
        }
        was_alive = is_alive;
    }
}

fn notify(state: NotifyState<'_>) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if let Some(result) = notify_abstract(&state) {
        return result;
    }
    sd_notify::notify(&[state])
}

/// To a socket without a file, which `sd_notify` does not reach: its name begins with `@`. `None` if there is none.
#[cfg(target_os = "linux")]
fn notify_abstract(state: &NotifyState<'_>) -> Option<io::Result<()>> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let socket = std::env::var_os("NOTIFY_SOCKET")?;
    let name = socket.as_bytes().strip_prefix(b"@")?;
    let send = || {
        let address = SocketAddr::from_abstract_name(name)?;
        let message = format!("{state}\n");
        UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address)
    };
    Some(send().map(|_| ()))
}
