//! What `#[derive(Classify)]` makes an error answer.
// The expansion is held to the lints that its users may have switched on.
#![warn(clippy::pedantic, clippy::nursery)]
#![allow(
    clippy::redundant_pub_crate,
    reason = "`unreachable_pub` asks for the contrary"
)]

use std::fmt::Debug;
use std::io;
use std::time::Duration;

use recovery_core::{Classify, Effect, ErrorKind, retry, retryable_on};
use tokio::time::Instant;

const WAIT: Duration = Duration::from_secs(7);

/// All four answers, to compare at once.
fn answers(error: &impl Classify) -> (ErrorKind, Option<Duration>, Effect, bool) {
    (
        error.kind(),
        error.retry_after(),
        error.effect(),
        error.is_transient(),
    )
}

#[derive(Debug, PartialEq, Classify)]
enum ApiError {
    #[classify(RateLimited, retry_after = wait, effect = none)]
    Busy { wait: Duration, queue: u32 },
    #[classify(Server, retry_after = 1)]
    Overloaded(u16, Option<Duration>),
    #[classify(Timeout, effect = unknown)]
    NoAnswer,
    #[classify(Network, effect = done)]
    AnswerLost,
    #[classify(NotFound)]
    NoSuchUser { id: u64 },
    #[classify(Conflict)]
    TakenAlready(),
}

#[test]
fn each_variant_answers_by_its_words() {
    use ErrorKind::{Conflict, Network, NotFound, RateLimited, Server, Timeout};
    let busy = ApiError::Busy {
        wait: WAIT,
        queue: 3,
    };
    for (error, kind, retry_after, effect, is_transient) in [
        (busy, RateLimited, Some(WAIT), Effect::None, true),
        (
            ApiError::Overloaded(503, Some(WAIT)),
            Server,
            Some(WAIT),
            Effect::Unknown,
            true,
        ),
        (
            ApiError::Overloaded(503, None),
            Server,
            None,
            Effect::Unknown,
            true,
        ),
        (ApiError::NoAnswer, Timeout, None, Effect::Unknown, true),
        (ApiError::AnswerLost, Network, None, Effect::Done, false),
        (
            ApiError::NoSuchUser { id: 1 },
            NotFound,
            None,
            Effect::Unknown,
            false,
        ),
        (
            ApiError::TakenAlready(),
            Conflict,
            None,
            Effect::Unknown,
            false,
        ),
    ] {
        let expected = (kind, retry_after, effect, is_transient);
        assert_eq!(answers(&error), expected, "{error:?}");
    }
}

#[test]
fn every_kind_has_its_word() {
    macro_rules! is_named {
        ($($kind:ident)*) => {$({
            #[derive(Classify)]
            #[classify($kind)]
            struct Error;
            assert_eq!(Error.kind(), ErrorKind::$kind);
        })*};
    }
    is_named! {
        Network Timeout RateLimited Server Authentication Forbidden NotFound InvalidInput Conflict
        Cancelled Other
    }
}

#[test]
fn a_default_speaks_for_the_variants_that_do_not() {
    #[derive(Classify)]
    #[classify(Other, effect = none)]
    enum Error {
        Silent,
        #[classify(Network)]
        Named,
        #[classify(effect = done)]
        Effective,
        #[classify(Server, effect = unknown)]
        Outspoken,
        #[classify(retry_after = 0)]
        Asking(Duration),
        #[classify(transparent)]
        Io(io::Error),
    }
    use ErrorKind::{Forbidden, Network, Other, Server};
    for (error, expected) in [
        (Error::Silent, (Other, None, Effect::None, false)),
        (Error::Named, (Network, None, Effect::None, true)),
        (Error::Effective, (Other, None, Effect::Done, false)),
        (Error::Outspoken, (Server, None, Effect::Unknown, true)),
        (
            Error::Asking(WAIT),
            (Other, Some(WAIT), Effect::None, false),
        ),
        (
            Error::Io(io::ErrorKind::PermissionDenied.into()),
            (Forbidden, None, Effect::Unknown, false),
        ),
    ] {
        assert_eq!(answers(&error), expected);
    }
}

