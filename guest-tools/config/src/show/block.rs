//! Files, cut into what belongs to each section.

use haproxy_configuration::{Configuration, Kind, Section};

/// Lines that follow each other in a file, of one section, or of none.
#[derive(Debug)]
pub(crate) struct Block<'c> {
    pub(crate) file: &'c str,
    /// The number of the first line, from 1.
    pub(crate) line: u32,
    /// Kind and name.
    pub(crate) section: Option<String>,
    kind: Option<Kind>,
    name: Option<&'c str>,
    /// Without their ends.
    pub(crate) lines: Vec<&'c [u8]>,
}

impl Block<'_> {
    /// What it has in a file, about.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.iter().map(|line| line.len() + 1).sum()
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
        let of_kind = block.kind.is_some() && block.kind == self.kind;
        of_kind && self.name.is_none_or(|name| block.name == Some(name))
            || block.name == Some(self.whole)
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
        let mut lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
        // what is behind the last line feed is no line
        if lines.last().is_some_and(|last| last.is_empty()) {
            lines.pop();
        }
        let mut rest = lines.as_slice();
        let mut line = 1;
        let mut current: Option<&Section<'_>> = None;
        loop {
            let next = sections.next_if(|section| section.file == file);
            let head = next.and_then(|next| usize::try_from(next.head.line - line).ok());
            let end = head.map_or(rest.len(), |head| head - comments_above(rest, head));
            let (taken, left) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            if current.is_some() || taken.iter().any(|line| !line.trim_ascii().is_empty()) {
                blocks.push(Block {
                    file,
                    line,
                    section: current.map(ToString::to_string),
                    kind: current.map(|section| section.kind),
                    name: current.and_then(|section| section.name.as_deref()),
                    lines: taken.to_vec(),
                });
            }
            line = line.saturating_add(u32::try_from(taken.len()).unwrap_or(u32::MAX));
            rest = left;
            current = next;
            if next.is_none() {
                break;
            }
        }
    }
    blocks
}

/// How many lines right above a place are comments.
fn comments_above(lines: &[&[u8]], place: usize) -> usize {
    let above = lines.get(..place).unwrap_or_default();
    above
        .iter()
        .rev()
        .take_while(|line| line.trim_ascii_start().starts_with(b"#"))
        .count()
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
                    block.section,
                    block.lines.len(),
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
                .filter_map(|block| block.section.clone())
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
