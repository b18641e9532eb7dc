//! Which replies have been begun, so that none is begun again after a restart.

use super::target::Scene;

/// What identifies a reply over restarts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct SendKey {
    /// Where.
    pub scene: Scene,
    /// The id of the channel, the direct message's guild, the group or the user.
    pub target: String,
    /// The id of the message that is replied to, or of the event if it is no message.
    pub msg_id: String,
    /// The number of the reply: 1 for the first to that message.
    pub msg_seq: u32,
}

/// What a [`SendJournal`] knows of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It begins now.
    First,
    /// It was begun before. Whether it arrived is not known.
    Before,
}

/// Notes which replies have been begun.
///
/// Channels and direct messages do not recognise a repeated reply. A bot that was ended between a
/// reply and the note that its event was handled is given that event again: only a journal that
/// outlives the process then keeps it from replying twice.
pub trait SendJournal: Send + Sync {
    /// Notes that this reply begins, and says whether it was noted before.
    ///
    /// Called once a reply, right before its first attempt, from async code: it should take
    /// microseconds. What it returns [`Begun::First`] for must be noted for good by then.
    fn begin(&self, key: &SendKey) -> Begun;
}
