//! A default method of an `#[async_trait]` trait is retried, and its future can be spawned.
#![deny(warnings)]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use recovery_core::retry;

#[async_trait]
trait Greet: Sync {
    fn calls(&self) -> &AtomicU32;

    #[retry(max = 4, clone(name))]
    async fn greet(&self, mut name: String) -> Result<String, io::Error> {
        name.push('!');
        if self.calls().fetch_add(1, Ordering::Relaxed) < 3 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(name)
    }
}

struct Host(AtomicU32);

impl Greet for Host {
    fn calls(&self) -> &AtomicU32 {
        &self.0
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let host: Arc<dyn Greet + Send> = Arc::new(Host(AtomicU32::new(0)));
    let shared = Arc::clone(&host);
    let greeting = tokio::spawn(async move { shared.greet("a".to_owned()).await });
    assert_eq!(greeting.await.unwrap().unwrap(), "a!");
    assert_eq!(host.calls().load(Ordering::Relaxed), 4);
}
