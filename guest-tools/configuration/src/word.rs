//! The words of a line: quotes, escapes, comments.

use std::borrow::Cow;

use crate::reader::Reader;

/// The most words of a line that HAProxy takes.
pub(crate) const MOST_WORDS: usize = 64;

/// What stands before a line's first word and takes its setting back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Modifier {
    /// Nothing.
    #[default]
    None,
    /// `no`: switched off.
    No,
    /// `default`: as if nothing was said.
    Default,
}

/// Why HAProxy cannot take a line apart. Positions count bytes of the line from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// A quote that opens and does not close.
    #[error("the quote at position {0} is not closed")]
    UnmatchedQuote(usize),
    /// A `${` without its `}`.
    #[error("the brace at position {0} is not closed")]
    UnmatchedBrace(usize),
    /// A `$` in double quotes with something else than a name behind it.
    #[error(
        "what stands at position {0} is no name of a variable; in double quotes a plain dollar sign is `\\$`"
    )]
    VariableName(usize),
    /// A `[` behind the name of a variable that is not `[*]`.
    #[error("what stands at position {0} is not `[*]`")]
    Expansion(usize),
    /// A `\x` without two hexadecimal digits.
    #[error("the `\\x` at position {0} has not two hexadecimal digits behind it")]
    Hexadecimal(usize),
    /// More than 64 words.
    #[error("it has more than 64 words")]
    TooManyWords,
}

/// The words of a line as HAProxy gets them: quotes and escapes taken away, comments left out, variables as they are
/// written. Bytes that are not UTF-8 become U+FFFD.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words<'a> {
    modifier: Modifier,
    list: Vec<Word<'a>>,
    cut: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) expands: bool,
}

impl<'a> Words<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// [`WordError`] where HAProxy would refuse it.
    pub fn read(line: &'a [u8]) -> Result<Self, WordError> {
        let mut reader = Reader::new(line);
        while reader.step()? {}
        let mut words = reader.finish()?;
        let modifier = match words.first().map(|word| &*word.text) {
            Some("no") => Modifier::No,
            Some("default") => Modifier::Default,
            _ => Modifier::None,
        };
        if modifier != Modifier::None {
            words.remove(0);
        }
        // HAProxy marks the end of the words by an empty one
        let end = words.iter().position(|word| word.text.is_empty());
        if let Some(end) = end {
            words.truncate(end);
        }
        Ok(Self {
            modifier,
            list: words,
            cut: end.is_some(),
        })
    }

    /// `no` or `default` in front; it is not among the words.
    pub fn modifier(&self) -> Modifier {
        self.modifier
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether an empty word (`""`) ends them early: HAProxy up to 3.2 ignores what is behind it, 3.4 does not start.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The word at a place, from 0; empty where there is none, as HAProxy has it.
    pub fn at(&self, place: usize) -> &str {
        self.list.get(place).map_or("", |word| &word.text)
    }

    /// The word at a place, away from the others.
    pub(crate) fn word(&self, place: usize) -> Option<Cow<'a, str>> {
        self.list.get(place).map(|word| word.text.clone())
    }

    /// Whether the word at a place has a variable in it, so that only HAProxy knows what it is.
    pub fn expands(&self, place: usize) -> bool {
        self.list.get(place).is_some_and(|word| word.expands)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.list.iter().map(|word| &*word.text)
    }

    /// Whether it begins with these words.
    pub fn begins(&self, words: &[&str]) -> bool {
        self.len() >= words.len() && self.iter().zip(words).all(|(word, &other)| word == other)
    }

    /// The place of a word at or behind another place.
    pub fn place(&self, word: &str, from: usize) -> Option<usize> {
        let place = self.iter().skip(from).position(|other| other == word)?;
        Some(from + place)
    }

    /// The word behind the first `word` at or behind a place: the value of a keyword.
    pub fn value(&self, word: &str, from: usize) -> Option<&str> {
        let place = self.place(word, from)?;
        self.list.get(place + 1).map(|word| &*word.text)
    }
}

