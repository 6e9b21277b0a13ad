//! Reading the words of a line, as HAProxy does.

use std::borrow::Cow;

use crate::word::{MOST_WORDS, Word, WordError, is_space};

/// Reads a line as HAProxy's `parse_line` does.
pub(crate) struct Reader<'a> {
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
    pub(crate) fn new(line: &'a [u8]) -> Self {
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
    pub(crate) fn step(&mut self) -> Result<bool, WordError> {
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

    pub(crate) fn finish(mut self) -> Result<Vec<Word<'a>>, WordError> {
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
