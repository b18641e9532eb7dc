//! Faults that a test orders: of the gateway's coming connections and of the token endpoint.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use crate::sync::lock;

/// What goes wrong with one coming gateway connection.
///
/// A connection takes the fault at the front of the queue when its upgrade request arrives. A fault
/// that concerns IDENTIFY or RESUME is used up by its connection whether or not that frame comes.
/// See [`Platform::force_gateway`](crate::Platform::force_gateway).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayFault {
    /// The upgrade is refused with this HTTP status.
    RefuseUpgrade(u16),
    /// The TCP connection is accepted, and then nothing is said.
    NoUpgrade,
    /// HELLO never comes. Frames of the client are answered as usual.
    NoHello,
    /// The connection is reset (TCP RST) right after HELLO.
    ResetAfterHello,
    /// IDENTIFY and RESUME are swallowed; heartbeats are acknowledged.
    NoReady,
    /// IDENTIFY is answered with this close code; RESUME works.
    CloseOnIdentify(u16),
    /// RESUME is answered with this close code, and the session stays; IDENTIFY works.
    CloseOnResume(u16),
    /// Op 9 instead of READY or RESUMED. Unless `resumable`, the session that a RESUME names is
    /// forgotten.
    InvalidThenClose {
        /// Whether RESUME is answered so.
        on_resume: bool,
        /// Whether IDENTIFY is answered so.
        on_identify: bool,
        /// The `d` of op 9.
        resumable: bool,
        /// The code that the connection is closed with 200 ms later. `None`: the client has 5 s
        /// to leave and is then closed, with 4009 if it may resume and 4006 otherwise.
        code: Option<u16>,
    },
    /// All works, but no heartbeat is ever acknowledged.
    NoAcks,
    /// READY comes without a `session_id`. RESUME works.
    BadReady,
    /// READY or RESUMED comes so much later; heartbeats are acknowledged meanwhile.
    SlowReady(Duration),
}

/// What goes wrong with one coming request to the token endpoint.
///
/// See [`Platform::force_token`](crate::Platform::force_token).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// 200 with code 100001: too many requests.
    RateLimited,
    /// 200 with code 100016: the secret is said to be wrong.
    WrongSecret,
    /// 200 with code 100007: the bot is banned.
    Banned,
    /// 500 with a JSON body.
    ServerError,
    /// 200 with an HTML page.
    Html,
    /// No answer, ever.
    Hang,
    /// 401 with code 11298: the caller's address is not on the bot's list.
    IpNotAllowed,
    /// The answer comes so much later.
    Slow(Duration),
}

/// A queue in which each entry serves a number of takers.
pub(crate) struct Forced<T>(Mutex<VecDeque<(T, usize)>>);

impl<T: Copy> Forced<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// Queues `item` for so many takers; `usize::MAX` is for ever.
    pub(crate) fn push(&self, item: T, times: usize) {
        if times > 0 {
            lock(&self.0).push_back((item, times));
        }
    }

    pub(crate) fn take(&self) -> Option<T> {
        let mut queue = lock(&self.0);
        let (item, times) = queue.front_mut()?;
        let item = *item;
        match *times {
            usize::MAX => {}
            1 => drop(queue.pop_front()),
            _ => *times -= 1,
        }
        Some(item)
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_serves_as_often_as_it_was_queued_for() {
        let forced = Forced::new();
        forced.push('a', 2);
        forced.push('b', 0);
        forced.push('c', usize::MAX);
        let taken: String = std::iter::from_fn(|| forced.take()).take(5).collect();
        assert_eq!(taken, "aaccc");
        forced.clear();
        assert_eq!(forced.take(), None);
    }
}
