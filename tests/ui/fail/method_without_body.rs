//! On a method without a body.

use std::io;

use recovery_core::{retry, retryable_on};

trait Load {
    #[retry]
    fn load(&self) -> io::Result<()>;

    #[retryable_on(Network)]
    #[retry]
    fn listed(&self) -> io::Result<()>;
}

struct Client;

impl Load for Client {
    fn load(&self) -> io::Result<()> {
        Ok(())
    }

    fn listed(&self) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Client.load());
    drop(Client.listed());
}
