/// Asks the server.
#[retry(max = 4, initial = 200ms, max_delay = 5s)]
#[retryable_on(Network)]
pub async fn ask() -> io::Result<()> {
    connect().await
}
