//! Every shape of function that is retried: compiled, run so that it fails, its attempts counted.
//!
//! The lints are those of a careful user, so that clippy tells what the expansion trips in code
//! that is not its own. The package `edition-2021` builds these files in the edition before.
#![warn(
    clippy::pedantic,
    clippy::nursery,
    future_incompatible,
    let_underscore_drop,
    nonstandard_style,
    rust_2018_idioms,
    rust_2024_compatibility,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications
)]
#![allow(
    clippy::redundant_pub_crate,
    reason = "`unreachable_pub` asks for the opposite"
)]
#![allow(
    clippy::future_not_send,
    reason = "the future of a generic function is as its arguments; `assert_send` asks at each call"
)]
#![allow(
    clippy::boxed_local,
    clippy::needless_pass_by_ref_mut,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    clippy::unused_self,
    reason = "how an argument is passed, and that a function is async, is the shape under test"
)]
#![allow(
    edition_2024_expr_fragment_specifier,
    if_let_rescope,
    impl_trait_overcaptures,
    tail_expr_drop_order,
    reason = "where the editions differ, either meaning is right here"
)]

// `renamed_crate` names it so; only here does `extern crate` make a path that begins with `::`.
extern crate recovery_core as again;

mod arguments;
mod async_functions;
mod async_trait_bodies;
mod async_trait_defaults;
mod async_trait_impls;
mod async_trait_self;
mod beside_other_attributes;
mod blocking_functions;
mod bodies;
mod bodies_as_they_are;
mod bodies_on_one_line;
mod cloned;
mod editions;
mod endless_bodies;
mod from_a_macro;
mod full_paths;
mod futures;
mod generics;
mod hidden_returns;
mod hygiene;
mod imported_names;
mod inner_functions;
mod instrumented;
mod items_like_ours;
mod methods;
mod names;
mod names_like_ours;
mod native_traits;
mod on_retry;
mod pinned_self;
mod policy;
mod recursion;
mod renamed_crate;
mod result_aliases;
mod retryable_on;
mod send_futures;
mod standard_traits;
mod values;
mod when;

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// Returns the future, which another thread could run.
const fn assert_send<F: Future + Send>(future: F) -> F {
    future
}

/// An error after which the call is tried again.
fn lost() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// Counts a call; the third is the first that succeeds.
fn third_time_lucky(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if *calls < 3 { Err(lost()) } else { Ok(*calls) }
}

/// Counts its calls behind a shared reference; the third is the first that succeeds.
#[derive(Debug, Default)]
struct Flaky(AtomicU32);

impl Flaky {
    const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    fn call(&self) -> io::Result<u32> {
        let mut calls = self.0.load(Ordering::Relaxed);
        let result = third_time_lucky(&mut calls);
        self.0.store(calls, Ordering::Relaxed);
        result
    }

    /// The calls since the last look.
    fn calls(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}
