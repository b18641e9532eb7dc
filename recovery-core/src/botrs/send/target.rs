//! Where a message goes, and what it replies to.

use std::fmt;
use std::time::{Duration, SystemTime};

use botrs::{C2CMessage, GroupMessage, Message};
use chrono::DateTime;

const MINUTE: Duration = Duration::from_secs(60);

/// Where people talk to a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scene {
    /// A channel of a guild.
    Channel,
    /// A direct message of a guild member.
    Direct,
    /// A group chat.
    Group,
    /// A chat with one user.
    C2c,
}

impl Scene {
    /// Whether the platform recognises a repeated reply by its `msg_id` and `msg_seq`: in groups and
    /// C2C chats (platform wiki v1.32.0). Elsewhere a reply that is sent twice is seen twice.
    pub const fn deduplicates(self) -> bool {
        matches!(self, Self::Group | Self::C2c)
    }

    /// For how long a message may be replied to: 60 minutes in a C2C chat, 5 minutes elsewhere
    /// (platform wiki v1.32.0).
    pub const fn reply_window(self) -> Duration {
        match self {
            Self::C2c => Duration::from_secs(60 * 60),
            Self::Channel | Self::Direct | Self::Group => Duration::from_secs(5 * 60),
        }
    }

    /// How many replies a message may have, where there is a limit: 4 in a C2C chat, 5 in a group
    /// (platform wiki v1.32.0).
    pub const fn reply_limit(self) -> Option<u32> {
        match self {
            Self::C2c => Some(4),
            Self::Group => Some(5),
            Self::Channel | Self::Direct => None,
        }
    }

    /// The name in events and messages, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Direct => "direct",
            Self::Group => "group",
            Self::C2c => "c2c",
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A place that a message can be sent to, with the id that the platform knows it by.
///
/// ```
/// use recovery_core::botrs::{Place, Scene};
///
/// let place = Place::Group("6F8A".to_owned());
/// assert_eq!((place.scene(), place.id()), (Scene::Group, "6F8A"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A channel, by its `channel_id`.
    Channel(String),
    /// A direct message of a guild, by its `guild_id`.
    Direct(String),
    /// A group, by its `group_openid`.
    Group(String),
    /// A user, by the `user_openid`.
    C2c(String),
}

impl Place {
    /// Which kind of place it is.
    pub const fn scene(&self) -> Scene {
        match self {
            Self::Channel(_) => Scene::Channel,
            Self::Direct(_) => Scene::Direct,
            Self::Group(_) => Scene::Group,
            Self::C2c(_) => Scene::C2c,
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Channel(id) | Self::Direct(id) | Self::Group(id) | Self::C2c(id) => id,
        }
    }

    /// The path that its messages are sent to.
    pub(super) fn path(&self) -> Vec<&str> {
        match self {
            Self::Channel(id) => vec!["channels", id, "messages"],
            Self::Direct(id) => vec!["dms", id, "messages"],
            Self::Group(id) => vec!["v2", "groups", id, "messages"],
            Self::C2c(id) => vec!["v2", "users", id, "messages"],
        }
    }
}

/// What a message replies to; made from a message of botrs by reference.
///
/// A message that does not tell where it came from, or has no id, makes a target that every reply is
/// refused for, with [`SendError::NoTarget`](super::SendError::NoTarget).
///
/// ```
/// use botrs::Message;
/// use recovery_core::botrs::{Place, ReplyTarget};
///
/// let mut message = Message::default();
/// message.id = Some("M".to_owned());
/// message.channel_id = Some("C".to_owned());
/// message.guild_id = Some("G".to_owned());
/// let place = |message: &Message| ReplyTarget::from(message).place().cloned();
/// assert_eq!(place(&message), Some(Place::Channel("C".to_owned())));
///
/// message.src_guild_id = Some("S".to_owned());
/// assert_eq!(place(&message), Some(Place::Direct("G".to_owned())));
/// ```
#[derive(Clone, Debug)]
pub struct ReplyTarget(pub(super) Option<Origin>);

/// What is known of a target that is one.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) thread: Thread,
    /// When the platform says that it was sent.
    pub(super) sent_at: Option<SystemTime>,
}

/// All replies to one message, or to one event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) place: Place,
    pub(super) source: Source,
}

/// The platform takes one of the two ids, not both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Message(String),
    Event(String),
}

impl Source {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Message(id) | Self::Event(id) => id,
        }
    }
}

impl Thread {
    /// Whether a second attempt at a reply would be recognised. For events the wiki promises nothing.
    pub(super) fn deduplicates(&self) -> bool {
        self.place.scene().deduplicates() && matches!(self.source, Source::Message(_))
    }

