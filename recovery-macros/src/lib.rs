//! The attributes of `recovery-core`, `#[retry]` and `#[retryable_on]`, and
//! `#[derive(Classify)]`.
//!
//! Use them through `recovery-core`, which re-exports them and holds what they expand into.
//!
//! An attribute passes these stages: `target` and `partner` find what is to be retried (`function`,
//! `arguments`, `types`, `future`, `async_trait`), `args` reads the options, `check`, `schedule` and
//! `values` give them their meaning, `docs` adds a line for the reader, `expand` writes the loop.
//! Mistakes are gathered by `diag`; `refusal` re-emits the item beside them. The derive's own stages are in
//! `classify`.

mod args;
mod arguments;
mod async_trait;
mod check;
mod classify;
mod diag;
mod docs;
mod duration;
mod expand;
mod function;
mod future;
mod keys;
mod list;
mod partner;
mod refusal;
mod schedule;
#[cfg(test)]
mod snapshots;
mod target;
mod types;
mod values;

use proc_macro::TokenStream;

/// Retries a function that returns a `Result`.
///
/// ```
/// use std::io;
/// use recovery_core::{retry, retryable_on};
///
/// #[retry(max = 3, backoff = 2.0, jitter)]
/// #[retryable_on(Network, Timeout)]
/// async fn load(key: &str, calls: &mut u32) -> Result<String, io::Error> {
///     *calls += 1;
///     if *calls < 3 {
///         return Err(io::ErrorKind::TimedOut.into()); // one failed attempt, not the end
///     }
///     Ok(key.to_uppercase())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let mut calls = 0;
/// assert_eq!(load("a", &mut calls).await.unwrap(), "A");
/// assert_eq!(calls, 3);
/// # }
/// ```
///
/// Without `#[retryable_on]` and without `when`, the errors that call themselves transient
/// (`Classify::is_transient`) are retried. The caller gets the last error, unchanged.
///
/// # Options
/// What is left out is as in `RetryConfig::default()`.
///
/// | option | values | default | meaning |
/// |---|---|---|---|
/// | `max` | integer, expression of `u32`, or `unlimited` | 3 | attempts **in all, the first included**: 3 = one call and at most two retries |
/// | `initial` | duration | `500ms` | first delay |
/// | `backoff` | number ≥ 1; `none`, `constant`, `linear`, `fibonacci`, `exponential`, `decorrelated`; expression of `f64` or `Backoff` | 2.0 | growth of the delay |
/// | `max_delay` | duration | `30s` | no delay is ever longer, jitter included; only a server's `retry_after` is |
/// | `jitter` | bare; a fraction in 0..=1; `full`, `equal`, `none`; expression of `f64` or `Jitter` | 0.25 | bare says the default aloud: up to a quarter more |
/// | `timeout` | duration | – | limit of each attempt, for async functions: an attempt that takes longer is dropped, and its error is made by `From<TimedOut>` |
/// | `deadline` | duration | – | from the call's start: no wait begins that would end later |
/// | `policy` | expression of `RetryConfig`, or of what dereferences to one | – | the policy at run time; options written beside it override its values |
/// | `when` | path or closure `fn(&E) -> bool` | – | decides instead of `#[retryable_on]` |
/// | `at_most_once` | bare | – | never retries an error after which the call may already have been carried out (`Effect`) |
/// | `on_retry` | path or closure `fn(&Attempt<'_, E>)` | – | called before each wait |
/// | `fallback` | path or closure, sync or async, of the error, or of the error and the `StopReason` | – | called once when no attempt is to follow; returns what the function returns |
/// | `history` | bare | – | keeps the failed attempts: for `on_retry` as `failed.history`, for `fallback` as its third argument |
/// | `budget` | expression of `RetryBudget` | – | each retry takes a token |
/// | `breaker` | expression of `CircuitBreaker` | – | each attempt needs its leave, and is recorded |
/// | `pushback` | expression of `Pushback` | – | what a server asks of one call, its siblings wait too |
/// | `cancel` | expression of a `CancellationToken`, or of what has `async fn cancelled(&self)` | – | ends a wait; no new attempt begins |
/// | `clone` | `clone(a, b)` | – | gives each attempt its own clone of these arguments, for a body that consumes them |
/// | `attempt` | an identifier | – | binds the attempt's number (`u32`, from 1) in the body |
/// | `name` | string | module path and function | the name in events |
/// | `crate` | path | `::recovery_core` | for a renamed dependency |
///
/// `recovery_core::guide::attribute_language` shows each of them at work, and says what is refused
/// and why.
///
/// A duration is a literal with its unit (`250us`, `500ms`, `1.5s`, `2m`, `1h`) or an expression
/// of `Duration`. Values are evaluated after a failure, never on success, but for `timeout`, which
/// each attempt needs, and for `deadline` and the shared objects (`budget`, `breaker`, `pushback`,
/// `cancel`), which are evaluated once, before the first attempt. Values that cannot be meant (no attempt, a factor below 1) are refused at compile
/// time where they are literals, and taken to the nearest possible ones at run time.
///
/// With `breaker`, and with `pushback` beside `deadline` or `cancel`, a call may end before its first
/// attempt; its error is then made by `From<NotAttempted>`.
///
/// # What it does to the function
/// The loop goes into the function itself, around its body: no closure is made of an async body,
/// nothing is boxed, arguments are borrowed anew by each attempt. `?` and `return` end one
/// attempt. A function that is documented gets a line that says how it is retried. A `mut` argument starts each attempt with the value it was called with, so its type is
/// `Copy` or it is named in `clone(..)`. A blocking function blocks its thread between attempts.
///
/// An argument that the body consumes would be gone at the second attempt: name it in `clone(..)`.
/// An async attempt borrows its arguments, so a `Send` future needs those that are not named there
/// to be `Sync`. A function cannot return a `&mut` that it has borrowed from an argument, nor take
/// `mut self`. A `&mut` argument may be moved by the body, but not `&mut self`: write `&mut *self`.
///
/// Put `#[retry]` **above** `#[tokio::main]`, `#[tokio::test]` and `#[instrument]`: what stands
/// below it wraps all attempts; what stands above it has become a part of the body, and is
/// repeated with each attempt: a new runtime, a new span. In an `#[async_trait]` impl, put it on
/// the method.
///
/// # Cancel safety
/// Dropping the future drops the attempt or the wait that is under way; nothing stays behind. With
/// `timeout` an attempt may be dropped as well: its body should be cancel safe then. A breaker's
/// permit is given back.
#[proc_macro_attribute]
pub fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::retry(args.into(), item.into()).into()
}

