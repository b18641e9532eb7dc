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

fn classified<E: Classify>() {}

fn main() {
    classified::<Error>();
}
