//! Names that are no kind of error.

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(ServerError)]
    Server,
    #[classify(Netwrok)]
    Lost,
    #[classify(Banana)]
    Fruit,
    #[classify("RateLimited")]
    Quoted,
    #[classify(ErrorKind::Timeout)]
    ByPath,
    #[classify(recovery_core::ErrorKind::Elapsed)]
    ByFullPath,
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
}
