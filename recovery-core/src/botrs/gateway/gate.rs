//! What `/gateway/bot` says: where the gateway is, and how many sessions may begin.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use ::botrs::BotError;
use ::botrs::models::api::GatewayResponse;
use tokio::time::Instant;

use super::allowance::Allowance;
use super::ending::Ending;
use super::starts::{Starts, Turn};
use crate::botrs::api::PlatformApi;
use crate::botrs::client::Unrecoverable;
use crate::botrs::is_token_expired;
use crate::botrs::journal::Journal;
use crate::botrs::sync::lock;
use crate::botrs::token::{AccessTokens, TokenError};
use crate::{Classify, ErrorKind};

/// However few starts are left, none is put off for longer.
const LONGEST_PACE: Duration = Duration::from_secs(10 * 60);

/// The answer of `/gateway/bot`, and what has been used of it since. All shards share it.
pub(crate) struct Gate {
    api: PlatformApi,
    tokens: AccessTokens,
    journal: Arc<Journal>,
    starts: Arc<Starts>,
    known: Mutex<Known>,
    /// One asks, the others wait for what it finds.
    asking: tokio::sync::Mutex<()>,
}

struct Known {
    url: String,
    shards: u32,
    total: u32,
    allowance: Allowance,
    resets_at: Instant,
    is_stale: bool,
}

/// Leave to begin a session.
pub(super) struct Leave<'a> {
    gate: &'a Gate,
    turn: Option<Turn>,
}

impl Leave<'_> {
    /// The IDENTIFY goes out now.
    pub(super) fn use_up(mut self) {
        if let Some(turn) = self.turn.take() {
            turn.written();
        }
        lock(&self.gate.known).allowance.send();
        self.gate.journal.identified(SystemTime::now());
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.turn.is_some() {
            // It came to nothing.
            lock(&self.gate.known).allowance.give_back();
        }
    }
}

/// Why a session may not be begun.
pub(super) enum NoLeave {
    Spent(Unrecoverable),
    LookUp(Ending),
}

impl Gate {
    /// Reads `/gateway/bot`.
    pub(crate) async fn open(
        api: PlatformApi,
        tokens: AccessTokens,
        journal: Arc<Journal>,
        window: Duration,
    ) -> Result<Self, LookUpError> {
        let found = look_up(&api, &tokens).await?;
        let (now, clock) = (Instant::now(), SystemTime::now());
        // What an earlier process has used of the window. Where the clock was set back, it is now.
        let before = journal.identifies().into_iter().filter_map(|at| {
            let age = clock.duration_since(at).unwrap_or_default();
            now.checked_sub(age).filter(|_| age < window)
        });
        let gate = Self {
            api,
            tokens,
            starts: Arc::new(Starts::new(window, before)),
            journal,
            known: Mutex::new(Known {
                url: String::new(),
                shards: 0,
                total: 0,
                allowance: Allowance::default(),
                resets_at: now,
                is_stale: false,
            }),
            asking: tokio::sync::Mutex::default(),
        };
        gate.learn(found, 0);
        Ok(gate)
    }

    pub(super) fn url(&self) -> String {
        lock(&self.known).url.clone()
    }

    /// How many shards the platform wants.
    pub(crate) fn shards(&self) -> u32 {
        lock(&self.known).shards
    }

    /// The answer is to be read again before it is next used.
    pub(crate) fn distrust(&self) {
        lock(&self.known).is_stale = true;
    }

    /// Reads the answer again, if that is called for.
    pub(crate) async fn refresh(&self) -> Result<(), LookUpError> {
        if !self.is_stale() {
            return Ok(());
        }
        let _one = self.asking.lock().await;
        if self.is_stale() {
            let sent_before = lock(&self.known).allowance.sent();
            self.learn(look_up(&self.api, &self.tokens).await?, sent_before);
        }
        Ok(())
    }

    /// What to say when `needed` session starts are not left.
    pub(crate) fn spent(&self, needed: u32) -> Unrecoverable {
        let known = lock(&self.known);
        Unrecoverable::SessionAllowanceSpent {
            total: known.total,
            remaining: known.allowance.remaining(),
            needed,
            resets_in: known.resets_at.saturating_duration_since(Instant::now()),
        }
    }

    /// How far apart session starts may be if the rest is to last until there are new ones.
    pub(super) fn pace(&self) -> Duration {
        let known = lock(&self.known);
        let left = known.resets_at.saturating_duration_since(Instant::now());
        (left / known.allowance.remaining().max(1)).min(LONGEST_PACE)
    }

    /// Waits for the turn to begin a session.
    pub(super) async fn leave(&self) -> Result<Leave<'_>, NoLeave> {
        let turn = self.starts.turn().await;
        if lock(&self.known).allowance.remaining() == 0 {
            self.distrust();
        }
        let refreshed = self.refresh().await;
        refreshed.map_err(|error| NoLeave::LookUp(error.into()))?;
        let is_promised = lock(&self.known).allowance.promise();
        if !is_promised {
            return Err(NoLeave::Spent(self.spent(1)));
        }
        Ok(Leave {
            gate: self,
            turn: Some(turn),
        })
    }

    fn is_stale(&self) -> bool {
        lock(&self.known).is_stale
    }

    fn learn(&self, found: GatewayResponse, sent_before: u32) {
        let limit = found.session_start_limit;
        self.starts.allow(limit.max_concurrency as usize);
        let mut known = lock(&self.known);
        known.url = found.url;
        known.shards = found.shards.max(1);
        known.total = limit.total;
        known.allowance.learn(limit.remaining, sent_before);
        known.resets_at = Instant::now() + Duration::from_millis(limit.reset_after.into());
        known.is_stale = false;
    }
}

/// Why `/gateway/bot` could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookUpError {
    #[error("there is no access token: {0}")]
    Token(TokenError),
    #[error("the gateway's address cannot be looked up: {0}")]
    Api(BotError),
}

impl Classify for LookUpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Token(error) => error.kind(),
            Self::Api(error) => error.kind(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Token(error) => error.retry_after(),
            Self::Api(error) => Classify::retry_after(error),
        }
    }
}

impl From<LookUpError> for Ending {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Token(error) => Self::Token(error),
            LookUpError::Api(error) => Self::LookUp(error),
        }
    }
}

/// One try, and a second one with a new token if the first was refused for its token.
async fn look_up(api: &PlatformApi, tokens: &AccessTokens) -> Result<GatewayResponse, LookUpError> {
    let token = tokens.get().await.map_err(LookUpError::Token)?;
    match api.gateway(&token).await {
        Err(error) if is_token_expired(&error) => tokens.invalidate(&token),
        answer => return answer.map_err(LookUpError::Api),
    }
    let token = tokens.get().await.map_err(LookUpError::Token)?;
    api.gateway(&token).await.map_err(LookUpError::Api)
}
