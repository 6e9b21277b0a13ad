//! Files, cut into what belongs to each section.

use haproxy_configuration::{Configuration, Kind, Section};

/// Lines that follow each other in a file, of one section, or of none.
#[derive(Debug)]
pub(crate) struct Block<'c> {
    pub(crate) file: &'c str,
    /// The number of the first line, from 1.
    pub(crate) line: u32,
    section: Option<&'c Section<'c>>,
    text: &'c [u8],
}

impl<'c> Block<'c> {
    /// Whether it is a section, and not what stands before the first one.
    pub(crate) fn is_section(&self) -> bool {
        self.section.is_some()
    }

    /// Kind and name of its section.
    pub(crate) fn section(&self) -> Option<String> {
        self.section.map(ToString::to_string)
    }

    /// Whether its section, or a line of it, stands between `.if` and `.endif`.
    pub(crate) fn is_conditional(&self, line: u32) -> bool {
        self.section.is_some_and(|section| {
            let statement = || {
                let place = section
                    .statements
                    .binary_search_by_key(&line, |statement| statement.line);
                section.statements.get(place.ok()?)
            };
            section.head.conditional || statement().is_some_and(|statement| statement.conditional)
        })
    }

    /// Its lines, without their ends.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &'c [u8]> + use<'c> {
        lines(self.text).map(|line| line.strip_suffix(b"\n").unwrap_or(line))
    }

    /// Its lines with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u32, &'c [u8])> + use<'c> {
        (self.line..).zip(self.lines())
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// A section that is asked for: `global`, `be_app`, `backend be_app`.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    kind: Option<Kind>,
    name: Option<&'a str>,
    whole: &'a str,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(asked: &'a str) -> Self {
        let whole = asked.trim();
        let (first, rest) = whole.split_once([' ', '\t']).unwrap_or((whole, ""));
        let name = rest.trim();
        Self {
            kind: Kind::named(first),
            name: (!name.is_empty()).then_some(name),
            whole,
        }
    }

    /// A kind alone is all sections of it, and all of that name.
    pub(crate) fn is(&self, block: &Block<'_>) -> bool {
        let Some(section) = block.section else {
            return false;
        };
        let name = section.name.as_deref();
        let of_kind = Some(section.kind) == self.kind && (self.name.is_none() || self.name == name);
        of_kind || name == Some(self.whole)
    }
}

/// All files, in their order. Comments right above a section belong to it.
pub(crate) fn blocks<'c>(
    files: impl Iterator<Item = (&'c str, &'c [u8])>,
    configuration: &'c Configuration<'c>,
) -> Vec<Block<'c>> {
    let mut sections = configuration.sections().iter().peekable();
    let mut blocks = Vec::new();
    for (file, content) in files {
        let mut block = Block {
            file,
            line: 1,
            section: None,
            text: content.get(..0).unwrap_or_default(),
        };
        // where the block ends, and where it would without the comments at its end
        let (mut start, mut end, mut without) = (0, 0, 0);
        let mut comments = 0;
        for (number, line) in (1..).zip(lines(content)) {
            let begins =
                sections.next_if(|section| section.file == file && section.head.line == number);
            if begins.is_some() {
                block.text = content.get(start..without).unwrap_or_default();
                let next = Block {
                    file,
                    line: number - comments,
                    section: begins,
                    text: &[],
                };
                blocks.push(std::mem::replace(&mut block, next));
                start = without;
            }
            end += line.len();
            if line.trim_ascii_start().starts_with(b"#") {
                comments += 1;
            } else {
                without = end;
                comments = 0;
            }
        }
        block.text = content.get(start..).unwrap_or_default();
        blocks.push(block);
    }
    // what stands before the first section of a file may be nothing
    blocks.retain(|block| block.section.is_some() || !block.text.trim_ascii().is_empty());
    blocks
}

/// Lines with their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const FILES: [(&str, &[u8]); 2] = [
        ("a.cfg", b"# the whole\n\n# of the process\nglobal\n  maxconn 10\n\n# of the site\n# and more\nfrontend web\n  bind :80\nbackend web\n"),
        ("b.cfg", b"\nbackend web2\n  server s 127.0.0.1:80"),
    ];

    fn all() -> Vec<(String, u32, Option<String>, usize)> {
        let configuration = Configuration::read(FILES);
        blocks(FILES.into_iter(), &configuration)
            .into_iter()
            .map(|block| {
                (
                    block.file.to_owned(),
                    block.line,
                    block.section(),
                    block.lines().count(),
                )
            })
            .collect()
    }

    #[test]
    fn every_line_is_in_one_block() {
        let row = |file: &str, line, section: Option<&str>, lines| {
            (file.to_owned(), line, section.map(str::to_owned), lines)
        };
        assert_eq!(
            all(),
            [
                row("a.cfg", 1, None, 2),
                row("a.cfg", 3, Some("global"), 4),
                row("a.cfg", 7, Some("frontend web"), 4),
                row("a.cfg", 11, Some("backend web"), 1),
                row("b.cfg", 2, Some("backend web2"), 2),
            ]
        );
    }

    #[test]
    fn sections_are_named_by_kind_by_name_or_by_both() {
        let configuration = Configuration::read(FILES);
        let blocks = blocks(FILES.into_iter(), &configuration);
        let found = |asked: &str| {
            let wanted = Wanted::new(asked);
            blocks
                .iter()
                .filter(|block| wanted.is(block))
                .filter_map(Block::section)
                .collect::<Vec<_>>()
        };
        assert_eq!(found("global"), ["global"]);
        assert_eq!(found("backend"), ["backend web", "backend web2"]);
        assert_eq!(found("backend  web2 "), ["backend web2"]);
        assert_eq!(found("web"), ["frontend web", "backend web"]);
        assert_eq!(found("frontend web2"), [""; 0]);
        assert_eq!(found("listen"), [""; 0]);
    }
}