    /// For how long replies are surely hopeless afterwards. The windows of events differ by their
    /// type, so that they are left to the platform; that of the longest is what is remembered.
    pub(super) fn window(&self) -> Duration {
        match self.source {
            Source::Message(_) => self.place.scene().reply_window(),
            Source::Event(_) => 60 * MINUTE,
        }
    }

    pub(super) fn limit(&self) -> Option<u32> {
        match self.source {
            Source::Message(_) => self.place.scene().reply_limit(),
            Source::Event(_) => None,
        }
    }
}

impl ReplyTarget {
    /// A reply to an event that is no message (the bot was added, a button was pressed), by the id
    /// of its envelope. It carries an `event_id` and no `msg_id`.
    ///
    /// The platform promises to recognise repeated replies by `msg_id` only. So a reply to an event
    /// is not retried after a failure that may have taken effect.
    pub fn event(place: Place, event_id: impl Into<String>) -> Self {
        Self::of(Some(place), Some(Source::Event(event_id.into())), None)
    }

    /// A reply to the message with this id, for whoever has no message of botrs at hand.
    pub fn message(place: Place, msg_id: impl Into<String>) -> Self {
        Self::of(Some(place), Some(Source::Message(msg_id.into())), None)
    }

    /// Where the reply goes, if that is known.
    pub fn place(&self) -> Option<&Place> {
        self.0.as_ref().map(|origin| &origin.thread.place)
    }

    fn of(place: Option<Place>, source: Option<Source>, timestamp: Option<&str>) -> Self {
        let place = place.filter(|place| !place.id().is_empty());
        let source = source.filter(|source| !source.id().is_empty());
        let (Some(place), Some(source)) = (place, source) else {
            return Self(None);
        };
        let sent_at = timestamp.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        Self(Some(Origin {
            thread: Thread { place, source },
            sent_at: sent_at.map(SystemTime::from),
        }))
    }
}

/// To the channel; to the guild of the direct message if it is one.
impl From<&Message> for ReplyTarget {
    fn from(message: &Message) -> Self {
        let from_guild = message.src_guild_id.as_deref().unwrap_or_default();
        let is_direct = message.direct_message == Some(true) || !from_guild.is_empty();
        let place = if is_direct {
            message.guild_id.clone().map(Place::Direct)
        } else {
            message.channel_id.clone().map(Place::Channel)
        };
        let source = message.id.clone().map(Source::Message);
        Self::of(place, source, message.timestamp.as_deref())
    }
}

/// To the group.
impl From<&GroupMessage> for ReplyTarget {
    fn from(message: &GroupMessage) -> Self {
        let place = message.group_openid.clone().map(Place::Group);
        let source = message.id.clone().map(Source::Message);
        Self::of(place, source, message.timestamp.as_deref())
    }
}

/// To the user.
impl From<&C2CMessage> for ReplyTarget {
    fn from(message: &C2CMessage) -> Self {
        let author = message.author.as_ref();
        let place = author.and_then(|author| author.user_openid.clone().map(Place::C2c));
        let source = message.id.clone().map(Source::Message);
        Self::of(place, source, message.timestamp.as_deref())
    }
}

impl From<&Self> for ReplyTarget {
    fn from(target: &Self) -> Self {
        target.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_a_place_or_an_id_is_no_target() {
        let mut message = GroupMessage::default();
        assert!(ReplyTarget::from(&message).place().is_none());
        message.group_openid = Some("G".to_owned());
        assert!(ReplyTarget::from(&message).place().is_none());
        message.id = Some(String::new());
        assert!(ReplyTarget::from(&message).place().is_none());
        message.id = Some("M".to_owned());
        assert!(ReplyTarget::from(&message).place().is_some());
    }

    #[test]
    fn a_direct_message_goes_to_its_guild() {
        let message = Message {
            id: Some("M".to_owned()),
            channel_id: Some("C".to_owned()),
            guild_id: Some("G".to_owned()),
            direct_message: Some(true),
            ..Message::default()
        };
        let target = ReplyTarget::from(&message);
        assert_eq!(target.place(), Some(&Place::Direct("G".to_owned())));
    }

    #[test]
    fn the_time_is_read_where_it_can_be() {
        let mut message = GroupMessage {
            id: Some("M".to_owned()),
            group_openid: Some("G".to_owned()),
            timestamp: Some("2026-01-01T08:00:00+08:00".to_owned()),
            ..GroupMessage::default()
        };
        let sent_at = |message: &GroupMessage| ReplyTarget::from(message).0.unwrap().sent_at;
        let midnight = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        assert_eq!(sent_at(&message), Some(midnight));
        message.timestamp = Some("yesterday".to_owned());
        assert_eq!(sent_at(&message), None);
    }
}
