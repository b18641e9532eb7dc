//! What is known of some calls, and whether it is too bad.

/// Outcomes, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) calls: u32,
    pub(super) failures: u32,
    pub(super) slow: u32,
}

impl Tally {
    pub(super) fn add(&mut self, failed: bool, slow: bool) {
        self.calls = self.calls.saturating_add(1);
        self.failures = self.failures.saturating_add(failed.into());
        self.slow = self.slow.saturating_add(slow.into());
    }
}

/// Whether `part` of `whole` reaches `ratio`. Divided and not multiplied: 3 of 30 is then exactly the
/// number that `0.1` is.
pub(super) fn reaches(part: u32, whole: u32, ratio: f64) -> bool {
    f64::from(part) / f64::from(whole) >= ratio
}
