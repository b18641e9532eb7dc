//! Nothing but a bench: `cargo bench -p recovery-peers`.
