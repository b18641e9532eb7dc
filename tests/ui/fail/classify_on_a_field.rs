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
    #[classify(Other)]
    Io(#[classify(transparent)] io::Error),
}

#[derive(Classify)]
#[classify(Server)]
struct Down<#[classify(transparent)] E>(E);

fn classified<E: Classify>() {}

fn main() {
    classified::<Error>();
    classified::<Down<io::Error>>();
}
