#[retry(breaker = self.breaker, pushback = self.pushback, cancel = self.shutdown)]
async fn call(&self) -> io::Result<()> {
    self.connect().await
}
