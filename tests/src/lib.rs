//! The tests of the workspace that span its packages; they are in `tests/`, and the examples of
//! the README are tested here.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
