//! Orders to live sessions.

use std::sync::Arc;

/// What the connection of a live session is told to do.
///
/// See [`Platform::order_shard`](crate::Platform::order_shard); each order is described at the
/// method of [`Platform`](crate::Platform) that gives it to every session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// [`Platform::reconnect`](crate::Platform::reconnect).
    Reconnect,
    /// [`Platform::invalidate_sessions`](crate::Platform::invalidate_sessions), or, with a code,
    /// [`Platform::invalidate_then_close`](crate::Platform::invalidate_then_close).
    Invalidate {
        /// The `d` of op 9.
        resumable: bool,
        /// The code that the connection is closed with 200 ms later.
        code: Option<u16>,
    },
    /// [`Platform::close_sessions`](crate::Platform::close_sessions).
    Close {
        /// The close code.
        code: u16,
    },
    /// [`Platform::stop_acks`](crate::Platform::stop_acks).
    StopAcks,
    /// [`Platform::go_silent`](crate::Platform::go_silent).
    GoSilent,
    /// [`Platform::tear_mid_frame`](crate::Platform::tear_mid_frame).
    TearMidFrame,
    /// [`Platform::tear_connections`](crate::Platform::tear_connections).
    Tear,
    /// [`Platform::ask_for_heartbeat`](crate::Platform::ask_for_heartbeat).
    AskForHeartbeat,
    /// [`Platform::send_raw`](crate::Platform::send_raw).
    Raw(Arc<str>),
}

impl Order {
    /// Whether no session survives this order.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Invalidate {
                resumable: false,
                ..
            }
        )
    }

    pub(crate) fn ends_connection(&self) -> bool {
        !matches!(self, Self::StopAcks | Self::AskForHeartbeat | Self::Raw(_))
    }
}

/// What is said beside a close code that a session is closed with.
pub(crate) fn close_reason(code: u16) -> &'static str {
    match code {
        4009 => "session timed out",
        4902 => "reset by resume",
        4914 | 4915 => "bot is banned",
        _ => "closed by the platform",
    }
}
