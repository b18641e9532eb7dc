#[retry]
fn call(&self, mut n: u32) -> impl Future<Output = io::Result<u32>> + Send {
    let client = self.client.clone();
    async move {
        n += 1;
        client.connect(n).await
    }
}
