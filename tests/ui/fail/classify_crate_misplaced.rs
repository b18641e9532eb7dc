//! `crate` is a path, and stands above the type.

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(Network, crate = ::recovery_core)]
    Lost,
}

#[derive(Classify)]
#[classify(Network, crate = "recovery_core")]
struct Quoted;

#[derive(Classify)]
#[classify(Network, crate)]
struct Bare;

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    classified(None::<Quoted>);
    classified(None::<Bare>);
}
