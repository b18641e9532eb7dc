//! Access tokens: one for all, renewed in time, and a new one when the platform refuses it.
//!
//! A `botrs::Token` keeps its access token until it expires by its own count, even where the platform
//! refuses it before; it asks without a margin, and each of many waiters asks anew after a failure.

mod error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use botrs::Token;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

pub use self::error::TokenError;
use super::api::PlatformApi;
use super::hosts::Hosts;
use super::sync::lock;

/// The platform mints a new token only within the last 60 s of the old one, which works on.
const MARGIN: Duration = Duration::from_secs(50);
/// Part of the margin that is left to chance, so that many processes do not renew at once.
const MARGIN_JITTER: Duration = Duration::from_secs(5);

/// Between two requests of which the first did not help.
const PAUSE: Duration = Duration::from_secs(1);

type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Answer = Result<(String, Duration), TokenError>;
type Shared = Option<Result<AccessToken, TokenError>>;

/// What opens the platform's API. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<str>);

impl AccessToken {
    /// The token itself, as the gateway's RESUME wants it. A secret: never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The value of the header `Authorization`, `QQBot` and the token; so wants it IDENTIFY too. A
    /// secret: never log it.
    pub fn authorization_header(&self) -> String {
        format!("QQBot {}", self.0)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").finish_non_exhaustive()
    }
}

/// The access token of one bot, shared by all who need it.
///
/// Clones share one token. It is renewed before it expires: 45 to 50 s before its end, or at half of
/// its lifetime if that is below 100 s. (The platform's wiki v1.32.0: a new token is given only within
/// the last 60 s, and the old one works on.) While it is being renewed everybody goes on with the old
/// one, so that nobody waits for a renewal, or fails with one.
///
/// However many ask at once, there is one request, and they share its token or its error. After a
/// request that failed, or that brought back the token that was refused, the next one waits until a
/// second has passed.
///
/// # Examples
/// ```no_run
/// use recovery_core::Retry;
/// use recovery_core::botrs::{AccessTokens, Hosts, TokenError};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = AccessTokens::new(&botrs::Token::from_env()?, Hosts::production())?;
///
/// // One try each; a retry is the caller's.
/// let access = Retry::new(recovery_core::RetryConfig::default())
///     .run(|_| tokens.get())
///     .await?;
/// # let _ = access.authorization_header();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AccessTokens {
    inner: Arc<Inner>,
}

struct Inner {
    /// Counts the tokens that were refused.
    refusals: watch::Sender<u64>,
    ask: Box<dyn Fn() -> Asked + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// The last token that was refused.
    refused: Option<AccessToken>,
    flight: Option<Flight>,
    /// Before this no request is made.
    not_before: Option<Instant>,
}

#[derive(Clone)]
struct Current {
    token: AccessToken,
    renew_at: Instant,
    expires_at: Instant,
}

/// A request under way, in a task of its own: whoever began it may leave without a loss to others.
struct Flight {
    answer: watch::Receiver<Shared>,
    task: AbortHandle,
}

impl AccessTokens {
    /// The access token of the bot that `token` names; nothing is asked for yet.
    ///
    /// Only the app id and the secret of `token` are used.
    ///
    /// # Errors
    /// If the system's TLS roots cannot be loaded.
    pub fn new(token: &Token, hosts: Hosts) -> Result<Self, reqwest::Error> {
        let api = PlatformApi::new(hosts, token.app_id())?;
        Ok(Self::of(api, token))
    }

    /// The same, asked for through `api`.
    pub(crate) fn of(api: PlatformApi, token: &Token) -> Self {
        let (app_id, secret) = (token.app_id().to_owned(), token.secret().to_owned());
        let credentials = Arc::new((api, app_id, secret));
        Self::asking(move || {
            let credentials = Arc::clone(&credentials);
            Box::pin(async move {
                let (api, app_id, secret) = &*credentials;
                api.request_token(app_id, secret).await
            })
        })
    }

    fn asking(ask: impl Fn() -> Asked + Send + Sync + 'static) -> Self {
        Self {
            inner: Arc::new(Inner {
                refusals: watch::Sender::new(0),
                ask: Box::new(ask),
                state: Mutex::default(),
            }),
        }
    }

