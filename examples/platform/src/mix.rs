//! The little arithmetic behind everything that a seed decides.
//!
//! FNV-1a turns names into a number, `SplitMix64` spreads that number over all 64 bits.
//! Both are fixed for ever by their definitions, so a seed means the same run in every release.

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes the parts with FNV-1a, keeping their borders apart.
pub(crate) fn fnv1a(parts: &[&str]) -> u64 {
    let mut hash = FNV_OFFSET;
    for part in parts {
        // 0xff occurs in no UTF-8 text, so ("ab", "c") and ("a", "bc") differ.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
    }
    hash
}

/// A `SplitMix64` stream.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix {
    state: u64,
}

impl SplitMix {
    /// Starts the stream that belongs to `seed` and `label`.
    pub(crate) fn new(seed: u64, label: u64) -> Self {
        let mut seeded = Self { state: seed };
        Self {
            state: seeded.next() ^ label,
        }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..1`, with the 53 bits that a double can hold.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(crate) fn fraction(&mut self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        (self.next() >> 11) as f64 / STEPS
    }

    /// An index below `length`; 0 for an empty range.
    pub(crate) fn below(&mut self, length: usize) -> usize {
        let wide = u128::from(self.next()) * (length as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_vectors() {
        // FNV-1a 64 of "a", followed by the border byte, and SplitMix64 from state 0.
        let after_a = (FNV_OFFSET ^ u64::from(b'a')).wrapping_mul(FNV_PRIME);
        assert_eq!(after_a, 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(&["a"]), (after_a ^ 0xff).wrapping_mul(FNV_PRIME));
        assert_eq!(SplitMix { state: 0 }.next(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn keeps_the_borders_of_its_parts() {
        assert_ne!(fnv1a(&["ab", "c"]), fnv1a(&["a", "bc"]));
    }

    #[test]
    fn stays_inside_the_range() {
        let mut stream = SplitMix::new(7, 7);
        assert!((0..1000).all(|_| stream.below(3) < 3));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&stream.fraction())));
        assert_eq!(stream.below(0), 0);
    }
}
