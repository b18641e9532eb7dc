//! Words without their value, and with one that they do not take.

use std::time::Duration;

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(RateLimited, retry_after)]
    Wait(Duration),
    #[classify(RateLimited, retry_after =)]
    Nothing(Duration),
    #[classify(RateLimited, retry_after(0))]
    Parentheses(Duration),
    #[classify(Server, effect)]
    Effect,
    #[classify(kind)]
    Kind,
    #[classify(Network = 3)]
    Valued,
    #[classify(Network effect = none)]
    NoComma,
    #[classify(, Network)]
    NothingBefore,
    #[classify(Network, 7)]
    Number,
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
}