/// Says which errors `#[retry]` retries.
///
/// A bare name is an `ErrorKind` (`Network`, `Timeout`, `RateLimited`, `Server`,
/// `Authentication`, `Forbidden`, `NotFound`, `InvalidInput`, `Conflict`, `Cancelled`, `Other`);
/// anything with `::`, fields or bindings is a pattern on the error itself, with an `if` guard if
/// need be. `except(..)` within the list names errors in the same way that are not retried, and
/// wins; with exceptions alone, what is transient is retried but for them. An error after which the
/// call was surely carried out (`Effect::Done`) is never retried by its kind, only by a pattern.
///
/// ```
/// use recovery_core::{Classify, ErrorKind, retry, retryable_on};
///
/// #[derive(Debug, PartialEq)]
/// enum ApiError {
///     Lost,
///     Status { code: u16 },
/// }
///
/// impl Classify for ApiError {
///     fn kind(&self) -> ErrorKind {
///         match self {
///             Self::Lost => ErrorKind::Network,
///             Self::Status { .. } => ErrorKind::Other,
///         }
///     }
/// }
///
/// #[retry(max = 5)]
/// #[retryable_on(Network, ApiError::Status { code: 502 | 503 })]
/// async fn call(answers: &mut Vec<ApiError>) -> Result<(), ApiError> {
///     match answers.pop() {
///         Some(error) => Err(error),
///         None => Ok(()),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// assert_eq!(call(&mut vec![ApiError::Lost, ApiError::Status { code: 503 }]).await, Ok(()));
///
/// let refused = ApiError::Status { code: 404 };
/// assert_eq!(call(&mut vec![refused]).await, Err(ApiError::Status { code: 404 }));
/// # }
/// ```
///
/// Either attribute may stand on top.
#[proc_macro_attribute]
pub fn retryable_on(args: TokenStream, item: TokenStream) -> TokenStream {
    partner::retryable_on(&args.into(), item.into()).into()
}

