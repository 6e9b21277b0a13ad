//! A line of HAProxy's configuration as the words that HAProxy would see (Configuration Manual, section 2.2), each byte
//! with its place in the line, so that a part of a word can be replaced where it was written.
//!
//! What HAProxy would not accept is split all the same: an open quote ends with the line, a wrong escape stands for
//! itself. Variables (`"${NAME-default}"`) are left as they are, unless the line is to be read with their defaults.

use std::ops::Range;

/// A line, split.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// The words in front of the comment.
    pub(super) words: Vec<Word>,
    /// Where the comment's `#` is.
    pub(super) comment: Option<usize>,
    /// Where the quote opens that the line does not close.
    pub(super) open_quote: Option<usize>,
    /// The comment where no blank is in front of it: from behind its `#` to the end of the line.
    pub(super) glued: Option<Range<usize>>,
    quotes: Vec<Quote>,
}

/// One word without its quotes and escapes.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// Its bytes.
    pub(super) text: Vec<u8>,
    /// Where each was written.
    marks: Vec<Range<usize>>,
    variables: Vec<Variable>,
}

/// A variable of the environment in a word.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// All of it, in the word's bytes.
    range: Range<usize>,
    /// What it is where the environment has it not.
    default: Range<usize>,
    /// It becomes as many words as it has (`${NAME[*]}`).
    splits: bool,
}

/// A pair of quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quote {
    sign: u8,
    opened: usize,
    /// Where it is closed, if it is.
    closed: Option<usize>,
}

impl Split {
    /// Splits a line.
    pub(super) fn of(line: &[u8]) -> Self {
        let mut words = Self::default();
        let mut word = Word::default();
        let mut started = false;
        let mut open: Option<Quote> = None;
        let last_brace = line.iter().rposition(|byte| *byte == b'}');
        let mut at = 0;
        while let Some(rest @ [first, ..]) = line.get(at..) {
            let (byte, width) = match (*first, open) {
                (sign @ (b'\'' | b'"'), None) => {
                    open = Some(Quote {
                        sign,
                        opened: at,
                        closed: None,
                    });
                    started = true;
                    at += 1;
                    continue;
                }
                (sign, Some(quote)) if sign == quote.sign => {
                    words.quotes.push(Quote {
                        closed: Some(at),
                        ..quote
                    });
                    open = None;
                    at += 1;
                    continue;
                }
                (b'#', None) => {
                    words.comment = Some(at);
                    words.glued = started.then_some(at + 1..line.trim_ascii_end().len());
                    break;
                }
                (blank, None) if is_blank(blank) => {
                    if started {
                        words.words.push(std::mem::take(&mut word));
                        started = false;
                    }
                    at += 1;
                    continue;
                }
                (b'$', Some(Quote { sign: b'"', .. })) => {
                    let width = match Variable::at(rest, last_brace.is_some_and(|last| at < last)) {
                        Some(variable) => {
                            let (width, start) = (variable.range.end, word.text.len());
                            word.variables.push(variable.moved(start));
                            width
                        }
                        None => 1,
                    };
                    // Nothing in a default is a quote or an escape.
                    word.text.extend(rest.iter().take(width));
                    word.marks.extend((at..at + width).map(|at| at..at + 1));
                    at += width;
                    continue;
                }
                (b'\\', None) => unescaped(rest, false),
                (b'\\', Some(Quote { sign: b'"', .. })) => unescaped(rest, true),
                (byte, _) => (byte, 1),
            };
            started = true;
            word.text.push(byte);
            word.marks.push(at..at + width);
            at += width;
        }
        if started {
            words.words.push(word);
        }
        words.open_quote = open.map(|quote| quote.opened);
        words.quotes.extend(open);
        words
    }

    /// The same where no variable is set: each is its default, or nothing. `None` where there are none.
    pub(super) fn with_defaults(&self) -> Option<Self> {
        if self.words.iter().all(|word| word.variables.is_empty()) {
            return None;
        }
        Some(Self {
            words: self.words.iter().map(Word::with_defaults).collect(),
            comment: self.comment,
            open_quote: self.open_quote,
            glued: self.glued.clone(),
            quotes: self.quotes.clone(),
        })
    }

