//! Events: what users say, in the platform's wire format.

use std::fmt;

use serde_json::{Value, json};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::mix::{SplitMix, fnv1a};

/// How many channels, guilds, groups and users speak when no target is named.
const POPULATION: usize = 300;

/// Where people talk to a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scene {
    /// A channel of a guild, with the bot mentioned.
    Channel,
    /// A direct message of a guild member.
    Direct,
    /// A group chat, with the bot mentioned.
    Group,
    /// A chat with one user.
    C2c,
}

impl Scene {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Channel, Self::Direct, Self::Group, Self::C2c];

    /// Whether the platform recognises a repeated reply, by target, `msg_id` and `msg_seq`.
    ///
    /// Groups and C2C chats have this key; channels and direct messages do not, so a reply that is
    /// sent twice there is seen twice.
    pub const fn deduplicates(self) -> bool {
        matches!(self, Self::Group | Self::C2c)
    }

    /// The event type of a message in this scene that is meant for the bot.
    pub(crate) const fn event_type(self) -> &'static str {
        match self {
            Self::Channel => "AT_MESSAGE_CREATE",
            Self::Direct => "DIRECT_MESSAGE_CREATE",
            Self::Group => "GROUP_AT_MESSAGE_CREATE",
            Self::C2c => "C2C_MESSAGE_CREATE",
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Channel => "channel",
            Self::Direct => "direct",
            Self::Group => "group",
            Self::C2c => "c2c",
        })
    }
}

/// The id of a message that a user sent: the `msg_id` that a reply to it quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub(crate) String);

impl EventId {
    /// The id as it stands in `d.id` of the event and in `msg_id` of a reply.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// One dispatch, without the sequence number that a session gives it.
#[derive(Debug)]
pub(crate) struct Dispatch {
    kind: String,
    /// The envelope's id, which a reply may quote as `event_id`.
    id: Option<Value>,
    data: Value,
}

/// How the audit of a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuditVerdict {
    /// `MESSAGE_AUDIT_PASS`; the message reaches its user.
    #[default]
    Pass,
    /// `MESSAGE_AUDIT_REJECT`; the message never reaches anyone.
    Reject,
}

impl AuditVerdict {
    const fn event_type(self) -> &'static str {
        match self {
            Self::Pass => "MESSAGE_AUDIT_PASS",
            Self::Reject => "MESSAGE_AUDIT_REJECT",
        }
    }
}

/// A message whose audit is over.
pub(crate) struct Audited<'a> {
    pub(crate) audit_id: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) scene: Scene,
    pub(crate) target: &'a str,
    pub(crate) waiting_since: OffsetDateTime,
}

impl Dispatch {
    pub(crate) fn new(kind: impl Into<String>, id: Option<Value>, data: Value) -> Self {
        Self {
            kind: kind.into(),
            id,
            data,
        }
    }

    /// The frame as a session sends it.
    pub(crate) fn frame(&self, sequence: u64) -> String {
        let mut frame = json!({"op": 0, "s": sequence, "t": self.kind, "d": self.data});
        if let Some(id) = &self.id {
            frame["id"] = id.clone();
        }
        frame.to_string()
    }

    /// The guild that the event comes from, if it comes from one and names it by a number.
    pub(crate) fn guild(&self) -> Option<u64> {
        let guild = &self.data["guild_id"];
        guild.as_u64().or_else(|| guild.as_str()?.parse().ok())
    }

    /// The event that tells how a message's audit ended.
    pub(crate) fn audited(verdict: AuditVerdict, message: &Audited<'_>) -> Self {
        let audit_id = message.audit_id;
        let mut data = json!({
            "audit_id": audit_id,
            "audit_time": now(),
            "create_time": format_time(message.waiting_since),
        });
        if verdict == AuditVerdict::Pass {
            data["message_id"] = json!(message.message_id);
        }
        let key = match message.scene {
            Scene::Channel => "channel_id",
            Scene::Direct => "guild_id",
            Scene::Group => "group_openid",
            Scene::C2c => "user_openid",
        };
        data[key] = json!(message.target);
        let kind = verdict.event_type();
        Self::new(kind, Some(json!(format!("{kind}:{audit_id}"))), data)
    }
}

/// A message from a user, ready to be dispatched.
#[derive(Debug)]
pub(crate) struct UserMessage {
    pub(crate) msg_id: String,
    pub(crate) scene: Scene,
    pub(crate) target: String,
    pub(crate) content: String,
    /// The envelope's id.
    pub(crate) envelope: String,
    pub(crate) dispatch: Dispatch,
}

