//! How saving stands.

use tokio::time::Instant;

/// How the saving of a state stands.
///
/// # Examples
/// ```
/// use recovery_core::state::SaveStatus;
///
/// let status = SaveStatus::default(); // before the first save
/// assert!(!status.unsaved_changes && status.failing_since.is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaveStatus {
    /// Whether the state differs from what is on the disk.
    pub unsaved_changes: bool,
    /// When it was saved last, in this process.
    pub last_saved: Option<Instant>,
    /// How many bytes were written then.
    pub last_bytes: u64,
    /// When saving began to fail, if it fails.
    pub failing_since: Option<Instant>,
    /// How often it was saved, in this process.
    pub saves: u64,
}
