//! A failure of which nothing says the kind.

use std::time::Duration;

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(Network)]
    Lost,
    Unlabelled(u16),
    #[classify(effect = none)]
    OnlyAnEffect,
}

#[derive(Classify)]
struct Refused;

#[derive(Classify)]
#[classify(retry_after = wait)]
struct Busy {
    wait: Duration,
}

fn classified<E: Classify>() {}

fn main() {
    classified::<Error>();
    classified::<Refused>();
    classified::<Busy>();
}
