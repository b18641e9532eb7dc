//! A body that consumes `self`.

use std::io;

use recovery_core::retry;

struct Client(String);

impl Client {
    #[retry]
    async fn finish(self) -> io::Result<String> {
        Ok(self.0)
    }
}

fn main() {
    drop(Client(String::new()).finish());
}
