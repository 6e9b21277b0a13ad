//! Text in columns of a terminal: how wide it is, cut and wrapped.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The beginning of a text that is no wider than `columns`.
pub(super) fn cut(text: &str, columns: usize) -> &str {
    text.get(..fitting(text, columns)).unwrap_or_default()
}

/// Lines that are no wider than `columns`, broken at spaces where there are any. A character that is wider than a line
/// has one to itself.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while width(rest) > columns {
        let one = rest.chars().next().map_or(0, char::len_utf8);
        let fits = fitting(rest, columns).max(one);
        let head = rest.get(..fits).unwrap_or_default();
        let after_space = rest.get(fits..).is_some_and(|tail| tail.starts_with(' '));
        let end = match head.rfind(' ') {
            Some(space) if !after_space && space > 0 => space,
            _ => fits,
        };
        let (line, tail) = rest.split_at(end);
        lines.push(line.trim_end_matches(' '));
        rest = tail.trim_start_matches(' ');
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest);
    }
    lines
}

/// Bytes at the beginning of a text that are no wider than `columns`.
fn fitting(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (index, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > columns {
            return index;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_break_at_spaces_or_where_they_must() {
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("a bc def", 20), ["a bc def"]);
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
        assert_eq!(cut("日本語", 5), "日本");
        assert_eq!(cut("abc", 0), "");
    }

    proptest! {
        #[test]
        fn a_line_is_never_too_wide_and_nothing_but_spaces_is_lost(text in "[a-c é日 ]{0,40}", columns in 2_usize..12) {
            let lines = wrap(&text, columns);
            for line in &lines {
                prop_assert!(width(line) <= columns, "{line:?}");
            }
            let kept: String = lines.concat().replace(' ', "");
            prop_assert_eq!(kept, text.replace(' ', ""));
        }
    }
}