    /// Where a part of a word was written. `None` where nothing was, or nothing but a variable of the environment,
    /// whose name is no secret.
    pub(super) fn place(&self, word: usize, range: Range<usize>) -> Option<Range<usize>> {
        let word = self.words.get(word)?;
        let range = range.start..range.end.min(word.text.len());
        let marks = word.marks.get(range.clone())?;
        let place = marks.first()?.start..marks.last()?.end;
        let is_variable = is_variable(word.text.get(range)?)
            && marks.iter().all(|mark| mark.len() == 1)
            && self.quote_around(place.start).is_some_and(|quote| {
                quote.sign == b'"' && self.quote_around(place.end) == Some(quote)
            });
        (!is_variable).then_some(place)
    }

    /// How a part of the line is left out so that its quotes stay in pairs: with all of the quotes that it opens, and
    /// with this sign in its place where it closes some.
    pub(super) fn whole(&self, part: Range<usize>) -> (Range<usize>, Option<u8>) {
        let (before, within) = (self.quote_around(part.start), self.quote_around(part.end));
        let end = match within {
            Some(quote) if within != before => quote.closed.map_or(usize::MAX, |closed| closed + 1),
            _ => part.end,
        };
        let closes = before.filter(|_| within != before).map(|quote| quote.sign);
        (part.start..end, closes)
    }

    /// The quotes around the gap in front of the byte at this place.
    fn quote_around(&self, place: usize) -> Option<Quote> {
        let after = self.quotes.partition_point(|quote| quote.opened < place);
        let quote = *self.quotes.get(after.checked_sub(1)?)?;
        quote
            .closed
            .is_none_or(|closed| place <= closed)
            .then_some(quote)
    }
}

impl Word {
    pub(super) fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Whether HAProxy joins it with the next word where its last variable is not set.
    pub(super) fn joins(&self) -> bool {
        self.variables
            .last()
            .is_some_and(|last| last.range.end == self.text.len() && last.default.is_empty())
    }

    /// Whether it may become several words, of which some are written here.
    pub(super) fn splits(&self) -> bool {
        self.variables
            .iter()
            .any(|variable| variable.splits && !variable.default.is_empty())
    }

    fn with_defaults(&self) -> Self {
        let mut word = Self::default();
        let mut at = 0;
        let mut add = |range: Range<usize>| {
            word.text
                .extend(self.text.get(range.clone()).unwrap_or_default());
            word.marks
                .extend_from_slice(self.marks.get(range).unwrap_or_default());
        };
        for variable in &self.variables {
            add(at..variable.range.start);
            add(variable.default.clone());
            at = variable.range.end;
        }
        add(at..self.text.len());
        word
    }
}

impl Variable {
    /// The one that a text begins with, of which it is known whether a `}` is in it: a line may open many.
    fn at(text: &[u8], closes: bool) -> Option<Self> {
        let braces = text.get(1) == Some(&b'{');
        let name = if braces { 2 } else { 1 };
        let letters = usize::from(text.get(name) == Some(&b'.')) + name;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let rest = text.get(letters..)?;
        let length = rest.iter().take_while(|byte| is_name(byte)).count();
        if rest.first().is_none_or(u8::is_ascii_digit) || length == 0 {
            return None;
        }
        let end = letters + length;
        if braces && !closes {
            return None;
        }
        if !braces {
            return Some(Self {
                range: 0..end,
                default: end..end,
                splits: false,
            });
        }
        let rest = text.get(end..)?;
        let splits = rest.starts_with(b"[*]");
        let end = if splits { end + 3 } else { end };
        let rest = text.get(end..)?;
        let close = match rest.first()? {
            b'}' => 0,
            b'-' => rest.iter().position(|byte| *byte == b'}')?,
            _ => return None,
        };
        Some(Self {
            range: 0..end + close + 1,
            default: (end + 1).min(end + close)..end + close,
            splits,
        })
    }

    fn moved(self, by: usize) -> Self {
        let moved = |range: Range<usize>| range.start + by..range.end + by;
        Self {
            range: moved(self.range),
            default: moved(self.default),
            splits: self.splits,
        }
    }
}

/// Whether this is `${NAME}` or `$NAME`.
fn is_variable(text: &[u8]) -> bool {
    let ([b'$', b'{', name @ .., b'}'] | [b'$', name @ ..]) = text else {
        return false;
    };
    name.first().is_some_and(|byte| !byte.is_ascii_digit())
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// What C's `isspace` takes for a blank, which HAProxy splits at.
pub(super) fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'\x0b'
}

