//! Lines to write: those that are there, with some words changed.

use haproxy_configuration::Words;

/// A line without indentation, from its words.
pub(crate) struct Line {
    words: Vec<String>,
    /// Where its keywords begin, behind what it is about.
    keywords: usize,
}

impl Line {
    /// The words of a line, each written so that HAProxy reads it as it was.
    pub(crate) fn of(words: &Words<'_>) -> Self {
        let written = words
            .iter()
            .enumerate()
            .map(|(place, word)| written(word, words.expands(place)));
        Self {
            words: written.collect(),
            keywords: match words.at(0) {
                "stats" | "server" | "server-template" => 3,
                "bind" | "user" => 2,
                _ => 1,
            },
        }
    }

    /// Puts another word at a place.
    #[must_use]
    pub(crate) fn with(mut self, place: usize, word: &str) -> Self {
        if let Some(old) = self.words.get_mut(place) {
            word.clone_into(old);
        }
        self
    }

    /// Gives a keyword this value, at the end where it has none.
    #[must_use]
    pub(crate) fn setting(mut self, keyword: &str, value: &str) -> Self {
        if let Some(place) = self.place(keyword) {
            return self.with(place + 1, value);
        }
        self.words.extend([keyword.to_owned(), value.to_owned()]);
        self
    }

    /// Takes a keyword and so many words behind it away.
    #[must_use]
    pub(crate) fn without(mut self, keyword: &str, values: usize) -> Self {
        if let Some(place) = self.place(keyword) {
            let end = (place + 1 + values).min(self.words.len());
            self.words.drain(place..end);
        }
        self
    }

    /// Adds words at the end.
    #[must_use]
    pub(crate) fn and(mut self, words: &str) -> Self {
        self.words.push(words.to_owned());
        self
    }

    /// Whether it has a keyword.
    pub(crate) fn has(&self, keyword: &str) -> bool {
        self.place(keyword).is_some()
    }

    /// The line.
    pub(crate) fn text(&self) -> String {
        self.words.join(" ")
    }

    fn place(&self, keyword: &str) -> Option<usize> {
        let mut keywords = self.words.iter().skip(self.keywords);
        Some(self.keywords + keywords.position(|word| word == keyword)?)
    }
}

fn written(word: &str, expands: bool) -> String {
    if expands {
        return format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut text = String::new();
    for character in word.chars() {
        match character {
            ' ' | '#' | '\\' | '"' | '\'' => text.extend(['\\', character]),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::of(&Words::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn words_are_written_as_they_are_read() {
        for text in [
            "stats socket /a\\ b mode 660",
            "stats socket \"${A}\\\"b\" level admin",
            "a \\#b \\'c\\\" \\\\d",
            "a b\\tc",
        ] {
            let written = line(text).text();
            assert_eq!(
                Words::read(written.as_bytes()),
                Words::read(text.as_bytes()),
                "{written}"
            );
        }
    }

    #[test]
    fn some_words_can_be_changed() {
        let text = "stats socket *:9999 level admin expose-fd listeners";
        assert_eq!(
            line(text).with(2, "127.0.0.1:9999").text(),
            "stats socket 127.0.0.1:9999 level admin expose-fd listeners"
        );
        assert_eq!(
            line(text)
                .without("expose-fd", 1)
                .setting("level", "user")
                .setting("mode", "660")
                .text(),
            "stats socket *:9999 level user mode 660"
        );
        assert_eq!(
            line("bind :80").and("ssl crt x.pem").text(),
            "bind :80 ssl crt x.pem"
        );
        assert_eq!(
            line("stats socket level mode").without("mode", 1).text(),
            "stats socket level"
        );
    }
}