impl UserMessage {
    /// The `number`th message of a run. Ids and, unless named, the target follow from the seed.
    pub(crate) fn compose(
        seed: u64,
        number: u64,
        scene: Scene,
        target: Option<&str>,
        content: &str,
    ) -> Self {
        let mut stream = SplitMix::new(seed, fnv1a(&["event"]) ^ number);
        let unique = format!("{number:06}{:016x}", stream.next());
        let chosen = stream.below(POPULATION);
        let target = target.map_or_else(|| target_name(seed, scene, chosen), str::to_owned);
        let author = stream.below(POPULATION);
        let (msg_id, data) = match scene {
            Scene::Channel => {
                let msg_id = format!("08{unique}");
                let data = json!({
                    "id": msg_id,
                    "channel_id": target,
                    "guild_id": decimal(seed, "guild", chosen / 4),
                    "content": content,
                    "author": {"id": decimal(seed, "member", author), "username": "member", "bot": false},
                    "timestamp": now(),
                    "seq": number,
                });
                (msg_id, data)
            }
            Scene::Direct => {
                let msg_id = format!("09{unique}");
                let data = json!({
                    "id": msg_id,
                    "channel_id": decimal(seed, "direct channel", chosen),
                    "guild_id": target,
                    "src_guild_id": decimal(seed, "guild", chosen / 4),
                    "direct_message": true,
                    "content": content,
                    "author": {"id": decimal(seed, "member", author), "username": "member", "bot": false},
                    "timestamp": now(),
                });
                (msg_id, data)
            }
            Scene::Group => {
                let msg_id = format!("ROBOT1.0_{unique}");
                let data = json!({
                    "id": msg_id,
                    "group_openid": target,
                    // The platform strips the mention and leaves the blank behind it.
                    "content": format!(" {content}"),
                    "author": {"member_openid": openid(seed, "group member", author)},
                    "timestamp": now(),
                });
                (msg_id, data)
            }
            Scene::C2c => {
                let msg_id = format!("ROBOT1.0_{unique}");
                let data = json!({
                    "id": msg_id,
                    "content": content,
                    "author": {"user_openid": target},
                    "timestamp": now(),
                });
                (msg_id, data)
            }
        };
        let kind = scene.event_type();
        let envelope = format!("{kind}:{msg_id}");
        Self {
            dispatch: Dispatch::new(kind, Some(json!(envelope)), data),
            msg_id,
            scene,
            target,
            content: content.to_owned(),
            envelope,
        }
    }

    /// The same message as an event of another type.
    pub(crate) fn with_kind(mut self, kind: &str) -> Self {
        self.envelope = format!("{kind}:{}", self.msg_id);
        kind.clone_into(&mut self.dispatch.kind);
        self.dispatch.id = Some(json!(self.envelope));
        self
    }
}

fn target_name(seed: u64, scene: Scene, index: usize) -> String {
    match scene {
        Scene::Channel => decimal(seed, "channel", index),
        Scene::Direct => decimal(seed, "direct guild", index),
        Scene::Group => openid(seed, "group", index),
        Scene::C2c => openid(seed, "user", index),
    }
}

fn decimal(seed: u64, what: &str, index: usize) -> String {
    let mut stream = SplitMix::new(seed, fnv1a(&[what]) ^ index as u64);
    (1_000_000_000_000 + stream.next() % 8_999_999_999_999).to_string()
}

fn openid(seed: u64, what: &str, index: usize) -> String {
    let mut stream = SplitMix::new(seed, fnv1a(&[what]) ^ index as u64);
    format!("{:016X}{:016X}", stream.next(), stream.next())
}

/// The present in the platform's own time zone and format.
pub(crate) fn now() -> String {
    format_time(OffsetDateTime::now_utc())
}

fn format_time(instant: OffsetDateTime) -> String {
    let beijing = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
    let whole = instant.to_offset(beijing);
    whole
        .replace_nanosecond(0)
        .unwrap_or(whole)
        .format(&Rfc3339)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_seed_and_number_alone() {
        let first = UserMessage::compose(1, 5, Scene::Group, None, "a");
        let again = UserMessage::compose(1, 5, Scene::Group, None, "b");
        assert_eq!(
            (&first.msg_id, &first.target),
            (&again.msg_id, &again.target)
        );
        let other = UserMessage::compose(2, 5, Scene::Group, None, "a");
        assert_ne!(first.msg_id, other.msg_id);
    }

    #[test]
    fn times_are_written_with_the_platforms_offset() {
        assert_eq!(
            format_time(OffsetDateTime::UNIX_EPOCH),
            "1970-01-01T08:00:00+08:00"
        );
    }
}
