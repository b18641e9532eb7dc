//! What a message says, and the body that says it.

use botrs::{MessageCreateType, MessageToCreate};
use serde_json::Value;

use super::target::{Scene, Source};

/// What a message says: a text, or all that botrs's `MessageToCreate` can.
///
/// Its `msg_id`, `event_id` and `msg_seq` are replaced: which message is replied to, and as which
/// reply, is the [`Messenger`](super::Messenger)'s to say.
///
/// ```
/// use botrs::MessageToCreate;
/// use recovery_core::botrs::Content;
///
/// let text: Content = "pong".into();
/// let markdown: Content = MessageToCreate { markdown: Some(Default::default()), ..Default::default() }.into();
/// # let _ = (text, markdown);
/// ```
#[derive(Clone, Debug)]
pub struct Content(MessageToCreate);

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self(MessageToCreate::new_text(text))
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self(MessageToCreate::new_text(text))
    }
}

impl From<MessageToCreate> for Content {
    fn from(message: MessageToCreate) -> Self {
        Self(message)
    }
}

impl Content {
    /// The body of an active message (`None`), or of a reply to this, as the reply of this number.
    pub(super) fn body(
        self,
        scene: Scene,
        reply: Option<(&Source, u32)>,
    ) -> Result<Value, serde_json::Error> {
        let mut message = self.0;
        (message.msg_id, message.event_id, message.msg_seq) = (None, None, None);
        if let Some((source, number)) = reply {
            match source {
                Source::Message(id) => message.msg_id = Some(id.clone()),
                Source::Event(id) => message.event_id = Some(id.clone()),
            }
            // Channels and direct messages know no such number.
            message.msg_seq = scene.deduplicates().then_some(number);
        }
        let kind = message.msg_type.unwrap_or_else(|| kind(&message));
        let mut body = serde_json::to_value(message)?;
        if scene.deduplicates() {
            // These require it, and botrs leaves out the 0 that stands for text.
            body["msg_type"] = u32::from(kind).into();
        }
        Ok(body)
    }
}

/// What the message is by what it carries.
fn kind(message: &MessageToCreate) -> MessageCreateType {
    if message.markdown.is_some() {
        MessageCreateType::Markdown
    } else if message.ark.is_some() {
        MessageCreateType::Ark
    } else if message.embed.is_some() {
        MessageCreateType::Embed
    } else if message.media.is_some() {
        MessageCreateType::RichMedia
    } else {
        MessageCreateType::Text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn strange() -> Content {
        let mut message = MessageToCreate::new_text("hi").with_reply("other");
        message.event_id = Some("other".to_owned());
        message.msg_seq = Some(77);
        message.into()
    }

    #[test]
    fn a_reply_carries_one_id_and_its_number() {
        let (message, event) = (Source::Message("M".into()), Source::Event("E".into()));
        for (scene, source, expected) in [
            (
                Scene::Group,
                &message,
                json!({"content": "hi", "msg_type": 0, "msg_id": "M", "msg_seq": 2}),
            ),
            (
                Scene::C2c,
                &event,
                json!({"content": "hi", "msg_type": 0, "event_id": "E", "msg_seq": 2}),
            ),
            (
                Scene::Channel,
                &message,
                json!({"content": "hi", "msg_id": "M"}),
            ),
            (
                Scene::Direct,
                &event,
                json!({"content": "hi", "event_id": "E"}),
            ),
        ] {
            let body = strange().body(scene, Some((source, 2))).unwrap();
            assert_eq!(body, expected, "{scene}");
        }
    }

    #[test]
    fn an_active_message_replies_to_nothing() {
        let body = strange().body(Scene::Channel, None).unwrap();
        assert_eq!(body, json!({"content": "hi"}));
    }

    #[test]
    fn the_type_is_told_from_what_is_carried() {
        let markdown = MessageToCreate {
            markdown: Some(botrs::MarkdownPayload::default()),
            ..MessageToCreate::default()
        };
        let body = Content::from(markdown.clone())
            .body(Scene::Group, None)
            .unwrap();
        assert_eq!(body["msg_type"], 2);
        let asked = MessageToCreate {
            msg_type: Some(MessageCreateType::Ark),
            ..markdown
        };
        let body = Content::from(asked).body(Scene::Group, None).unwrap();
        assert_eq!(body["msg_type"], 3);
    }
}