#[test]
fn a_struct_answers_by_its_words() {
    #[derive(Classify)]
    #[classify(RateLimited, retry_after = r#type, effect = none)]
    struct Named {
        r#type: Option<Duration>,
    }
    #[derive(Classify)]
    #[classify(Server, retry_after = 1)]
    struct Tuple(u16, Duration);
    #[derive(Classify)]
    #[classify(Forbidden)]
    struct Unit;

    let named = Named { r#type: Some(WAIT) };
    assert_eq!(
        answers(&named),
        (ErrorKind::RateLimited, Some(WAIT), Effect::None, true)
    );
    let tuple = Tuple(503, WAIT);
    assert_eq!(tuple.0, 503);
    assert_eq!(
        answers(&tuple),
        (ErrorKind::Server, Some(WAIT), Effect::Unknown, true)
    );
    assert_eq!(
        answers(&Unit),
        (ErrorKind::Forbidden, None, Effect::Unknown, false)
    );
}

#[test]
fn a_kind_can_be_computed() {
    #[derive(Classify)]
    #[classify(kind = Self::kind_of_code, retry_after = wait)]
    struct Refused {
        code: u16,
        wait: Option<Duration>,
    }
    impl Refused {
        const fn kind_of_code(&self) -> ErrorKind {
            match self.code {
                429 => ErrorKind::RateLimited,
                500.. => ErrorKind::Server,
                _ => ErrorKind::InvalidInput,
            }
        }
    }

    #[derive(Classify)]
    enum Error {
        #[classify(kind = |error| if matches!(error, Self::Status(500..)) { ErrorKind::Server } else { ErrorKind::Other })]
        Status(u16),
        #[classify(transparent)]
        Refused(Refused),
    }

    for (code, kind) in [
        (429, ErrorKind::RateLimited),
        (502, ErrorKind::Server),
        (400, ErrorKind::InvalidInput),
    ] {
        let wait = Some(WAIT);
        assert_eq!(Refused { code, wait }.kind(), kind);
        let outer = Error::Refused(Refused { code, wait });
        assert_eq!((outer.kind(), outer.retry_after()), (kind, wait));
    }
    assert_eq!(Error::Status(500).kind(), ErrorKind::Server);
    assert_eq!(Error::Status(404).kind(), ErrorKind::Other);
}

/// Answers in no way that could be derived.
#[derive(Clone, Debug)]
struct Stubborn;

impl Classify for Stubborn {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
    fn retry_after(&self) -> Option<Duration> {
        Some(WAIT)
    }
    fn effect(&self) -> Effect {
        Effect::Done
    }
    fn is_transient(&self) -> bool {
        true
    }
}

#[test]
fn transparent_leaves_every_answer_to_the_error_inside() {
    #[derive(Classify)]
    #[classify(transparent)]
    struct Wrapped(Stubborn);

    #[derive(Classify)]
    enum Error {
        #[classify(transparent)]
        Stubborn(Stubborn),
        #[classify(transparent)]
        Named { source: Stubborn },
        #[classify(transparent)]
        Wrapped(Wrapped),
        #[classify(transparent)]
        Io(io::Error),
        #[classify(transparent)]
        Other(io::Error),
        #[classify(Network, effect = done)]
        Lost,
    }

    for error in [
        Error::Stubborn(Stubborn),
        Error::Named { source: Stubborn },
        Error::Wrapped(Wrapped(Stubborn)),
    ] {
        assert_eq!(
            answers(&error),
            (ErrorKind::Other, Some(WAIT), Effect::Done, true)
        );
    }
    let refused: io::Error = io::ErrorKind::ConnectionRefused.into();
    assert_eq!(
        answers(&Error::Io(refused)),
        (ErrorKind::Network, None, Effect::None, true)
    );
    let missing: io::Error = io::ErrorKind::NotFound.into();
    assert_eq!(
        answers(&Error::Other(missing)),
        (ErrorKind::NotFound, None, Effect::Unknown, false)
    );
    assert!(!Error::Lost.is_transient());
}

#[test]
fn only_a_transparent_field_asks_something_of_a_parameter() {
    struct Opaque;

    #[derive(Classify)]
    #[classify(Server)]
    struct Unbounded<T> {
        _request: T,
    }
    #[derive(Classify)]
    enum Generic<'a, E, T = u8, const N: usize = 2>
    where
        T: Debug,
    {
        #[classify(transparent)]
        Inner(E),
        #[classify(transparent)]
        Borrowed(&'a E),
        #[classify(transparent)]
        Nested(Unbounded<[T; N]>),
        #[classify(InvalidInput)]
        Request([T; N]),
    }

    assert_eq!(Unbounded { _request: Opaque }.kind(), ErrorKind::Server);

    let failure = Stubborn;
    let nested = Unbounded { _request: [1, 2] };
    for (error, kind) in [
        (Generic::<_, u8>::Inner(Stubborn), ErrorKind::Other),
        (Generic::Borrowed(&failure), ErrorKind::Other),
        (Generic::Nested(nested), ErrorKind::Server),
        (Generic::Request([1, 2]), ErrorKind::InvalidInput),
    ] {
        assert_eq!(error.kind(), kind);
    }
}

#[test]
fn an_error_may_hold_its_like() {
    #[derive(Classify)]
    #[allow(clippy::use_self, reason = "the name is to be seen by the expansion")]
    enum Chain<'a> {
        #[classify(Timeout)]
        End,
        #[classify(transparent)]
        Link(&'a Chain<'a>),
    }
    assert_eq!(Chain::Link(&Chain::End).kind(), ErrorKind::Timeout);
}

#[test]
fn an_error_that_cannot_happen_needs_no_label() {
    #[derive(Classify)]
    enum Never {}

    let never: Option<Never> = None;
    assert_eq!(never.map(|error| error.kind()), None);
}

#[test]
fn what_is_configured_out_is_not_asked_for() {
    #[derive(Classify)]
    #[non_exhaustive]
    enum Error {
        #[cfg(any())]
        Unlabelled(Missing),
        #[classify(transparent)]
        Io(#[cfg(any())] Missing, #[cfg(test)] io::Error),
        #[cfg_attr(test, classify(Network))]
        r#Lost,
    }
    assert_eq!(Error::Lost.kind(), ErrorKind::Network);
    let io = Error::Io(io::ErrorKind::TimedOut.into());
    assert_eq!(io.kind(), ErrorKind::Timeout);
}

#[test]
fn what_a_macro_writes_is_derived_too() {
    macro_rules! error {
        ($name:ident, $kind:path, $inner:ty, $field:ident: $wait:ty, $effect:expr) => {
            #[derive(Classify)]
            enum $name {
                #[classify($kind, retry_after = $field, effect = $effect)]
                Busy { $field: $wait },
                #[classify(transparent)]
                Inner($inner),
            }
        };
    }
    error!(Error, RateLimited, io::Error, wait: Duration, none);
    assert_eq!(
        answers(&Error::Busy { wait: WAIT }),
        (ErrorKind::RateLimited, Some(WAIT), Effect::None, true)
    );
    let inner = Error::Inner(io::ErrorKind::BrokenPipe.into());
    assert_eq!(inner.kind(), ErrorKind::Network);
}

/// Names that a lint may speak of: at most once, where the user has written them.
mod of_old {
    #![deny(warnings)]

    use super::{Classify, Duration, io};

    #[deprecated]
    #[derive(Classify)]
    #[classify(Other)]
    pub(super) struct Unused;

    #[derive(Classify)]
    pub(super) enum Error {
        #[deprecated]
        #[classify(Network)]
        Lost,
        #[classify(RateLimited, retry_after = wait)]
        Busy {
            #[deprecated]
            wait: Duration,
        },
        #[classify(transparent)]
        Inner(#[allow(deprecated, reason = "the user says so")] Unused),
        #[classify(transparent)]
        Io(#[allow(unused_qualifications, reason = "the user says so")] super::io::Error),
    }

    impl From<io::Error> for Error {
        fn from(error: io::Error) -> Self {
            Self::Io(error)
        }
    }
}

#[test]
#[allow(deprecated, reason = "the definitions are what may not warn")]
fn what_a_lint_says_of_a_name_is_not_said_again() {
    use of_old::{Error, Unused};
    for (error, kind) in [
        (Error::Lost, ErrorKind::Network),
        (Error::Busy { wait: WAIT }, ErrorKind::RateLimited),
        (Error::Inner(Unused), ErrorKind::Other),
        (
            io::Error::from(io::ErrorKind::TimedOut).into(),
            ErrorKind::Timeout,
        ),
    ] {
        assert_eq!(error.kind(), kind);
    }
}

/// No name of the user's is one of the expansion's, not even the prelude's.
mod without_prelude {
    #![no_implicit_prelude]
    #![deny(warnings)]

    use ::recovery_core::Classify as Derive;

    #[allow(dead_code, reason = "they must not be picked up")]
    mod shadows {
        pub(super) struct Option;
        pub(super) struct Classify;
        pub(super) struct Effect;
        pub(super) struct ErrorKind;
        pub(super) mod core {}
        pub(super) mod std {}
        pub(super) mod recovery_core {}
    }
    #[allow(unused_imports, reason = "they must not be picked up")]
    use shadows::*;

    #[derive(Derive)]
    pub(super) enum Error<T> {
        #[classify(RateLimited, retry_after = wait, effect = none)]
        Busy {
            wait: ::core::time::Duration,
            _request: T,
        },
        #[classify(Server, retry_after = inner)]
        Down {
            inner: ::core::option::Option<::core::time::Duration>,
        },
        #[classify(transparent)]
        None(T),
        #[classify(kind = |_| ::recovery_core::ErrorKind::Other)]
        Some,
    }
}

#[test]
fn no_name_in_scope_matters() {
    use without_prelude::Error;
    let busy = Error::Busy {
        wait: WAIT,
        _request: Stubborn,
    };
    let down = Error::Down { inner: Some(WAIT) };
    for (error, kind, retry_after) in [
        (busy, ErrorKind::RateLimited, Some(WAIT)),
        (down, ErrorKind::Server, Some(WAIT)),
        (Error::None(Stubborn), ErrorKind::Other, Some(WAIT)),
        (Error::Some, ErrorKind::Other, None),
    ] {
        assert_eq!((error.kind(), error.retry_after()), (kind, retry_after));
    }
}

/// What a renamed dependency looks like: the names of the expansion, at another path.
mod renamed {
    pub(super) trait Classify {
        fn kind(&self) -> ErrorKind;
    }

    #[derive(Debug, PartialEq, Eq)]
    pub(super) enum ErrorKind {
        Network,
    }
}

#[test]
fn a_renamed_dependency_is_named_by_crate() {
    #[derive(Classify)]
    #[classify(Network, crate = renamed)]
    struct Lost;

    assert_eq!(renamed::Classify::kind(&Lost), renamed::ErrorKind::Network);
}

/// Fails with what is left of `failures`, counting the calls.
async fn call(calls: &mut u32, failures: &mut Vec<ApiError>) -> Result<u32, ApiError> {
    *calls += 1;
    tokio::task::yield_now().await;
    failures.pop().map_or(Ok(*calls), Err)
}

#[tokio::test(start_paused = true)]
async fn a_derived_error_is_retried_by_its_kind() {
    #[retry]
    async fn transient(calls: &mut u32, failures: &mut Vec<ApiError>) -> Result<u32, ApiError> {
        call(calls, failures).await
    }
    #[retry]
    #[retryable_on(NotFound, Network)]
    async fn listed(calls: &mut u32, failures: &mut Vec<ApiError>) -> Result<u32, ApiError> {
        call(calls, failures).await
    }

    let mut calls = 0;
    let mut failures = vec![ApiError::NoAnswer, ApiError::Overloaded(500, None)];
    assert_eq!(transient(&mut calls, &mut failures).await, Ok(3));

    let mut calls = 0;
    let mut failures = vec![ApiError::NoAnswer, ApiError::NoSuchUser { id: 1 }];
    assert_eq!(
        transient(&mut calls, &mut failures).await,
        Err(ApiError::NoSuchUser { id: 1 })
    );
    assert_eq!(calls, 1);

    let mut calls = 0;
    let mut failures = vec![ApiError::AnswerLost, ApiError::NoSuchUser { id: 1 }];
    assert_eq!(
        listed(&mut calls, &mut failures).await,
        Err(ApiError::AnswerLost),
        "what was surely carried out is retried by no kind"
    );
    assert_eq!(calls, 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_field_asks_for_is_waited_for() {
    #[retry(initial = 100ms, jitter = none)]
    async fn load(calls: &mut u32, failures: &mut Vec<ApiError>) -> Result<u32, ApiError> {
        call(calls, failures).await
    }
    for (failure, waited) in [
        (
            ApiError::Busy {
                wait: WAIT,
                queue: 3,
            },
            WAIT,
        ),
        (ApiError::Overloaded(503, Some(WAIT)), WAIT),
        (ApiError::Overloaded(503, None), Duration::from_millis(100)),
    ] {
        let start = Instant::now();
        assert_eq!(load(&mut 0, &mut vec![failure]).await, Ok(2));
        assert_eq!(start.elapsed(), waited);
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_was_derived_is_obeyed() {
    #[retry(at_most_once)]
    async fn send(calls: &mut u32, failures: &mut Vec<ApiError>) -> Result<u32, ApiError> {
        call(calls, failures).await
    }
    let busy = ApiError::Busy {
        wait: WAIT,
        queue: 3,
    };
    assert_eq!(send(&mut 0, &mut vec![busy]).await, Ok(2));
    assert_eq!(
        send(&mut 0, &mut vec![ApiError::NoAnswer]).await,
        Err(ApiError::NoAnswer)
    );
}

#[derive(Debug, Classify)]
#[classify(Server)]
enum Refusal {
    #[classify(forbids_retry)]
    Never,
    #[classify(forbids_retry = is_final, retry_after = wait)]
    Told {
        is_final: bool,
        wait: Duration,
    },
    #[classify(forbids_retry = 0)]
    Only(bool),
    #[classify(transparent)]
    Inner(Box<Self>),
    Silent,
}

#[tokio::test(start_paused = true)]
async fn what_forbids_a_retry_gets_none() {
    let told = |is_final| Refusal::Told {
        is_final,
        wait: WAIT,
    };
    for (error, forbids) in [
        (Refusal::Never, true),
        (told(true), true),
        (told(false), false),
        (Refusal::Only(true), true),
        (Refusal::Only(false), false),
        (Refusal::Inner(Box::new(Refusal::Never)), true),
        (Refusal::Inner(Box::new(Refusal::Silent)), false),
        (Refusal::Silent, false),
    ] {
        #[retry(max = 2)]
        #[retryable_on(Server, Refusal::Never)]
        async fn call(error: &mut Option<Refusal>, calls: &mut u32) -> Result<(), Refusal> {
            *calls += 1;
            error.take().map_or(Ok(()), Err)
        }
        assert_eq!(error.forbids_retry(), forbids, "{error:?}");
        assert!(error.is_transient(), "its kind is another matter");
        let (mut error, mut calls) = (Some(error), 0);
        let result = call(&mut error, &mut calls).await;
        assert_eq!(
            (result.is_err(), calls),
            (forbids, if forbids { 1 } else { 2 })
        );
    }
}
