//! What a bot remembers of its work and its users.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::state::{Records, TrackedMap};

/// How many bytes of an error are kept: enough to tell which one it was.
const LONGEST_ERROR: usize = 1024;

/// What a bot remembers of its work and its users, in a store of [`state`](crate::state).
///
/// Fields that are missing in what is loaded have their defaults; those that this version does not know are
/// kept in `other` and saved again. So an older and a newer version of a bot can take turns.
///
/// # Examples
/// ```
/// use recovery_core::botrs::BotState;
///
/// let mut state = BotState::new();
/// state.record_message("message 1", "ann");
/// state.record_error("the platform did not answer");
/// assert_eq!(state.processed_messages, 1);
/// assert_eq!(state.user_data["ann"].message_count, 1);
///
/// let saved = serde_json::to_string(&state)?;
/// let loaded: BotState = serde_json::from_str(&saved)?;
/// assert_eq!(loaded.user_data, state.user_data);
/// assert!(loaded.uptime_start >= state.uptime_start); // this process began just now
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BotState {
    /// The id of the message that was recorded last.
    pub last_message_id: Option<String>,
    /// How many messages were recorded, by this process and those before it.
    pub processed_messages: u64,
    /// How many errors were recorded, by this process and those before it.
    pub error_count: u64,
    /// The error that was recorded last; of a long one, its first 1024 bytes.
    pub last_error: Option<String>,
    /// Since when this process has been up. What a process before this one has saved is not taken over: the
    /// time of a start says nothing about the uptime after the next one.
    #[serde(deserialize_with = "now_whatever_was_saved")]
    pub uptime_start: Option<DateTime<Utc>>,
    /// What is remembered of each user, by the user's id.
    #[serde(skip_serializing_if = "is_empty")]
    pub user_data: TrackedMap<UserData>,
    /// What another version of the program has saved.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// What a bot remembers of a user.
///
/// # Examples
/// ```
/// use recovery_core::botrs::UserData;
///
/// let mut user = UserData::default();
/// user.preferences.insert("language".to_owned(), "zh".to_owned());
/// assert_eq!(user.message_count, 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserData {
    /// When a message of the user was recorded last.
    pub last_interaction: DateTime<Utc>,
    /// How many messages of the user were recorded.
    pub message_count: u64,
    /// What the user has chosen, by name.
    pub preferences: HashMap<String, String>,
    /// What another version of the program has saved.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl BotState {
    /// The state of a bot that begins now.
    pub fn new() -> Self {
        Self {
            last_message_id: None,
            processed_messages: 0,
            error_count: 0,
            last_error: None,
            uptime_start: Some(Utc::now()),
            user_data: TrackedMap::new(),
            other: BTreeMap::new(),
        }
    }

    /// A message of a user has come.
    pub fn record_message(&mut self, message_id: impl Into<String>, user_id: impl Into<String>) {
        self.last_message_id = Some(message_id.into());
        self.processed_messages = self.processed_messages.saturating_add(1);
        let user = self
            .user_data
            .get_or_insert_with(user_id, UserData::default);
        user.last_interaction = Utc::now();
        user.message_count = user.message_count.saturating_add(1);
    }

    /// How long this process has been up, by the wall clock: zero where that is not known, or the clock was
    /// set back.
    pub fn uptime(&self) -> Duration {
        let since = self.uptime_start.map(|start| Utc::now() - start);
        since
            .and_then(|since| since.to_std().ok())
            .unwrap_or_default()
    }

    /// Something has failed.
    pub fn record_error(&mut self, error: &str) {
        self.error_count = self.error_count.saturating_add(1);
        let mut end = LONGEST_ERROR.min(error.len());
        while !error.is_char_boundary(end) {
            end -= 1;
        }
        self.last_error = Some(error[..end].to_owned());
    }
}

impl Default for BotState {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for UserData {
    fn default() -> Self {
        Self {
            last_interaction: Utc::now(),
            message_count: 0,
            preferences: HashMap::new(),
            other: BTreeMap::new(),
        }
    }
}

/// The root is a state without users.
impl Records for BotState {
    type Root = Self;
    type Record = UserData;

    fn from_parts(root: Self, user_data: TrackedMap<UserData>) -> Self {
        Self { user_data, ..root }
    }

    fn root(&self) -> Self {
        Self {
            last_message_id: self.last_message_id.clone(),
            last_error: self.last_error.clone(),
            other: self.other.clone(),
            user_data: TrackedMap::new(),
            ..*self
        }
    }

    fn records(&mut self) -> &mut TrackedMap<UserData> {
        &mut self.user_data
    }
}

fn is_empty(users: &TrackedMap<UserData>) -> bool {
    users.is_empty()
}

fn now_whatever_was_saved<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Ok(Some(Utc::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uptime_is_that_of_this_process() {
        let saved = r#"{"uptime_start":"2001-01-01T00:00:00Z"}"#;
        let before = Utc::now();
        let state: BotState = serde_json::from_str(saved).unwrap();
        assert!(state.uptime_start.unwrap() >= before);
        assert_eq!(state.other, BTreeMap::new());
    }

    #[test]
    fn what_another_version_has_saved_is_kept() {
        let saved = r#"{"mood":"good","user_data":{"ann":{"message_count":3,"level":7}}}"#;
        let state: BotState = serde_json::from_str(saved).unwrap();
        assert_eq!(state.processed_messages, 0);
        assert_eq!(state.user_data["ann"].message_count, 3);
        let saved: Value = serde_json::to_value(&state).unwrap();
        assert_eq!(saved["mood"], "good");
        assert_eq!(saved["user_data"]["ann"]["level"], 7);
    }

    #[test]
    fn counts_stay_at_their_greatest() {
        let mut state = BotState {
            processed_messages: u64::MAX,
            error_count: u64::MAX,
            ..BotState::new()
        };
        state.record_message("1", "ann");
        state.record_error("lost");
        assert_eq!(
            (state.processed_messages, state.error_count),
            (u64::MAX, u64::MAX)
        );
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        let mut state = BotState::new();
        state.record_error(&"错".repeat(1000));
        let kept = state.last_error.unwrap();
        assert_eq!(kept, "错".repeat(LONGEST_ERROR / 3));
    }

    #[test]
    fn its_root_and_its_users_make_the_state_again() {
        let mut state = BotState::new();
        state.record_message("1", "ann");
        state.other.insert("mood".to_owned(), "good".into());
        let root = state.root();
        assert!(root.user_data.is_empty());
        assert_eq!(BotState::from_parts(root, state.user_data.clone()), state);
    }
}
