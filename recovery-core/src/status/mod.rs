//! What an operator wants to see (feature `status`).
