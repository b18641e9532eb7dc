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

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    classified(None::<Refused>);
    classified(None::<Busy>);
}
