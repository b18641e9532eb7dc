//! A function that computes no kind is complained of at the user's tokens.

use recovery_core::{Classify, ErrorKind};

#[derive(Classify)]
#[classify(kind = Self::kind_of)]
struct Returned;

impl Returned {
    fn kind_of(&self) -> u16 {
        500
    }
}

#[derive(Classify)]
#[classify(kind = Self::kind_of)]
struct Consumed;

impl Consumed {
    fn kind_of(self) -> ErrorKind {
        ErrorKind::Other
    }
}

#[derive(Classify)]
#[classify(kind = |error| error.code)]
struct Closure {
    code: u16,
}

#[derive(Classify)]
#[classify(kind = absent)]
struct Absent;

fn main() {
    Returned.kind_of();
    Consumed.kind_of();
}
