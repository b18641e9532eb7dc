//! `transparent` has one field, and stands alone.

use std::io;

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(transparent)]
    Unit,
    #[classify(transparent)]
    Two(io::Error, u16),
    #[classify(transparent, Network)]
    WithKind(io::Error),
    #[classify(transparent, effect = none)]
    WithEffect(io::Error),
    #[classify(transparent, transparent)]
    Twice(io::Error),
    #[classify(transparent = true)]
    WithValue(io::Error),
}

#[derive(Classify)]
#[classify(transparent)]
struct Refused {}

#[derive(Classify)]
#[classify(transparent)]
enum Above {
    Io(io::Error),
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    classified(None::<Refused>);
    classified(None::<Above>);
}
