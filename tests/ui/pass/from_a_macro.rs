//! A function that a `macro_rules!` writes is annotated like any other.
#![deny(warnings)]

use std::io;

use recovery_core::{retry, retryable_on};

macro_rules! retried {
    ($name:ident($argument:ident: $ty:ty), $max:expr, $initial:tt, $kind:ident, $body:block) => {
        #[retry(max = $max, initial = $initial, clone($argument), attempt = number)]
        #[retryable_on($kind)]
        async fn $name($argument: $ty, calls: &mut u32) -> io::Result<$ty> {
            *calls += 1;
            let hidden = $argument;
            assert_eq!(number, *calls);
            if *calls < 3 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            $body;
            Ok(hidden)
        }
    };
}

retried!(given(word: String), 3, 10ms, Timeout, {});

macro_rules! methods {
    ($($name:ident $self:ident => $value:expr;)*) => {
        $(
            #[retry]
            async fn $name(&$self, mut step: u32) -> io::Result<u32> {
                step += $value;
                Ok(step)
            }
        )*
    };
}

struct Client {
    base: u32,
}

impl Client {
    methods! {
        one self => self.base;
        two self => self.base * 2;
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(given("a".to_owned(), &mut 0).await.unwrap(), "a");
    let client = Client { base: 1 };
    assert_eq!(
        client.one(1).await.unwrap() + client.two(1).await.unwrap(),
        5
    );
}
