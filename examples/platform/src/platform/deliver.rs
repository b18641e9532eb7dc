//! What users say, and what else the gateway dispatches.

use std::sync::Arc;

use serde_json::Value;

use super::Platform;
use crate::{
    event::{Dispatch, EventId, Scene, UserMessage},
    order::Order,
};

/// The bot of [`PlatformOptions::credentials`](crate::PlatformOptions::credentials).
const FIRST: usize = 0;

impl Platform {
    /// Lets a user say something, somewhere: the target follows from the seed and the number of
    /// events before.
    ///
    /// An event that no session is there for waits for the first one; an event for a session that
    /// is disconnected is replayed when it resumes. In a group, the content arrives with a blank
    /// before it, as the platform leaves one behind the mention. Where there are several shards,
    /// a channel's or a direct message's goes to shard `(guild id >> 22) % shards`, everything
    /// else to shard 0.
    pub fn deliver(&self, scene: Scene, content: &str) -> EventId {
        self.say(FIRST, scene.event_type(), scene, None, content)
    }

    /// As [`deliver`](Self::deliver), with the channel, direct-message guild, group or user named.
    pub fn deliver_to(&self, scene: Scene, target: &str, content: &str) -> EventId {
        self.say(FIRST, scene.event_type(), scene, Some(target), content)
    }

    /// As [`deliver_to`](Self::deliver_to), with an event type of one's own choice, such as
    /// `MESSAGE_CREATE` for a channel's message that does not mention the bot.
    pub fn deliver_as(&self, kind: &str, scene: Scene, target: &str, content: &str) -> EventId {
        self.say(FIRST, kind, scene, Some(target), content)
    }

    /// As [`deliver`](Self::deliver), to the bot with this app id.
    ///
    /// # Panics
    ///
    /// If the platform does not know the bot.
    pub fn deliver_for(&self, app_id: &str, scene: Scene, content: &str) -> EventId {
        let bot = self.known_bot(app_id);
        self.say(bot, scene.event_type(), scene, None, content)
    }

    /// Dispatches the same message again, with the same ids and a new sequence number; `false` if
    /// nobody said it. It stays one command in the ledger.
    pub fn deliver_again(&self, id: &EventId) -> bool {
        self.core.say_again(id)
    }

    /// Dispatches an event of any type. It is kept for replay like every other, and is no command
    /// in the ledger. The envelope has an `id` only if one is given, of whatever JSON type.
    ///
    /// A `guild_id` in the data decides the shard as with [`deliver`](Self::deliver).
    pub fn deliver_dispatch(&self, kind: &str, id: Option<Value>, data: Value) {
        let dispatch = Dispatch::new(kind, id, data);
        self.core.dispatch(FIRST, Arc::new(dispatch));
    }

    /// Writes a text frame, whatever it says, to every connected session, and keeps no copy of it;
    /// says how many there were.
    pub fn send_raw(&self, text: &str) -> usize {
        self.order(&Order::Raw(text.into()))
    }

    /// A test that names a bot which does not exist is mistaken.
    pub(super) fn known_bot(&self, app_id: &str) -> usize {
        let bot = self.core.bot_named(app_id);
        bot.unwrap_or_else(|| panic!("no bot has the app id {app_id}"))
    }

    fn say(
        &self,
        bot: usize,
        kind: &str,
        scene: Scene,
        target: Option<&str>,
        content: &str,
    ) -> EventId {
        let seed = self.core.options.faults.seed;
        self.core.say(bot, |number| {
            UserMessage::compose(seed, number, scene, target, content).with_kind(kind)
        })
    }
}