/// What an escape stands for, and its width; a `\` that begins none stands for itself.
fn unescaped(rest: &[u8], in_double_quotes: bool) -> (u8, usize) {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    match rest {
        [_, b'n', ..] => (b'\n', 2),
        [_, b'r', ..] => (b'\r', 2),
        [_, b't', ..] => (b'\t', 2),
        [_, byte @ (b' ' | b'\\' | b'#' | b'\'' | b'"'), ..] => (*byte, 2),
        [_, b'$', ..] if in_double_quotes => (b'$', 2),
        [_, b'x', high, low, ..] => match (digit(high), digit(low)) {
            (Some(high), Some(low)) => (high << 4 | low, 4),
            _ => (b'\\', 1),
        },
        _ => (b'\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        let words = Split::of(line.as_bytes());
        words
            .words
            .iter()
            .map(|word| String::from_utf8_lossy(&word.text).into_owned())
            .collect()
    }

    /// The Configuration Manual's own table and examples.
    #[test]
    fn words_are_those_that_haproxy_sees() {
        for line in [
            r"log-format %{+Q}o\ %t\ %s\ %{-Q}r",
            r#"log-format "%{+Q}o %t %s %{-Q}r""#,
            r"log-format '%{+Q}o %t %s %{-Q}r'",
            r#"log-format "%{+Q}o %t"' %s %{-Q}r'"#,
            r#"log-format "%{+Q}o %t"' %s'\ %{-Q}r"#,
        ] {
            assert_eq!(split(line), ["log-format", "%{+Q}o %t %s %{-Q}r"], "{line}");
        }
        for (line, words) in [
            (r"a\x20b\tc\x0a", vec!["a b\tc\n"]),
            (r#""\$a" \$a '\$a'"#, vec!["$a", r"\$a", r"\$a"]),
            (r"'a\' b", vec![r"a\", "b"]),
            (r#""a\"b" \"c \'d"#, vec!["a\"b", "\"c", "'d"]),
            (r"a\1 \", vec![r"a\1", r"\"]),
            (r"a\xZ", vec![r"a\xZ"]),
            (r#"a "" ''b"#, vec!["a", "", "b"]),
            ("global#comment", vec!["global"]),
            (r"a\#b '#' #c", vec!["a#b", "#"]),
            ("\ta\r", vec!["a"]),
            ("", vec![]),
        ] {
            assert_eq!(split(line), words, "{line}");
        }
    }

    #[test]
    fn a_part_is_found_where_it_was_written() {
        let found = |line: &str, word: usize, range: Range<usize>| {
            let words = Split::of(line.as_bytes());
            words.place(word, range).map(|place| {
                let (place, closes) = words.whole(place);
                let end = place.end.min(line.len());
                (line[place.start..end].to_owned(), closes)
            })
        };
        let same = |text: &str| Some((text.to_owned(), None));
        let closing = |text: &str| Some((text.to_owned(), Some(b'"')));
        assert_eq!(found("a u:p", 1, 2..3), same("p"));
        assert_eq!(found(r#"a "u:p q""#, 1, 2..5), same("p q"));
        assert_eq!(found(r#"a u:"p q""#, 1, 2..5), same("p q"));
        assert_eq!(found(r#"a u:p"q r"s"#, 1, 2..7), same(r#"p"q r"s"#));
        assert_eq!(found(r#"a u:p"q r""#, 1, 2..6), same(r#"p"q r""#));
        assert_eq!(found(r#"a u:p"q r"#, 1, 2..6), same(r#"p"q r"#));
        assert_eq!(found(r#"a "u:p"q"#, 1, 2..4), closing(r#"p"q"#));
        assert_eq!(found(r#"a "u:p"'q'"#, 1, 2..4), closing(r#"p"'q'"#));
        assert_eq!(found(r"a u:\x70\ ", 1, 2..4), same(r"\x70\ "));
        assert_eq!(found(r#"a "u:${P}""#, 1, 2..6), None);
        assert_eq!(found(r#"a "u:$P""#, 1, 2..4), None);
        assert_eq!(found(r#"a "u:\$P""#, 1, 2..4), same(r"\$P"));
        assert_eq!(found(r#"a "u:${P-x}""#, 1, 2..8), same("${P-x}"));
        assert_eq!(found("a u:${P}", 1, 2..6), same("${P}"));
        assert_eq!(found("a", 0, 1..1), None);
        assert_eq!(found("a", 3, 0..1), None);
    }
}
