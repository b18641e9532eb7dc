//! What the platform says of the bot, or last said, when it cannot be reached.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use botrs::{BotError, Context};
use recovery_core::{CircuitBreaker, StopReason, retry, retryable_on};

/// Asks the platform, shortly: somebody waits for the answer, and an old one is better than none.
pub(crate) struct PlatformView {
    breaker: Arc<CircuitBreaker>,
    last: Mutex<Option<(String, Instant)>>,
}

impl PlatformView {
    /// With the breaker that all calls of the platform's API share.
    pub(crate) fn new(breaker: Arc<CircuitBreaker>) -> Self {
        Self {
            breaker,
            last: Mutex::default(),
        }
    }

    /// One line about the platform: fresh, or the last one and why it is not fresh.
    #[retry(
        max = 2,
        initial = 200ms,
        timeout = 2s,
        deadline = 4s,
        breaker = self.breaker,
        fallback = |_, reason| Ok(self.as_last_seen(reason)),
    )]
    #[retryable_on(Network, Timeout, RateLimited, Server)]
    pub(crate) async fn line(&self, ctx: &Context) -> Result<String, BotError> {
        let me = ctx.api().get_bot_info().await?;
        if me.id.is_empty() {
            // HTTP 200 with an error in its body, which botrs takes for an answer.
            return Err(BotError::api(
                500,
                "the platform does not say who the bot is",
            ));
        }
        let line = format!("平台: 正常，登录为 {}", me.username);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((line.clone(), Instant::now()));
        Ok(line)
    }

    fn as_last_seen(&self, reason: StopReason) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((line, at)) => format!(
                "{line}（{} 秒前；现在无法访问：{reason}）",
                at.elapsed().as_secs()
            ),
            None => format!("平台: 现在无法访问（{reason}）"),
        }
    }
}
