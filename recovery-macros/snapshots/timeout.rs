#[retry(timeout = 5s)]
async fn call(&self) -> io::Result<()> {
    self.connect().await
}
