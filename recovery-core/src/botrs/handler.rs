//! The handlers of a bot's author: called side by side, in order within a conversation, and each on
//! its own account.

mod forward;
mod lanes;
mod run;

pub(crate) use self::forward::Forwarder;
pub(crate) use self::lanes::Lanes;
pub(crate) use self::run::{HandlerLimits, report, run};
