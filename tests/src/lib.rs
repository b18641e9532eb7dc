//! The tests of the workspace that span its packages; all of them are in `tests/`.
