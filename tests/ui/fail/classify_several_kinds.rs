//! An error has one kind, named without `kind =`.

use recovery_core::{Classify, ErrorKind};

#[derive(Classify)]
enum Error {
    #[classify(Network, Timeout)]
    Two,
    #[classify(Network, Network)]
    Twice,
    #[classify(Network | Timeout)]
    ByBar,
    #[classify(Network)]
    #[classify(kind = Self::kind_of)]
    NamedAndComputed,
    #[classify(kind = Network)]
    ByWord,
    #[classify(kind = ServerError)]
    ByWrongWord,
    #[classify(kind = ErrorKind::Timeout)]
    ByPath,
    #[classify(kind = "Other")]
    Quoted,
    #[classify(kind = self.kind_of())]
    Called,
}

impl Error {
    fn kind_of(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
}
