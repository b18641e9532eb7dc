//! To end in good order (feature `shutdown`).
//!
//! [`Shutdown`] waits for Ctrl-C (SIGINT) and, on Unix, for SIGTERM, which `systemctl stop`, `docker stop` and
//! Kubernetes send. The first signal asks the program to end by itself; a second one, for a program that
//! does not get there, ends the process at once.
//!
//! Until [`Shutdown::listen`] has returned, a signal ends the process as it always does; call it first. The first
//! process of a container (PID 1) does not even hear SIGTERM before, and is killed when patience ends.
//!
//! SIGHUP is left as it is: it ends the process, unless the program was started with `nohup`, which a handler of
//! its own would undo.
//!
//! # Exit codes
//! | code | when |
//! |---|---|
//! | 0 | the program has ended in good order, whoever asked for it: return from `main` |
//! | 1 | it has failed: return an error from `main`, or [`ExitCode::FAILURE`](std::process::ExitCode::FAILURE) |
//! | 130 | ended at once, by a second signal that was SIGINT |
//! | 143 | ended at once, by a second signal that was SIGTERM |
//!
//! # Examples
//! ```no_run
//! use std::process::ExitCode;
//! use std::time::Duration;
//! use recovery_core::shutdown::Shutdown;
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<ExitCode> {
//!     let shutdown = Shutdown::listen()?;
//!     let work = tokio::spawn(serve(shutdown.clone()));
//!     let signal = shutdown.requested().await;
//!     eprintln!("{signal}: ending; once more to end at once");
//!     let ended = tokio::time::timeout(Duration::from_secs(20), work).await;
//!     Ok(if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
//! }
//! # async fn serve(shutdown: Shutdown) { shutdown.cancelled().await }
//! ```

mod signals;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// The wish that the program end. Clones share it.
///
/// As it has `async fn cancelled(&self)`, it can be given to the option `cancel` of
/// [`#[retry]`](macro@crate::retry): waits then end at once.
///
/// # Examples
/// ```
/// use recovery_core::shutdown::{Shutdown, ShutdownSignal};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let shutdown = Shutdown::without_signals();
/// let worker = tokio::spawn({
///     let shutdown = shutdown.clone();
///     async move { shutdown.requested().await }
/// });
/// shutdown.request();
/// assert_eq!(worker.await.unwrap(), ShutdownSignal::Requested);
/// assert!(shutdown.is_requested());
/// # }
/// ```
#[derive(Clone)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

struct Shared {
    requested: watch::Sender<Option<ShutdownSignal>>,
    forces: AtomicBool,
}

/// What asked the program to end. Displayed, it is the name of the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShutdownSignal {
    /// Ctrl-C, or SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The program itself, by [`Shutdown::request`].
    Requested,
}

impl ShutdownSignal {
    /// The exit code of a process that such a signal has ended at once: 130, 143, and 1 if it was no signal.
    ///
    /// A program that has ended in good order returns 0 instead.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 128 + 2,
            Self::Terminate => 128 + 15,
            Self::Requested => 1,
        }
    }
}

impl fmt::Display for ShutdownSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Requested => "requested",
        })
    }
}

impl Shutdown {
    /// Listens for the signals, until the process ends.
    ///
    /// It does so in a thread of its own, so that a second signal ends the process even if all others are
    /// stuck. Of one signal that comes twice within 100 ms, as from a terminal and from a program that hands it on,
    /// the second counts for nothing.
    ///
    /// # Errors
    /// If the system lets no thread begin or no handler be set.
    pub fn listen() -> io::Result<Self> {
        let shutdown = Self::without_signals();
        signals::listen(shutdown.clone())?;
        Ok(shutdown)
    }

    /// One that no signal asks for: for tests, and where something else listens.
    pub fn without_signals() -> Self {
        Self {
            shared: Arc::new(Shared {
                requested: watch::Sender::new(None),
                forces: AtomicBool::new(true),
            }),
        }
    }

    /// A second signal does not end the process, for a program that must not be cut off; SIGKILL still
    /// does.
    #[must_use]
    pub fn without_force(self) -> Self {
        self.shared.forces.store(false, Ordering::Relaxed);
        self
    }

    /// Asks the program to end, from inside. The first signal after it is not a second one.
    pub fn request(&self) {
        self.begin(ShutdownSignal::Requested);
    }

    /// Whether the program has been asked to end.
    pub fn is_requested(&self) -> bool {
        self.shared.requested.borrow().is_some()
    }

    /// Ready when the program has been asked to end: with what asked first, at once if that is past.
    ///
    /// # Cancel safety
    /// It may be dropped and called again, by many at a time; nothing is lost.
    pub async fn requested(&self) -> ShutdownSignal {
        let mut requested = self.shared.requested.subscribe();
        // An error means that the sender is gone, but it is in `self`.
        let signal = requested.wait_for(Option::is_some).await;
        signal
            .ok()
            .and_then(|signal| *signal)
            .unwrap_or(ShutdownSignal::Requested)
    }

    /// The same, under the name that `cancel` looks for.
    ///
    /// ```
    /// use std::io;
    /// use recovery_core::retry;
    /// use recovery_core::shutdown::Shutdown;
    ///
    /// #[retry(max = unlimited, initial = 10s, cancel = shutdown)]
    /// async fn fetch(shutdown: &Shutdown) -> io::Result<()> {
    ///     shutdown.request();
    ///     Err(io::ErrorKind::ConnectionReset.into())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let shutdown = Shutdown::without_signals();
    /// assert!(fetch(&shutdown).await.is_err(), "after one attempt, and no wait");
    /// # }
    /// ```
    pub async fn cancelled(&self) {
        self.requested().await;
    }

    fn begin(&self, signal: ShutdownSignal) {
        self.shared.requested.send_if_modified(|requested| {
            let is_first = requested.is_none();
            requested.get_or_insert(signal);
            is_first
        });
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("requested", &*self.shared.requested.borrow())
            .finish_non_exhaustive()
    }
}