    /// The token that is good as far as is known; asked for, once, if there is none.
    ///
    /// # Errors
    /// That of the request, as everybody gets it who waited for it. [`TokenError`] tells by
    /// [`Classify`](trait@crate::Classify) whether another try may succeed.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropping the future leaves a request that is under way to the others. It runs for 10 s at
    /// most, and is dropped with the last clone of `self`.
    pub async fn get(&self) -> Result<AccessToken, TokenError> {
        loop {
            let mut answer = match self.inner.look() {
                Ok(token) => return Ok(token),
                Err(answer) => answer,
            };
            // An error: the task has ended without an answer, since its runtime was shut down.
            if let Ok(shared) = answer.wait_for(Option::is_some).await
                && let Some(answer) = shared.clone()
            {
                return answer;
            }
        }
    }

    /// Says that the platform refused `access` (code 11244). If it is still the current token, the
    /// next [`get`](Self::get) asks for another; otherwise somebody else has said so before.
    ///
    /// The platform may give the same token again. It is handed on, for it may be good again; but if
    /// it is refused once more, the next request waits until a second has passed since.
    pub fn invalidate(&self, access: &AccessToken) {
        let mut state = self.inner.lock();
        if state
            .current
            .as_ref()
            .is_some_and(|current| current.token == *access)
        {
            state.current = None;
            state.refused = Some(access.clone());
            self.inner.refusals.send_modify(|refusals| *refusals += 1);
        }
    }

    /// Changes whenever the platform has refused the current token.
    pub(crate) fn refusals(&self) -> watch::Receiver<u64> {
        self.inner.refusals.subscribe()
    }
}

impl Inner {
    /// The token, or where it will be.
    fn look(self: &Arc<Self>) -> Result<AccessToken, watch::Receiver<Shared>> {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(current) = state.current.clone()
            && now < current.expires_at
        {
            if now >= current.renew_at {
                self.join(&mut state, now);
            }
            return Ok(current.token);
        }
        Err(self.join(&mut state, now))
    }

    /// The request under way, or a new one.
    fn join(self: &Arc<Self>, state: &mut State, now: Instant) -> watch::Receiver<Shared> {
        if let Some(flight) = &state.flight
            && flight.is_alive()
        {
            return flight.answer.clone();
        }
        let (sender, answer) = watch::channel(None);
        let begin = state.not_before.map_or(now, |earliest| earliest.max(now));
        // Not an `Arc`: the request must not keep alive those it is made for.
        let weak = Arc::downgrade(self);
        let task = tokio::spawn(async move {
            sleep_until(begin).await;
            if let Some(answer) = Self::request(&weak).await {
                // Nobody may be left to hear it; the token is noted all the same.
                let _ = sender.send(Some(answer));
            }
        });
        state.flight = Some(Flight {
            answer: answer.clone(),
            task: task.abort_handle(),
        });
        answer
    }

    async fn request(weak: &Weak<Self>) -> Option<Result<AccessToken, TokenError>> {
        let begun = Instant::now();
        let asked = (weak.upgrade()?.ask)();
        let answer = asked.await;
        let inner = weak.upgrade()?;
        let mut state = inner.lock();
        state.flight = None;
        Some(state.note(begun, answer))
    }

    // Nothing under the lock can panic halfway.
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn note(&mut self, begun: Instant, answer: Answer) -> Result<AccessToken, TokenError> {
        let answer = answer.map(|(token, lifetime)| (AccessToken(token.into()), lifetime));
        let helped = match &answer {
            Ok((token, _)) => self.refused.as_ref() != Some(token),
            Err(_) => false,
        };
        self.not_before = (!helped).then(|| Instant::now() + PAUSE);
        let (token, lifetime) = answer?;
        self.current = Some(Current {
            token: token.clone(),
            renew_at: begun + lifetime.saturating_sub(margin(lifetime)),
            expires_at: begun + lifetime,
        });
        Ok(token)
    }
}

/// How long before its end a token of this lifetime is renewed.
fn margin(lifetime: Duration) -> Duration {
    if lifetime < 2 * MARGIN {
        return lifetime / 2;
    }
    MARGIN.saturating_sub(MARGIN_JITTER.mul_f64(fastrand::f64()))
}

impl Flight {
    fn is_alive(&self) -> bool {
        // Closed without an answer: its task was dropped with the runtime it ran on.
        self.answer.has_changed().is_ok()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = &state.flight {
            flight.task.abort();
        }
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens").finish_non_exhaustive()
    }
}
