//! Frames of the gateway, read leniently: what the platform writes is not always what its documents
//! promise.

use botrs::models::gateway::GatewayEvent;
use serde_json::{Value, json};

/// A frame from the gateway.
#[derive(Debug)]
pub(super) enum Frame {
    /// op 0
    Dispatch(Dispatch),
    /// op 1: the gateway wants to hear a heartbeat.
    HeartbeatWanted,
    /// op 7
    Reconnect,
    /// op 9
    InvalidSession { resumable: bool },
    /// op 10
    Hello { interval_ms: u64 },
    /// op 11
    HeartbeatAck,
    /// Some other op.
    Other,
}

/// An event, as the gateway sent it.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) kind: String,
    pub(crate) sequence: Option<u64>,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// Why a frame cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("it is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("it has no `op`")]
    NoOpcode,
    #[error("it is an event without a type")]
    NoType,
}

impl Frame {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut frame: Value = serde_json::from_str(text)?;
        let opcode = frame["op"].as_u64().ok_or(Malformed::NoOpcode)?;
        Ok(match opcode {
            0 => {
                let kind = frame["t"].as_str().ok_or(Malformed::NoType)?.to_owned();
                Self::Dispatch(Dispatch {
                    sequence: frame["s"].as_u64(),
                    id: text_of(&frame["id"]),
                    data: frame["d"].take(),
                    kind,
                })
            }
            1 => Self::HeartbeatWanted,
            7 => Self::Reconnect,
            9 => Self::InvalidSession {
                resumable: frame["d"].as_bool().unwrap_or(false),
            },
            10 => Self::Hello {
                interval_ms: frame["d"]["heartbeat_interval"].as_u64().unwrap_or(45_000),
            },
            11 => Self::HeartbeatAck,
            _ => Self::Other,
        })
    }
}

impl Dispatch {
    /// The event as botrs is to see it: events that it would drop go where its users expect them, and
    /// lists that are `null` are left out, which is how botrs reads an empty one.
    pub(crate) fn into_event(mut self) -> GatewayEvent {
        let kind = self.kind.to_ascii_uppercase();
        let kind = match kind.as_str() {
            "MESSAGE_CREATE" => "AT_MESSAGE_CREATE",
            "GROUP_MESSAGE_CREATE" => "GROUP_AT_MESSAGE_CREATE",
            "AUDIO_ON_MIC" => "ON_MIC",
            "AUDIO_OFF_MIC" => "OFF_MIC",
            other => other,
        }
        .to_owned();
        strip_nulls(&mut self.data);
        // Where the envelope has no id, botrs would invent one, which no reply may quote.
        let id = self.id.or_else(|| is_message(&kind).then(String::new));
        GatewayEvent {
            id,
            event_type: Some(kind),
            data: (!self.data.is_null()).then_some(self.data),
            sequence: self.sequence,
            opcode: 0,
        }
    }

    /// What tells two pushes of one thing: the id of a message, or else that of the event. A message
    /// may come under several event types, with one id.
    pub(crate) fn identity(&self) -> Option<String> {
        if is_message(&self.kind.to_ascii_uppercase())
            && let Some(id) = text_of(&self.data["id"])
        {
            return Some(id);
        }
        self.id.clone()
    }

    /// Events of one conversation are handled in order. This names the conversation.
    pub(crate) fn conversation(&self) -> String {
        let data = &self.data;
        let named = [
            &data["group_openid"],
            &data["author"]["user_openid"],
            &data["user_openid"],
            &data["openid"],
            &data["channel_id"],
            &data["message"]["channel_id"],
            &data["guild_id"],
        ];
        named
            .into_iter()
            .find_map(text_of)
            .unwrap_or_else(|| self.kind.clone())
    }
}

/// The kinds whose `d` is a message, and which botrs gives an id of its own making.
fn is_message(kind: &str) -> bool {
    matches!(
        kind,
        "MESSAGE_CREATE"
            | "AT_MESSAGE_CREATE"
            | "DIRECT_MESSAGE_CREATE"
            | "GROUP_AT_MESSAGE_CREATE"
            | "GROUP_MESSAGE_CREATE"
            | "C2C_MESSAGE_CREATE"
    )
}

/// An id is a string in the documents, and now and then a number.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// op 1
pub(super) fn heartbeat(sequence: Option<u64>) -> String {
    json!({"op": 1, "d": sequence}).to_string()
}

/// op 2
pub(super) fn identify(authorization: &str, intents: u32, shard: [u32; 2]) -> String {
    json!({
        "op": 2,
        "d": {"token": authorization, "intents": intents, "shard": shard, "properties": {}},
    })
    .to_string()
}

/// op 6
pub(super) fn resume(authorization: &str, session: &str, sequence: u64) -> String {
    json!({
        "op": 6,
        "d": {"token": authorization, "session_id": session, "seq": sequence},
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispatch(text: &str) -> Dispatch {
        match Frame::parse(text) {
            Ok(Frame::Dispatch(dispatch)) => dispatch,
            other => panic!("expected an event, not {other:?}"),
        }
    }

    #[test]
    fn an_id_may_be_a_number_and_a_list_null() {
        let event = dispatch(
            r#"{"op":0,"s":2,"t":"C2C_MESSAGE_CREATE","id":7,"d":{"id":"M","mentions":null,"author":{"user_openid":"U"}}}"#,
        );
        assert_eq!(event.conversation(), "U");
        assert_eq!(event.identity().as_deref(), Some("M"));
        let event = event.into_event();
        assert_eq!(event.id.as_deref(), Some("7"));
        assert!(event.data.expect("there is data").get("mentions").is_none());
    }

    #[test]
    fn events_that_botrs_drops_go_where_users_expect_them() {
        for (sent, seen) in [
            ("MESSAGE_CREATE", "AT_MESSAGE_CREATE"),
            ("GROUP_MESSAGE_CREATE", "GROUP_AT_MESSAGE_CREATE"),
            ("AUDIO_ON_MIC", "ON_MIC"),
            ("AUDIO_OFF_MIC", "OFF_MIC"),
            ("SOMETHING_NEW", "SOMETHING_NEW"),
        ] {
            let event = dispatch(&json!({"op": 0, "t": sent, "d": {}}).to_string());
            assert_eq!(event.into_event().event_type.as_deref(), Some(seen));
        }
    }

    #[test]
    fn no_event_id_is_invented() {
        let event = dispatch(r#"{"op":0,"s":9,"t":"GROUP_AT_MESSAGE_CREATE","d":{"id":"M"}}"#);
        assert_eq!(event.into_event().id.as_deref(), Some(""));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let reason = |text| Frame::parse(text).expect_err("malformed").to_string();
        assert!(reason("{").starts_with("it is not JSON"));
        assert_eq!(reason(r#"{"t":"READY"}"#), "it has no `op`");
        assert_eq!(reason(r#"{"op":0}"#), "it is an event without a type");
    }
}
