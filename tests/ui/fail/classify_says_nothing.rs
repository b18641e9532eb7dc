//! `#[classify]` without words.

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify]
    Bare,
    #[classify()]
    Empty,
    #[classify = "Network"]
    Valued,
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
}
