//! On an impl and on a trait.

use std::io;

use recovery_core::retry;

struct Client;

#[retry]
impl Client {
    async fn send(&self) -> io::Result<()> {
        Ok(())
    }
}

#[retry]
trait Load {
    fn load(&self) -> io::Result<()>;
}

impl Load for Client {
    fn load(&self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Client.send());
    drop(Client.load());
}
