//! Lines, page after page.

use haproxy_listing::{Cursor, Fingerprint, Key, cut};
use haproxy_mcp_sdk::Failure;
use serde::Serialize;

use super::block::Block;
use super::{LINE, written};

/// Which lines a page has.
#[derive(Debug)]
pub(crate) struct Pages {
    fingerprint: Fingerprint,
    lines: usize,
    bytes: usize,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Text<'c> {
    pub(crate) rows: Vec<Run<'c>>,
    /// The places of the first and of the last line among all, from 1.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// How many lines there are on all pages.
    pub(crate) matched: u64,
    pub(crate) next_cursor: Option<String>,
}

/// Lines that follow each other, of one section.
#[derive(Debug, Serialize)]
pub(crate) struct Run<'c> {
    file: &'c str,
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    conditional: bool,
    text: Vec<String>,
}

impl Pages {
    /// Pages of so many lines and bytes; there is always one line.
    pub(crate) fn new(asked: [Option<&str>; 2], limit: Option<usize>, bytes: usize) -> Self {
        let [file, section] = asked;
        Self {
            fingerprint: Fingerprint::of([Some("show_config text"), file, section]),
            lines: limit.unwrap_or(usize::MAX),
            bytes,
        }
    }

    /// Whether a cursor is of these.
    pub(crate) fn gave(&self, cursor: &str) -> bool {
        Cursor::read(cursor, self.fingerprint).is_ok()
    }

    /// The page behind a cursor.
    pub(crate) fn page<'c>(
        &self,
        blocks: &'c [Block<'c>],
        cursor: Option<&str>,
    ) -> Result<Text<'c>, Failure> {
        let after = cursor
            .map(|cursor| Cursor::read(cursor, self.fingerprint))
            .transpose()?;
        let first = after.map_or(0, |cursor| cursor.ordinal.saturating_add(1));
        let mut page = Text {
            rows: Vec::new(),
            first: first + 1,
            last: first,
            matched: 0,
            next_cursor: None,
        };
        let (mut lines, mut bytes, mut full) = (0, 0, false);
        for block in blocks {
            let mut run: Option<Run<'c>> = None;
            for (number, line) in block.numbered() {
                page.matched += 1;
                if page.matched <= first || full {
                    continue;
                }
                let line = written(line);
                let line = cut(&line, LINE);
                bytes += line.len() + 3;
                if lines > 0 && (lines >= self.lines || bytes > self.bytes) {
                    full = true;
                    continue;
                }
                lines += 1;
                page.last = page.matched;
                let run = run.get_or_insert_with(|| Run {
                    file: block.file,
                    line: number,
                    section: block.section(),
                    conditional: block.is_conditional(number),
                    text: Vec::new(),
                });
                run.text.push(line.into_owned());
            }
            page.rows.extend(run);
        }
        page.next_cursor = full.then(|| {
            let cursor = Cursor {
                key: Key::Absent,
                ordinal: page.last - 1,
            };
            cursor.write(self.fingerprint)
        });
        Ok(page)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use haproxy_configuration::Configuration;

    use super::super::block::blocks;
    use super::*;

    fn all_pages(text: &str, limit: Option<usize>, bytes: usize) -> Vec<String> {
        let files = [("a.cfg", text.as_bytes())];
        let configuration = Configuration::read(files);
        let blocks = blocks(files.into_iter(), &configuration);
        let pages = Pages::new([None, Some("x")], limit, bytes);
        let mut cursor = None;
        let mut seen = Vec::new();
        loop {
            let page = pages.page(&blocks, cursor.as_deref()).unwrap();
            assert_eq!(usize::try_from(page.matched).unwrap(), text.lines().count());
            let said: Vec<String> = page
                .rows
                .iter()
                .map(|run| format!("{}:{}\n", run.line, run.text.join("\n")))
                .collect();
            seen.push(said.concat());
            cursor = page.next_cursor;
            if cursor.is_none() {
                return seen;
            }
            assert!(pages.gave(cursor.as_deref().unwrap()));
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let text = "global\n a\n b\nfrontend f\n c\n";
        assert_eq!(
            all_pages(text, None, 1_000),
            ["1:global\n a\n b\n4:frontend f\n c\n"]
        );
        assert_eq!(
            all_pages(text, Some(2), 1_000),
            ["1:global\n a\n", "3: b\n4:frontend f\n", "5: c\n"]
        );
        assert_eq!(
            all_pages(text, None, 15),
            ["1:global\n a\n", "3: b\n", "4:frontend f\n", "5: c\n"]
        );
    }

    #[test]
    fn a_long_line_is_cut_and_always_shown() {
        let text = format!("global\n a {}\n b\n", "x".repeat(5_000));
        let pages = all_pages(&text, None, 100);
        assert_eq!(pages.len(), 3);
        assert!(pages.iter().any(|page| page.ends_with("x…\n")), "{pages:?}");
    }
}
