//! The thread that listens for signals.

use std::future::{pending, poll_fn};
use std::io;
use std::process;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, ctrl_c};

use super::{Shutdown, ShutdownSignal};

/// Nobody presses a key so fast: one signal has come by two ways.
const TWO_WAYS: Duration = Duration::from_millis(100);

pub(super) fn listen(shutdown: Shutdown) -> io::Result<()> {
    // A runtime of its own: that of the program may be stuck.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let guard = runtime.enter();
    let signals = Signals::install()?;
    drop(guard);
    thread::Builder::new()
        .name("shutdown".to_owned())
        .spawn(move || runtime.block_on(obey(signals, shutdown)))?;
    Ok(())
}

/// It tells nothing: whoever reads the log may be what is stuck.
async fn obey(mut signals: Signals, shutdown: Shutdown) {
    let mut heard = Heard::default();
    loop {
        let signal = signals.next().await;
        match heard.meaning(signal, Instant::now()) {
            Meaning::First => shutdown.begin(signal),
            Meaning::Again if shutdown.shared.forces.load(Ordering::Relaxed) => {
                process::exit(signal.exit_code().into())
            }
            Meaning::Again | Meaning::TheSame => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    First,
    /// The last one, by another way.
    TheSame,
    Again,
}

/// The last signal.
#[derive(Default)]
struct Heard(Option<(ShutdownSignal, Instant)>);

impl Heard {
    fn meaning(&mut self, signal: ShutdownSignal, now: Instant) -> Meaning {
        let meaning = match self.0 {
            None => Meaning::First,
            Some((last, at)) if last == signal && now.duration_since(at) < TWO_WAYS => {
                return Meaning::TheSame;
            }
            Some(_) => Meaning::Again,
        };
        self.0 = Some((signal, now));
        meaning
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<ShutdownSignal>> {
        if let Poll::Ready(came) = self.terminate.poll_recv(context) {
            return Poll::Ready(came.map(|()| ShutdownSignal::Terminate));
        }
        let came = self.interrupt.poll_recv(context);
        came.map(|came| came.map(|()| ShutdownSignal::Interrupt))
    }
}

#[cfg(windows)]
struct Signals {
    interrupt: CtrlC,
}

#[cfg(windows)]
impl Signals {
    fn install() -> io::Result<Self> {
        let interrupt = ctrl_c()?;
        Ok(Self { interrupt })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<ShutdownSignal>> {
        let came = self.interrupt.poll_recv(context);
        came.map(|came| came.map(|()| ShutdownSignal::Interrupt))
    }
}

impl Signals {
    async fn next(&mut self) -> ShutdownSignal {
        match poll_fn(|context| self.poll(context)).await {
            Some(signal) => signal,
            None => pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_signal_by_two_ways_is_one() {
        use ShutdownSignal::{Interrupt, Terminate};
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        let mut heard = Heard::default();
        assert_eq!(heard.meaning(Interrupt, at(0)), Meaning::First);
        assert_eq!(heard.meaning(Interrupt, at(99)), Meaning::TheSame);
        assert_eq!(
            heard.meaning(Interrupt, at(100)),
            Meaning::Again,
            "a person's"
        );
        assert_eq!(
            heard.meaning(Terminate, at(101)),
            Meaning::Again,
            "another one's"
        );
    }
}
