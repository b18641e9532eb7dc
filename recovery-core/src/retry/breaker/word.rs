//! The state in one word.

use super::BreakerState;

/// The state in the low bits; above them the number of changes so far, by which a permit can tell
/// whether it is from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

const STATE_BITS: u32 = 2;
const STATE_MASK: u64 = (1 << STATE_BITS) - 1;
const CLOSED: u64 = 0;
const HALF_OPEN: u64 = 1;
const OPEN: u64 = 2;

impl Word {
    pub(super) const FIRST: Self = Self(CLOSED);

    #[inline]
    pub(super) const fn is_closed(self) -> bool {
        self.0 & STATE_MASK == CLOSED
    }

    pub(super) const fn state(self) -> BreakerState {
        match self.0 & STATE_MASK {
            CLOSED => BreakerState::Closed,
            HALF_OPEN => BreakerState::HalfOpen,
            _ => BreakerState::Open,
        }
    }

    /// The word of the next change, which leads to this state.
    pub(super) const fn next(self, state: BreakerState) -> Self {
        let state = match state {
            BreakerState::Closed => CLOSED,
            BreakerState::HalfOpen => HALF_OPEN,
            BreakerState::Open => OPEN,
        };
        let changes = (self.0 >> STATE_BITS).wrapping_add(1);
        Self(changes << STATE_BITS | state)
    }
}
