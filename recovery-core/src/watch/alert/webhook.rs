//! Alerts by HTTP POST.

mod answer;
mod error;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, Url, redirect};
use serde_json::Value;

pub use self::error::InvalidWebhook;
use self::error::PostError;
use super::{Alert, AlertError, AlertSink, Delivery};
use crate::retry::{Retry, RetryConfig};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const AGENT: &str = concat!("recovery/", env!("CARGO_PKG_VERSION"));

type Body = dyn Fn(&Alert) -> Value + Send + Sync;
type Accepts = dyn Fn(&str) -> bool + Send + Sync;

/// Delivers alerts by an HTTP POST of JSON.
///
/// The body is that of [`Alert`], unless [`with_body`](Self::with_body) makes another: chat services each
/// want their own.
///
/// What fails and may pass is tried again, as long as [`time_limit`](Self::time_limit) allows: no
/// connection, no answer in time, status 408, 425, 429 and 5xx. `Retry-After` is obeyed. Other statuses
/// are final, and no redirect is followed. A service may get an alert twice, if its answer to the first
/// was lost.
///
/// The URL is a secret, since its key is in it: it is in no event, error or `Debug`. Proxies
/// (`HTTPS_PROXY` and its like) are obeyed.
///
/// # Examples
/// `WeCom`'s robot, whose messages are text:
/// ```
/// use recovery_core::watch::{Alert, AlertSinks, LogAlerts, WebhookAlerts};
/// use serde_json::json;
///
/// let wecom = WebhookAlerts::new("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hush")?
///     .with_body(|alert: &Alert| json!({
///         "msgtype": "text",
///         "text": { "content": alert.to_string() },
///     }));
/// assert!(!format!("{wecom:?}").contains("hush"));
/// let sinks = AlertSinks::new().and(LogAlerts).and(wecom);
/// assert_eq!(sinks.len(), 2);
/// # Ok::<(), recovery_core::watch::InvalidWebhook>(())
/// ```
/// Feishu's, which answers `200` also to what it refuses, and says so by `code`:
/// ```
/// use recovery_core::watch::{Alert, WebhookAlerts};
/// use serde_json::{Value, json};
///
/// let feishu = WebhookAlerts::new("https://open.feishu.cn/open-apis/bot/v2/hook/hush")?
///     .with_body(|alert: &Alert| json!({
///         "msg_type": "text",
///         "content": { "text": alert.to_string() },
///     }))
///     .accepted_if(|answer| {
///         let answer: Value = serde_json::from_str(answer).unwrap_or_default();
///         answer["code"] == 0
///     });
/// # let _ = feishu;
/// # Ok::<(), recovery_core::watch::InvalidWebhook>(())
/// ```
#[derive(Clone)]
#[must_use = "it delivers nothing until it is among the sinks"]
pub struct WebhookAlerts {
    client: Client,
    url: Url,
    body: Arc<Body>,
    accepts: Arc<Accepts>,
    policy: RetryConfig,
    attempt_limit: Duration,
    time_limit: Duration,
}

impl WebhookAlerts {
    /// Posts to `url`.
    ///
    /// # Errors
    /// If it is no `https` URL; `http` will do for a loopback host (`localhost`, 127.0.0.0/8, `::1`).
    pub fn new(url: &str) -> Result<Self, InvalidWebhook> {
        Self::to(url::encrypted(url)?)
    }

    /// The same, also for an `http` URL of another machine: who listens on the way can read the alerts and the
    /// URL's key.
    ///
    /// # Errors
    /// If it is neither an `https` nor an `http` URL.
    pub fn unencrypted(url: &str) -> Result<Self, InvalidWebhook> {
        Self::to(url::any(url)?)
    }

    fn to(url: Url) -> Result<Self, InvalidWebhook> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // Whoever redirects an alert would be handed it.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| InvalidWebhook::NoClient {
                reason: error::chain(&error.without_url()),
            })?;
        Ok(Self {
            client,
            url,
            body: Arc::new(|alert| serde_json::to_value(alert).unwrap_or_default()),
            accepts: Arc::new(answer::is_accepted),
            policy: policy(),
            attempt_limit: Duration::from_secs(10),
            time_limit: Duration::from_secs(120),
        })
    }

    /// Posts what `body` makes of an alert.
    pub fn with_body(mut self, body: impl Fn(&Alert) -> Value + Send + Sync + 'static) -> Self {
        self.body = Arc::new(body);
        self
    }

    /// Whether an answer of status 2xx means that the alert was taken, told by its text (of which at most 64 KiB
    /// are read). Default: unless it is a JSON object whose `errcode` is a number other than 0, as `WeCom` and
    /// `DingTalk` have it. What was not taken is tried again.
    pub fn accepted_if(mut self, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.accepts = Arc::new(accepts);
        self
    }

    /// Tries again as `policy` has it. Default: 6 attempts, the waits between them from 1 s, doubling, at most 30 s,
    /// with jitter.
    pub fn with_retry(mut self, policy: RetryConfig) -> Self {
        self.policy = policy;
        self
    }

    /// The longest that one attempt may take. Default: 10 s.
    pub const fn attempt_limit(mut self, limit: Duration) -> Self {
        self.attempt_limit = limit;
        self
    }

    /// No attempt begins later than this after the first. Default: 2 minutes. A delivery takes at most so long and
    /// one attempt more; what `Retry-After` puts off until later has failed.
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    async fn post(&self, body: &str) -> Result<(), PostError> {
        let request = self.client.post(self.url.clone());
        let request = request.header(USER_AGENT, AGENT);
        let request = request.header(CONTENT_TYPE, "application/json");
        let request = request.timeout(self.attempt_limit).body(body.to_owned());
        answer::check(request.send().await?, &*self.accepts).await
    }
}

impl AlertSink for WebhookAlerts {
    fn deliver<'a>(&'a self, alert: &'a Alert) -> Delivery<'a> {
        let body = (self.body)(alert).to_string();
        Box::pin(async move {
            let posted = Retry::new(self.policy.clone())
                .name("webhook")
                .deadline(self.time_limit)
                .run(|_| self.post(&body));
            posted.await.map_err(AlertError::new)
        })
    }

    fn name(&self) -> &'static str {
        "webhook"
    }
}

impl fmt::Debug for WebhookAlerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookAlerts")
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

fn policy() -> RetryConfig {
    RetryConfig::builder()
        .max_attempts(6)
        .initial_delay(Duration::from_secs(1))
        .max_delay(Duration::from_secs(30))
        .jitter(crate::Jitter::Full)
        .build()
        .expect("these values fit together")
}
