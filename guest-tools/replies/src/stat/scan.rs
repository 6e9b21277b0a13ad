//! Where the separators of a block are, as bits.
//!
//! Most columns of a row are not wanted, so the reader looks at 64 bytes at once and counts commas instead of
//! looking at bytes. Modules have vectors (`simd128`); everywhere else, words of eight bytes do the same. Nothing here
//! is `unsafe`: two words make a vector, and the compiler sees that they stand side by side.

/// How many bytes are looked at together: as many as a `u64` has bits.
pub(crate) const BLOCK: usize = 64;

/// One bit for each byte of a block, the lowest for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    pub(crate) commas: u64,
    pub(crate) newlines: u64,
    pub(crate) quotes: u64,
}

/// The marks of a whole block.
#[inline]
pub(crate) fn marks(block: &[u8; BLOCK]) -> Marks {
    vector::marks(block)
}

/// The marks of the last bytes of a chunk, fewer than a block.
#[inline]
pub(crate) fn marks_of_tail(tail: &[u8]) -> Marks {
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(tail) {
        *to = *from;
    }
    vector::marks(&block)
}

/// The sixteen bytes of each quarter of a block, as two little-endian words.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn quarters(block: &[u8; BLOCK]) -> impl Iterator<Item = (u64, u64)> {
    let (quarters, _) = block.as_chunks::<16>();
    quarters.iter().map(|bytes| {
        let both = u128::from_le_bytes(*bytes);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low half is what is wanted"
        )]
        (both as u64, (both >> 64) as u64)
    })
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128};

    use super::{BLOCK, Marks, quarters};

    #[inline]
    pub(super) fn marks(block: &[u8; BLOCK]) -> Marks {
        let bits =
            |vector: v128, byte: u8| u64::from(u8x16_bitmask(u8x16_eq(vector, u8x16_splat(byte))));
        let mut marks = Marks::default();
        for (quarter, (low, high)) in quarters(block).enumerate() {
            let vector = u64x2(low, high);
            let shift = quarter * 16;
            marks.commas |= bits(vector, b',') << shift;
            marks.newlines |= bits(vector, b'\n') << shift;
            marks.quotes |= bits(vector, b'"') << shift;
        }
        marks
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use portable as vector;

/// Eight bytes at a time.
#[cfg(any(test, not(all(target_arch = "wasm32", target_feature = "simd128"))))]
mod portable {
    use super::{BLOCK, Marks};

    #[inline]
    pub(super) fn marks(block: &[u8; BLOCK]) -> Marks {
        let (words, _) = block.as_chunks::<8>();
        let mut marks = Marks::default();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let shift = index * 8;
            marks.commas |= bits(word, b',') << shift;
            marks.newlines |= bits(word, b'\n') << shift;
            marks.quotes |= bits(word, b'"') << shift;
        }
        marks
    }

    /// One bit for each of the eight bytes that equals `byte`.
    #[inline]
    fn bits(word: u64, byte: u8) -> u64 {
        const LOW: u64 = 0x0101_0101_0101_0101;
        const BELOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let different = word ^ (LOW * u64::from(byte));
        // the top bit of each byte that is zero, exact for every byte (no borrow goes from one to the next)
        let zero = !(((different & BELOW) + BELOW) | different | BELOW);
        // gathers the eight top bits into the lowest byte
        ((zero >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(block: &[u8; BLOCK]) -> Marks {
        let bits = |wanted: u8| {
            block.iter().enumerate().fold(0, |bits, (at, byte)| {
                bits | (u64::from(*byte == wanted) << at)
            })
        };
        Marks {
            commas: bits(b','),
            newlines: bits(b'\n'),
            quotes: bits(b'"'),
        }
    }

    /// Each byte value at each place, between neighbours that differ from a separator by one bit.
    #[test]
    fn every_byte_is_marked_as_what_it_is() {
        for neighbour in [
            0_u8, b'-', b',', b'\x0b', b'\n', b'"', b'#', 0x80, 0xac, 0xff,
        ] {
            for byte in 0..=u8::MAX {
                for at in 0..BLOCK {
                    let mut block = [neighbour; BLOCK];
                    if let Some(place) = block.get_mut(at) {
                        *place = byte;
                    }
                    let expected = plain(&block);
                    assert_eq!(marks(&block), expected, "{byte} at {at} among {neighbour}");
                    assert_eq!(
                        portable::marks(&block),
                        expected,
                        "portable: {byte} at {at} among {neighbour}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_tail_has_no_marks_beyond_its_end() {
        assert_eq!(
            marks_of_tail(b",\"\n,"),
            Marks {
                commas: 0b1001,
                newlines: 0b100,
                quotes: 0b10
            }
        );
        assert_eq!(marks_of_tail(b""), Marks::default());
    }
}
