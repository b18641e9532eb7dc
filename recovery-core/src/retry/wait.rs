//! The waits between attempts, on tokio's clock or on the thread's own.

use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::task::Poll;
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The wait between two attempts. A zero delay touches no timer; it lets others run, so that a
/// call which fails at once and for ever can be cancelled.
#[cfg(feature = "tokio")]
pub fn wait(delay: Duration) -> Wait {
    if delay.is_zero() {
        Wait::Yield
    } else {
        Wait::Sleep {
            sleep: tokio::time::sleep(delay),
        }
    }
}

#[cfg(feature = "tokio")]
pin_project_lite::pin_project! {
    /// A future of its own rather than an `async fn`: every retried call carries it, and so it is
    /// no larger than tokio's.
    #[project = WaitProjection]
    pub enum Wait {
        Sleep {
            #[pin]
            sleep: tokio::time::Sleep,
        },
        Yield,
        Yielded,
    }
}

#[cfg(feature = "tokio")]
impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.as_mut().project() {
            WaitProjection::Sleep { sleep } => sleep.poll(context),
            WaitProjection::Yielded => Poll::Ready(()),
            WaitProjection::Yield => {
                self.set(Self::Yielded);
                context.waker().wake_by_ref();
                Poll::Pending
            }
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
