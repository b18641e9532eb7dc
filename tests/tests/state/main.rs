//! A state that a process of its own saves: killed at any time, refused by the disk, wanted by two.
#![cfg(unix)]

mod disk_errors;
mod events;
mod kills;
mod support;
