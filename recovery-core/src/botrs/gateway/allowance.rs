//! How many session starts are left.

/// The platform's count, and what has happened since it was asked for.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    remaining: u32,
    /// Starts that are promised to a shard, which may still give them back.
    promised: u32,
    /// IDENTIFYs that were sent.
    sent: u32,
}

impl Allowance {
    pub(super) fn remaining(&self) -> u32 {
        self.remaining
    }

    /// To be noted before the platform is asked, for [`learn`](Self::learn).
    pub(super) fn sent(&self) -> u32 {
        self.sent
    }

    /// The platform says that so many are left. It may not have counted what was sent since it was asked,
    /// and what is promised; to count those twice is the safe side, until it is asked again.
    pub(super) fn learn(&mut self, remaining: u32, sent_before: u32) {
        let since = self.sent.wrapping_sub(sent_before);
        self.remaining = remaining.saturating_sub(since + self.promised);
    }

    /// Promises a start, if one is left.
    pub(super) fn promise(&mut self) -> bool {
        let is_left = self.remaining > 0;
        if is_left {
            self.remaining -= 1;
            self.promised += 1;
        }
        is_left
    }

    /// A promised start is used.
    pub(super) fn send(&mut self) {
        self.promised -= 1;
        self.sent = self.sent.wrapping_add(1);
    }

    /// A promised start was not used.
    pub(super) fn give_back(&mut self) {
        self.promised -= 1;
        self.remaining += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_start_is_promised_once() {
        let mut allowance = Allowance::default();
        assert!(!allowance.promise());
        allowance.learn(1, 0);
        assert!(allowance.promise() && !allowance.promise());
        allowance.give_back();
        assert!(allowance.promise());
        allowance.send();
        assert!(!allowance.promise());
    }

    #[test]
    fn an_answer_that_was_asked_for_before_is_not_believed_too_much() {
        let mut allowance = Allowance::default();
        allowance.learn(10, 0);
        assert!(allowance.promise() && allowance.promise());
        let before = allowance.sent();
        allowance.send();
        // Asked before the first was sent, answered while the second is promised.
        allowance.learn(10, before);
        assert_eq!(allowance.remaining(), 8);
        allowance.give_back();
        assert_eq!(allowance.remaining(), 9);
    }
}
