//! `effect` is one of three plain words.

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(Server, effect = maybe)]
    Unknown,
    #[classify(Server, effect = "none")]
    Quoted,
    #[classify(Server, effect = None)]
    Capital,
    #[classify(Server, effect = Effect::Done)]
    ByPath,
    #[classify(Server, effect = false)]
    Truth,
    #[classify(Server, effect = none, effect = done)]
    Twice,
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
}
