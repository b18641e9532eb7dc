//! How a message ended well.

use botrs::models::api::MessageResponse;

use super::audit::Audit;

/// How a message ended well.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// The platform took it. In rare cases its answer cannot be read: then there is no id.
    Sent(MessageResponse),
    /// The platform had taken it before: an earlier attempt, or an earlier run of the program,
    /// whose answer was lost. The platform does not tell the message's id.
    AlreadyDelivered,
    /// The platform has taken it, and audits it before it shows it.
    Pending(Audit),
    /// It cannot be sent now, and waits in the [`Outbox`](super::Outbox), on the disk if there is one. It goes
    /// out when the platform takes it; whether it did, is told by events and counts only.
    Kept,
}

impl Delivery {
    /// The id of the message, where it is known: to recall it within 2 minutes, for instance.
    pub fn message_id(&self) -> Option<&str> {
        match self {
            Self::Sent(answer) => answer.id.as_deref(),
            Self::AlreadyDelivered | Self::Pending(_) | Self::Kept => None,
        }
    }
}
