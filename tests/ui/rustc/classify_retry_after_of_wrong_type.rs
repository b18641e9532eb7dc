//! A field that is no wait is complained of where the attribute names it.

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(RateLimited, retry_after = seconds)]
    Busy { seconds: u64 },
    #[classify(Server, retry_after = 0)]
    Down(Option<u32>),
}

#[derive(Classify)]
#[classify(RateLimited, retry_after = wait)]
struct Generic<T> {
    wait: T,
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    classified(None::<Generic<u8>>);
}
