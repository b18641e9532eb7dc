//! The wish of the user, or of the system, that this program ends.

use std::io;

/// Listens for Ctrl-C, and on Unix for SIGTERM and SIGHUP as well.
///
/// From [`listen`](Self::listen) on, these no longer end the program by themselves, not even after
/// this value is gone.
#[derive(Debug)]
pub struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
    #[cfg(windows)]
    ctrl_c: tokio::signal::windows::CtrlC,
}

impl Interrupts {
    /// Begins to listen. No signal after this is missed, whenever [`next`](Self::next) is called.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            signals: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
        })
    }

    /// Begins to listen. No Ctrl-C after this is missed, whenever [`next`](Self::next) is called.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    #[cfg(windows)]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            ctrl_c: tokio::signal::windows::ctrl_c()?,
        })
    }

    /// Resolves at the next interruption, or at once if one has come since the last.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate, hangup] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        #[cfg(windows)]
        self.ctrl_c.recv().await;
    }
}
