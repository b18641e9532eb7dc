//! A union cannot say what it holds.

use recovery_core::Classify;

#[derive(Classify)]
#[classify(Network)]
union Error {
    code: u32,
    bytes: [u8; 4],
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
}
