//! Bodies on one line, as people write short ones: the braces of a function are never unused.

use std::io;

use recovery_core::{TimedOut, retry};

use crate::{assert_send, third_time_lucky};

#[derive(Debug)]
struct Failed;

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl From<TimedOut> for Failed {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

impl recovery_core::Classify for Failed {
    fn kind(&self) -> recovery_core::ErrorKind {
        recovery_core::ErrorKind::Network
    }
}

#[rustfmt::skip]
mod functions {
    use std::future::Future;

    use super::*;

    #[retry]
    pub(super) async fn plain(calls: &mut u32) -> io::Result<u32> { third_time_lucky(calls) }

    #[retry(timeout = 1s)]
    pub(super) async fn limited(calls: &mut u32) -> io::Result<u32> { third_time_lucky(calls) }

    #[retry]
    pub(super) async fn questioned(calls: &mut u32) -> Result<u32, Failed> { Ok(third_time_lucky(calls)?) }

    #[retry(attempt = n)]
    pub(super) async fn counted(calls: &mut u32) -> io::Result<u32> { third_time_lucky(calls).map(|_| n) }

    #[retry(initial = 1ns)]
    pub(super) fn blocking(calls: &mut u32) -> io::Result<u32> { third_time_lucky(calls) }

    #[retry(initial = 1ns)]
    pub(super) fn blocking_questioned(calls: &mut u32) -> Result<u32, Failed> { Ok(third_time_lucky(calls)?) }

    #[retry(initial = 1ns, attempt = n)]
    pub(super) fn blocking_counted(calls: &mut u32) -> Result<u32, Failed> { Ok(third_time_lucky(calls)?.min(n)) }

    #[retry]
    #[allow(clippy::manual_async_fn, reason = "the shape under test")]
    pub(super) fn future(calls: &mut u32) -> impl Future<Output = io::Result<u32>> + '_ { async move { third_time_lucky(calls) } }
}

#[tokio::test(start_paused = true)]
async fn their_braces_trip_no_lint() {
    let mut calls = [0; 8];
    let [plain, limited, questioned, counted, future, blocking @ ..] = &mut calls;
    assert_eq!(assert_send(functions::plain(plain)).await.unwrap(), 3);
    assert_eq!(assert_send(functions::limited(limited)).await.unwrap(), 3);
    let result = assert_send(functions::questioned(questioned)).await;
    assert_eq!(result.unwrap(), 3);
    assert_eq!(assert_send(functions::counted(counted)).await.unwrap(), 3);
    assert_eq!(assert_send(functions::future(future)).await.unwrap(), 3);
    let [plain, questioned, counted] = blocking;
    assert_eq!(functions::blocking(plain).unwrap(), 3);
    assert_eq!(functions::blocking_questioned(questioned).unwrap(), 3);
    assert_eq!(functions::blocking_counted(counted).unwrap(), 3);
    assert_eq!(calls, [3; 8]);
}
