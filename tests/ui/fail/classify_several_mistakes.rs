//! All mistakes of one type are told in one build, and none of them at its uses.

use std::io;
use std::time::Duration;

use recovery_core::{Classify, retry, retryable_on};

#[derive(Debug, Classify)]
#[classify(effect = perhaps)]
enum Error {
    #[classify(ServerError, retry_after = wait, effect = None)]
    Busy { wiat: Duration },
    #[classify(transparnt)]
    Io(io::Error),
    Lost,
}

#[retry]
#[retryable_on(Network)]
async fn load() -> Result<(), Error> {
    Err(Error::Lost)
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    drop(load());
}
