//! How are numbers hashed that come one after the other, and that nobody can choose?
//!
//! Processes, and the handles of sources, come so, and those of a time are looked at together: neighbours lie side
//! by side in the table, a thousand at a time, as what they stand for does in the kernel. The thousands are
//! spread, so that whoever keeps one number out of so many finds no crowd.

use std::hash::{BuildHasherDefault, Hasher};

/// Makes [`InOrder`] hashers, for tables.
pub(crate) type BuildInOrder = BuildHasherDefault<InOrder>;

/// Hashes one number.
#[derive(Default)]
pub(crate) struct InOrder(u64);

/// 2⁶⁴ divided by the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// So many bits of a number leave their order.
const NEIGHBOURS: u32 = 10;

/// A table compares so many of the highest bits before it looks at a key, and takes the lowest for the place.
const TAG: u64 = 0x7F << 57;

impl Hasher for InOrder {
    fn finish(&self) -> u64 {
        let thousand = (self.0 >> NEIGHBOURS).wrapping_mul(SPREAD) >> 32;
        (self.0 ^ thousand) & !TAG | self.0.wrapping_mul(SPREAD) & TAG
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(number.unsigned_abs().into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(8) ^ number;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn places(step: u64) -> usize {
        let place = |number| {
            let mut hasher = InOrder::default();
            hasher.write_u64(number * step);
            hasher.finish() % 4096
        };
        (0..2048).map(place).collect::<HashSet<_>>().len()
    }

    #[test]
    fn neighbours_have_places_of_their_own_and_others_are_spread() {
        assert_eq!(places(1), 2048);
        for power in 1..32 {
            let places = places(1 << power);
            // Random ones would leave some 1,600.
            assert!(places > 500, "every {}th has one of {places} places", 1_u64 << power);
        }
    }
}
