#[retry(when = self.is_busy, name = "call")]
async fn by_predicate(&self) -> Result<(), ApiError> {
    self.call().await
}

#[retry]
#[retryable_on(Network, ApiError::Status(502 | 503), except(Timeout, ApiError::Lost { sent } if *sent))]
async fn by_patterns(&self) -> Result<(), ApiError> {
    self.call().await
}
