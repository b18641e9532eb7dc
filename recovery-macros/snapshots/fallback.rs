#[retry(fallback = |error| self.cached(error))]
async fn call(&self) -> io::Result<()> {
    self.connect().await
}
