//! What comes out of a `macro_rules!` is refused as if it were written by hand.

use std::io;

use recovery_core::retry;

macro_rules! retried {
    ($name:ident, $max:expr, $initial:literal, $result:ty) => {
        #[retry(max = $max, initial = $initial)]
        async fn $name() -> $result {
            loop {}
        }
    };
}

retried!(no_attempt, 0, 10ms, io::Result<()>);
retried!(no_unit, 3, 10, io::Result<()>);
retried!(no_result, 3, 10ms, Option<u32>);

fn main() {
    drop(no_attempt());
    drop(no_unit());
    drop(no_result());
}
