//! Text that others wrote, made harmless to look at: control characters and those that turn the direction of text
//! become visible escapes, and the length is bounded.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Shows control and bidirectional characters as `\u{…}` and keeps at most `characters` characters, ending in `…`
/// where something was cut. Line feed and tab are control characters, too.
pub fn visible(text: &str, characters: usize) -> Cow<'_, str> {
    if text.len() <= characters && !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().min(characters.saturating_mul(4)));
    for (count, character) in text.chars().enumerate() {
        if count == characters {
            shown.push('…');
            break;
        }
        if hidden(character) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is not what it looks like: control characters, the marks and overrides of bidirectional text
/// (Unicode Standard Annex 9), zero-width and invisible ones, and the tags block, which spells hidden text.
pub fn hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
