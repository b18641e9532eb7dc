//! `retry_after` names a field of the variant.

use std::time::Duration;

use recovery_core::Classify;

#[derive(Classify)]
enum Error {
    #[classify(RateLimited, retry_after = wiat)]
    NearMiss { wait: Duration, queue: u32 },
    #[classify(RateLimited, retry_after = seconds)]
    Far { wait: Duration, queue: u32 },
    #[classify(RateLimited, retry_after = 2)]
    OutOfRange(u16, Duration),
    #[classify(RateLimited, retry_after = wait)]
    Unit,
    #[classify(RateLimited, retry_after = 5s)]
    Literal { wait: Duration },
    #[classify(RateLimited, retry_after = "wait")]
    Quoted { wait: Duration },
    #[classify(RateLimited, retry_after = self.wait)]
    OfSelf { wait: Duration },
    #[classify(RateLimited, retry_after = Duration::from_secs(1))]
    Computed,
    #[classify(RateLimited, retry_after = 0, retry_after = 1)]
    Twice(Duration, Duration),
}

#[derive(Classify)]
#[classify(RateLimited, retry_after = wait)]
enum Above {
    Busy { wait: Duration },
}

fn classified<E: Classify>(_: Option<E>) {}

fn main() {
    classified(None::<Error>);
    classified(None::<Above>);
}
