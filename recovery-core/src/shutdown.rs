//! To end in good order (feature `shutdown`).