/// Implements `Classify` for an error type of your own: its kinds are written on its variants.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use recovery_core::{Classify, Effect, ErrorKind};
///
/// #[derive(Debug, Classify)]
/// #[classify(Other)] // the variants that say nothing
/// enum ApiError {
///     #[classify(RateLimited, retry_after = wait, effect = none)]
///     Busy { wait: Option<Duration>, queue: u32 },
///     #[classify(Timeout)]
///     NoAnswer,
///     #[classify(transparent)]
///     Io(io::Error),
///     Unexpected(String),
/// }
///
/// let busy = ApiError::Busy { wait: Some(Duration::from_secs(7)), queue: 3 };
/// assert_eq!(busy.kind(), ErrorKind::RateLimited);
/// assert_eq!(busy.retry_after(), Some(Duration::from_secs(7)));
/// assert_eq!(busy.effect(), Effect::None);
/// assert!(busy.is_transient());
///
/// assert_eq!(ApiError::NoAnswer.kind(), ErrorKind::Timeout);
/// assert_eq!(ApiError::NoAnswer.effect(), Effect::Unknown);
///
/// let refused = ApiError::Io(io::ErrorKind::ConnectionRefused.into());
/// assert_eq!(refused.kind(), ErrorKind::Network);
/// assert_eq!(refused.effect(), Effect::None);
///
/// assert!(!ApiError::Unexpected("<html>".into()).is_transient());
/// ```
///
/// A struct takes the same words. A kind that its value decides is computed:
///
/// ```
/// use recovery_core::{Classify, ErrorKind};
///
/// #[derive(Classify)]
/// #[classify(kind = Self::kind_of_code)]
/// struct Refused {
///     code: u16,
/// }
///
/// impl Refused {
///     fn kind_of_code(&self) -> ErrorKind {
///         match self.code {
///             429 => ErrorKind::RateLimited,
///             500.. => ErrorKind::Server,
///             _ => ErrorKind::InvalidInput,
///         }
///     }
/// }
///
/// assert!(Refused { code: 503 }.is_transient());
/// assert!(!Refused { code: 404 }.is_transient());
/// ```
///
/// # Words
/// They stand in `#[classify(..)]` above a variant or a struct. Above an enum stand a kind and an
/// effect for the variants that do not say their own; a variant without a kind and without such a
/// default is refused.
///
/// | word | values | default | meaning |
/// |---|---|---|---|
/// | a kind | `Network`, `Timeout`, `RateLimited`, `Server`, `Authentication`, `Forbidden`, `NotFound`, `InvalidInput`, `Conflict`, `Cancelled`, `Other` | – | the bare name of an `ErrorKind`; the first four are transient |
/// | `kind` | path or closure `fn(&Self) -> ErrorKind` | – | computes the kind; in place of its name |
/// | `retry_after` | a field's name, or its index | – | the field of `Duration` or `Option<Duration>` that holds what the other side asked for |
/// | `forbids_retry` | bare, or a field's name or index | – | the other side forbids another try: always, or where that field of `bool` holds |
/// | `effect` | `none`, `unknown`, `done` | `unknown` | whether the call may have been carried out all the same: surely not, perhaps, surely |
/// | `transparent` | bare | – | all answers are those of the only field, whose type implements `Classify` |
/// | `crate` | path | `::recovery_core` | for a renamed dependency; above the type |
///
/// The only bounds added to a generic type are those of `transparent` fields whose type depends
/// on a parameter.
#[proc_macro_derive(Classify, attributes(classify))]
pub fn derive_classify(item: TokenStream) -> TokenStream {
    classify::derive(item.into()).into()
}
