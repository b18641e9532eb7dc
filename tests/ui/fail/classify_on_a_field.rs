//! `#[classify]` stands above a variant or the type.

use std::io;
use std::time::Duration;

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(RateLimited)]
    Busy {
        #[classify(retry_after)]
        wait: Duration,
    },
    Io(#[classify(transparent)] io::Error),
}

#[derive(Classify)]
#[classify(Server)]
struct Down(#[classify(effect = none)] io::Error);

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    classified(None::<Down>);
}
