//! Which way this copy of the module misbehaves: a word at a known place in its data. The tests write another word
//! there, so that one compiled module serves for all.

use std::hint::black_box;

/// What stands before the word, for who looks for the place.
const PREFIX: &[u8] = b"this copy behaves: ";

static PLACE: [u8; 64] = *b"this copy behaves: plain                                        ";

/// The word.
pub fn word() -> &'static str {
    // The compiler must not take the word for a constant.
    let place = black_box(&PLACE);
    let word = place.get(PREFIX.len()..).unwrap_or_default();
    std::str::from_utf8(word).unwrap_or_default().trim_end()
}
