#[retry(policy = self.config, max = self.attempts, on_retry = |failed| self.report(failed))]
async fn call(&self) -> io::Result<()> {
    self.connect().await
}
