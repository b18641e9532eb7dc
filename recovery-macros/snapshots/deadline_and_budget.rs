#[retry(max = unlimited, deadline = 60s, budget = self.budget)]
async fn call(&self) -> io::Result<()> {
    self.connect().await
}