/// A space as C's `isspace` has it.
pub(crate) const fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let words = Words::read(line.as_bytes()).unwrap();
        words.iter().map(str::to_owned).collect()
    }

    #[test]
    fn words_are_those_of_haproxy() {
        for (line, expected) in [
            ("", &[][..]),
            ("   \t\x0b\x0c", &[]),
            ("# only a comment", &[]),
            ("  bind *:80 # a comment", &["bind", "*:80"]),
            ("bind *:80#comment", &["bind", "*:80"]),
            ("a\\ b c\\#d e\\\\f", &["a b", "c#d", "e\\f"]),
            (
                "log-format \"%ci \\\"x\\\" '\"",
                &["log-format", "%ci \"x\" '"],
            ),
            ("a 'b \\n \"c\" $D' e", &["a", "b \\n \"c\" $D", "e"]),
            ("a\"b\"'c'd", &["abcd"]),
            ("\\x41\\x7a \\t\\n\\r \\q", &["Az", "\t\n\r", "\\q"]),
            ("a \\' \\\"", &["a", "'", "\""]),
            ("a $B \\$B", &["a", "$B", "\\$B"]),
            (
                "a \"$B ${C} ${D-x y} ${E[*]} \\$F\"",
                &["a", "$B ${C} ${D-x y} ${E[*]} $F"],
            ),
            ("a\rb", &["a"]),
            ("option httplog\r", &["option", "httplog"]),
            ("a \"#\" '#'", &["a", "#", "#"]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn what_haproxy_refuses_is_refused() {
        for (line, error) in [
            ("a \"b", WordError::UnmatchedQuote(3)),
            ("a 'b\" # c", WordError::UnmatchedQuote(3)),
            ("a \"${B\"", WordError::UnmatchedBrace(5)),
            ("a \"${B-x", WordError::UnmatchedBrace(5)),
            ("a \"$1\"", WordError::VariableName(5)),
            ("a \"${}\"", WordError::VariableName(6)),
            ("a \"cost: $\"", WordError::VariableName(11)),
            ("a \"${B[1]}\"", WordError::Expansion(7)),
            ("a \\x4", WordError::Hexadecimal(3)),
            (&"w ".repeat(65), WordError::TooManyWords),
        ] {
            assert_eq!(Words::read(line.as_bytes()), Err(error), "{line}");
        }
        assert_eq!(words(&"w ".repeat(64)).len(), 64);
    }

    #[test]
    fn a_modifier_stands_apart() {
        let words = Words::read(b"no option httpclose").unwrap();
        assert_eq!((words.modifier(), words.at(0)), (Modifier::No, "option"));
        let words = Words::read(b"default option httpclose").unwrap();
        assert_eq!(words.modifier(), Modifier::Default);
        assert!(
            words.begins(&["option", "httpclose"]) && !words.begins(&["option", "httpclose", "x"])
        );
    }

    #[test]
    fn an_empty_word_ends_the_line() {
        let words = Words::read(b"server s \"\" 127.0.0.1:80").unwrap();
        assert_eq!(words.iter().collect::<Vec<_>>(), ["server", "s"]);
        assert!(words.is_cut());
        assert!(!Words::read(b"server s a\"\"").unwrap().is_cut());
    }

    #[test]
    fn a_value_stands_behind_its_keyword() {
        let words = Words::read(b"stats socket /s mode 660 level \"$LEVEL\" user").unwrap();
        assert_eq!(words.value("mode", 3), Some("660"));
        assert_eq!(words.value("level", 3), Some("$LEVEL"));
        assert_eq!(words.value("user", 3), None);
        assert_eq!(words.value("mode", 4), None);
        let place = words.place("level", 0).unwrap();
        assert!(words.expands(place + 1) && !words.expands(place));
        assert_eq!(words.at(99), "");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_matter() {
        let words = Words::read(b"a \xff\xfe\"\xff\" b").unwrap();
        assert_eq!(
            words.iter().collect::<Vec<_>>(),
            ["a", "\u{fffd}\u{fffd}\u{fffd}", "b"]
        );
    }
}
