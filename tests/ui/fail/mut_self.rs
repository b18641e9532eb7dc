//! Changes of `mut self` would leak into the next attempt.

use std::io;

use recovery_core::retry;

#[derive(Clone)]
struct Client {
    calls: u32,
}

impl Client {
    #[retry]
    async fn send(mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }
}

fn main() {
    drop(Client { calls: 0 }.send());
}
