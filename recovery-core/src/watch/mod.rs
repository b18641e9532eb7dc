//! How a program is: its health, and its errors over time (feature `watch`).
