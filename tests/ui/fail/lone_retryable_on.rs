//! A list without `#[retry]`.

use std::io;

use recovery_core::retryable_on;

#[retryable_on(Network)]
async fn refused() -> io::Result<()> {
    Ok(())
}

#[retryable_on(Network)]
struct Client;

#[retryable_on(Network)]
trait Load {
    #[retryable_on(Network)]
    fn load(&self) -> io::Result<()>;

    #[retryable_on(Network)]
    fn load_default(&self) -> io::Result<()> {
        Ok(())
    }
}

#[retryable_on(Network)]
impl Load for Client {
    fn load(&self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(refused());
    drop(Client.load());
    drop(Client.load_default());
}
