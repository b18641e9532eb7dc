#[retry(max = 3, backoff = 2.0, jitter)]
#[retryable_on(Network, Timeout)]
async fn send(&self, channel: &str, text: &str) -> Result<MessageResponse, BotError> {
    self.api.send_message(channel, MessageParams::new_text(text)).await
}
