//! Words that `#[classify]` does not have.

use std::io;
use std::time::Duration;

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(Server, retryable)]
    Retryable,
    #[classify(transient)]
    Transient,
    #[classify(RateLimited, after = 0)]
    After(Duration),
    #[classify(RateLimited, delay = 5s)]
    Delay,
    #[classify(network)]
    Lower,
    #[classify(Network, efect = none)]
    NearMiss,
    #[classify(inner)]
    Inner(io::Error),
    #[classify(banana(a, b))]
    Far,
    #[classify(code = 500)]
    Code,
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
}
