//! Bytes of any kind, as text.

use std::fmt::Write as _;

/// At most so many characters of a line. What is not a character to be seen becomes `\xNN`, byte by byte; and whether
/// all of it was shown.
pub(super) fn visible(bytes: &[u8], characters: usize) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len().min(characters));
    let mut room = characters;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if room == 0 {
                return (text + "…", false);
            }
            room -= 1;
            if character.is_control() {
                let mut buffer = [0; 4];
                escape(&mut text, character.encode_utf8(&mut buffer).as_bytes());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            if room == 0 {
                return (text + "…", false);
            }
            room -= 1;
            escape(&mut text, std::slice::from_ref(byte));
        }
    }
    (text, true)
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_cannot_be_seen_is_shown_as_bytes() {
        for (bytes, expected) in [
            (&b"GET /"[..], "GET /"),
            (b"a\0\x1b[1m\xff\xfe", "a\\x00\\x1b[1m\\xff\\xfe"),
            ("\u{fc}\u{85}".as_bytes(), "\u{fc}\\xc2\\x85"),
            (b"cut \xe2\x82", "cut \\xe2\\x82"),
            (b"", ""),
        ] {
            assert_eq!(visible(bytes, 100), (expected.to_owned(), true));
        }
        assert_eq!(visible(b"abcd", 4), ("abcd".to_owned(), true));
        assert_eq!(visible(b"abcde", 4), ("abcd…".to_owned(), false));
        assert_eq!(visible(b"\xff\xff", 1), ("\\xff…".to_owned(), false));
    }
}
