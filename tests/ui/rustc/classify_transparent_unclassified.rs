//! A field that is asked for its answers, and cannot give them.

use recovery_core::Classify;

struct Opaque;

#[derive(Classify)]
enum Error {
    #[classify(transparent)]
    Inner(Vec<Opaque>),
    #[classify(Network)]
    Lost,
}

#[derive(Classify)]
#[classify(transparent)]
struct Generic<E>(E);

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    classified(None::<Generic<Opaque>>);
}
