//! The words of a line: quotes, escapes, comments.

use std::borrow::Cow;

/// The most words of a line that HAProxy takes.
const MOST_WORDS: usize = 64;

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

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word<'a> {
    text: Cow<'a, str>,
    expands: bool,
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

/// Reads a line as HAProxy's `parse_line` does.
struct Reader<'a> {
    line: &'a [u8],
    at: usize,
    /// Where the quote that is open stands.
    quote: Option<(u8, usize)>,
    /// Whether nothing came behind the quote that was opened last.
    empty_quote: bool,
    word: Option<Unfinished>,
    words: Vec<Word<'a>>,
}

/// A word that is being read: from `start` on the line itself, up to where something had to be left out.
struct Unfinished {
    start: usize,
    end: usize,
    bytes: Option<Vec<u8>>,
    expands: bool,
}

impl<'a> Reader<'a> {
    fn new(line: &'a [u8]) -> Self {
        Self {
            line,
            at: 0,
            quote: None,
            empty_quote: false,
            word: None,
            words: Vec::new(),
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.line.get(self.at + ahead).copied()
    }

    fn quoted(&self, by: u8) -> bool {
        self.quote.is_some_and(|(quote, _)| quote == by)
    }

    /// One character; false at the end of the line.
    fn step(&mut self) -> Result<bool, WordError> {
        let Some(byte) = self.peek(0) else {
            return Ok(false);
        };
        match byte {
            b'\0' | b'\n' | b'\r' => return Ok(false),
            b'#' if self.quote.is_none() => return Ok(false),
            b'"' if !self.quoted(b'\'') => self.toggle(b'"'),
            b'\'' if !self.quoted(b'"') => self.toggle(b'\''),
            b'\\' if !self.quoted(b'\'') => self.escape()?,
            b'$' if self.quoted(b'"') => self.variable()?,
            _ if is_space(byte) && self.quote.is_none() => {
                self.end_word();
                self.at += 1;
            }
            _ => self.copy(1),
        }
        Ok(true)
    }

    fn toggle(&mut self, quote: u8) {
        if self.quote.is_some() {
            if self.empty_quote {
                self.begin_word();
            }
            self.quote = None;
        } else {
            self.quote = Some((quote, self.at));
            self.empty_quote = true;
        }
        self.at += 1;
    }

    fn escape(&mut self) -> Result<(), WordError> {
        let (byte, length) = match self.peek(1) {
            Some(byte @ (b' ' | b'\\' | b'#' | b'\'' | b'"')) => (byte, 2),
            Some(b'$') if self.quoted(b'"') => (b'$', 2),
            Some(b't') => (b'\t', 2),
            Some(b'n') => (b'\n', 2),
            Some(b'r') => (b'\r', 2),
            Some(b'x') => {
                let digit = |ahead| {
                    let digit = self
                        .peek(ahead)
                        .and_then(|byte| char::from(byte).to_digit(16));
                    digit.and_then(|digit| u8::try_from(digit).ok())
                };
                let (Some(high), Some(low)) = (digit(2), digit(3)) else {
                    return Err(WordError::Hexadecimal(self.at + 1));
                };
                (high << 4 | low, 4)
            }
            _ => {
                self.copy(1);
                return Ok(());
            }
        };
        self.begin_word();
        let line = self.line;
        if let Some(word) = &mut self.word {
            word.own(line).push(byte);
        }
        self.at += length;
        Ok(())
    }

    /// A variable, kept as it is written.
    fn variable(&mut self) -> Result<(), WordError> {
        let brace = (self.peek(1) == Some(b'{')).then_some(self.at + 1);
        let mut length = if brace.is_some() { 2 } else { 1 };
        let first = self.peek(length);
        if !first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'.') {
            return Err(WordError::VariableName(self.at + length + 1));
        }
        length += 1;
        while self
            .peek(length)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            length += 1;
        }
        if let Some(brace) = brace {
            if self.peek(length) == Some(b'[') {
                if (self.peek(length + 1), self.peek(length + 2)) != (Some(b'*'), Some(b']')) {
                    return Err(WordError::Expansion(self.at + length + 1));
                }
                length += 3;
            }
            if self.peek(length) == Some(b'-') {
                while !matches!(self.peek(length), None | Some(b'\0' | b'}' | b'\n')) {
                    length += 1;
                }
            }
            if self.peek(length) != Some(b'}') {
                return Err(WordError::UnmatchedBrace(brace + 1));
            }
            length += 1;
        }
        self.copy(length);
        if let Some(word) = &mut self.word {
            word.expands = true;
        }
        Ok(())
    }

    /// Adds so many bytes of the line to the word.
    fn copy(&mut self, length: usize) {
        self.begin_word();
        let (line, from) = (self.line, self.at);
        self.at += length;
        let Some(word) = &mut self.word else { return };
        if word.bytes.is_none() && word.end != from {
            word.own(line);
        }
        match &mut word.bytes {
            None => word.end = self.at,
            Some(bytes) => bytes.extend_from_slice(line.get(from..self.at).unwrap_or_default()),
        }
    }

    fn begin_word(&mut self) {
        self.empty_quote = false;
        // behind a quote the word begins where its first character stands
        let start = self.at;
        self.word.get_or_insert(Unfinished {
            start,
            end: start,
            bytes: None,
            expands: false,
        });
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let text = if let Some(bytes) = word.bytes {
            Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
        } else {
            let bytes = self.line.get(word.start..word.end).unwrap_or_default();
            String::from_utf8_lossy(bytes)
        };
        self.words.push(Word {
            text,
            expands: word.expands,
        });
    }

    fn finish(mut self) -> Result<Vec<Word<'a>>, WordError> {
        self.end_word();
        if let Some((_, place)) = self.quote {
            return Err(WordError::UnmatchedQuote(place + 1));
        }
        if self.words.len() > MOST_WORDS {
            return Err(WordError::TooManyWords);
        }
        Ok(self.words)
    }
}

impl Unfinished {
    /// Its bytes, away from the line from now on.
    fn own(&mut self, line: &[u8]) -> &mut Vec<u8> {
        let so_far = line.get(self.start..self.end).unwrap_or_default();
        self.bytes.get_or_insert_with(|| so_far.to_vec())
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
