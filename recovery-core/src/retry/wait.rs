//! The waits between attempts, on tokio's clock or on the thread's own.

use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::task::Poll;
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The wait between two attempts. A zero delay touches no timer; it counts as one step of what tokio
/// lets a task do before others have their turn, so that a call which fails at once and for ever can be
/// cancelled.
#[cfg(feature = "tokio")]
#[inline]
pub const fn wait(delay: Duration) -> Wait {
    Wait::Begin { delay }
}

#[cfg(feature = "tokio")]
pin_project_lite::pin_project! {
    /// A future of its own rather than an `async fn`: every retried call carries it, and so it is
    /// no larger than tokio's. The sleep is made where it is kept: to move it would be code in
    /// every retried function.
    #[project = WaitProjection]
    pub enum Wait {
        Begin { delay: Duration },
        Sleep {
            #[pin]
            sleep: tokio::time::Sleep,
        },
    }
}

#[cfg(feature = "tokio")]
impl Future for Wait {
    type Output = ();

    #[cold]
    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.as_mut().project() {
            WaitProjection::Sleep { sleep } => sleep.poll(context),
            WaitProjection::Begin { delay } if delay.is_zero() => {
                std::pin::pin!(tokio::task::coop::consume_budget()).poll(context)
            }
            WaitProjection::Begin { .. } => self.begin(context),
        }
    }
}

#[cfg(feature = "tokio")]
impl Wait {
    /// Apart, so that a wait of no time pays for nothing of it.
    #[inline(never)]
    fn begin(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let WaitProjection::Begin { delay } = self.as_mut().project() {
            let sleep = tokio::time::sleep(*delay);
            self.set(Self::Sleep { sleep });
        }
        match self.project() {
            WaitProjection::Sleep { sleep } => sleep.poll(context),
            WaitProjection::Begin { .. } => Poll::Pending,
        }
    }
}

/// The same, ended early by `cancelled`. Whether it was.
#[cfg(feature = "tokio")]
pub(super) async fn wait_unless(
    delay: Duration,
    mut cancelled: Pin<&mut impl Future<Output = ()>>,
) -> bool {
    let mut wait = std::pin::pin!(wait(delay));
    // The cancellation first: where both have come, no new attempt begins.
    std::future::poll_fn(|context| {
        if cancelled.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        wait.as_mut().poll(context).map(|()| false)
    })
    .await
}

/// The wait between two attempts of a blocking function.
pub fn wait_blocking(delay: Duration) {
    if !delay.is_zero() {
        thread::sleep(delay);
    }
}

/// The same, ended early by `cancelled`. Whether it was.
pub(super) fn wait_blocking_unless(
    delay: Duration,
    mut cancelled: Pin<&mut impl Future<Output = ()>>,
) -> bool {
    let end = Instant::now().checked_add(delay);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if cancelled.as_mut().poll(&mut context).is_ready() {
            return true;
        }
        match end {
            None => thread::park(),
            Some(end) => match end.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return false,
                left => thread::park_timeout(left),
            },
        }
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
