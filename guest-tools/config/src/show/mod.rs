//! `show_config`.

mod block;
mod text;

use haproxy_configuration::Configuration;
use haproxy_listing::{Key, Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::names::Suggestion;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::block::{Block, Wanted, blocks};
use self::text::{Pages, Text};
use crate::source::{Source, Unread};

/// Bytes of lines in an answer to a call without `limit`.
const DEFAULT_BYTES: usize = 6_000;

/// Bytes of lines in any answer; the host takes 1 MiB in all.
const BYTES: usize = 200_000;

/// Lines that match, or sections, of a page, where the arguments do not say.
const LIMIT: usize = 60;

/// Characters of a line.
const LINE: usize = 2_000;

/// Names of files that are listed.
const FILES: usize = 50;

/// Lines that could not be read which are said.
const PROBLEMS: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    file: Option<String>,
    section: Option<String>,
    search: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    shown: &'static str,
    rows: Box<RawValue>,
    matched: u64,
    files: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unread: &'a [Unread],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems_left_out: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

/// A line that matches, or a section of an outline.
#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    conditional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<[String; 1]>,
}

/// What an answer is made of.
struct Shown {
    what: &'static str,
    rows: Box<RawValue>,
    matched: u64,
    next_cursor: Option<String>,
    hint: Option<&'static str>,
    line: String,
}

pub(crate) fn show_config(call: &Call<'_>) -> Result<Outcome, Failure> {
    let mut arguments: Arguments = call.arguments()?;
    let source = Source::read(call)?;
    let version = source.version();
    arguments.cursor = version.cursor(arguments.cursor)?;
    let configuration = source.configuration();
    let blocks = chosen(&source, &configuration, &arguments)?;
    let shown = shown(&blocks, &arguments)?;
    let problems: Vec<String> = configuration
        .problems()
        .iter()
        .filter(|problem| {
            arguments
                .file
                .as_deref()
                .is_none_or(|file| file == problem.file)
        })
        .map(ToString::to_string)
        .collect();
    let answer = Answer {
        shown: shown.what,
        rows: shown.rows,
        matched: shown.matched,
        files: source.files().map(|(name, _)| name).take(FILES).collect(),
        unread: &source.unread,
        problems_left_out: problems
            .len()
            .checked_sub(PROBLEMS)
            .filter(|more| *more > 0),
        problems: problems.into_iter().take(PROBLEMS).collect(),
        next_cursor: shown.next_cursor.map(|cursor| version.mark(&cursor)),
        hint: shown.hint,
    };
    Ok(Outcome::of(&answer)?.text(shown.line))
}

/// The parts of the files that were asked for.
fn chosen<'c>(
    source: &'c Source,
    configuration: &'c Configuration<'c>,
    arguments: &Arguments,
) -> Result<Vec<Block<'c>>, Failure> {
    if let Some(file) = arguments.file.as_deref()
        && source.files().all(|(name, _)| name != file)
    {
        let suggestion = Suggestion::among(file, source.names());
        return Err(
            Failure::not_found(format!("the configuration has no file: `{file}`"))
                .hint(suggestion.hint("without `file`, all are shown"))
                .argument_among("/file", suggestion.names()),
        );
    }
    let mut blocks = blocks(source.files(), configuration);
    blocks.retain(|block| {
        arguments
            .file
            .as_deref()
            .is_none_or(|file| file == block.file)
    });
    let Some(section) = arguments.section.as_deref() else {
        return Ok(blocks);
    };
    let wanted = Wanted::new(section);
    if !blocks.iter().any(|block| wanted.is(block)) {
        let names = blocks.iter().filter_map(Block::section);
        let suggestion = Suggestion::among(section, names);
        return Err(
            Failure::not_found(format!("the configuration has no section: `{section}`"))
                .hint(suggestion.hint("without `section`, all are shown"))
                .argument_among("/section", suggestion.names()),
        );
    }
    blocks.retain(|block| wanted.is(block));
    Ok(blocks)
}

fn shown(blocks: &[Block<'_>], arguments: &Arguments) -> Result<Shown, Failure> {
    let asked = [arguments.file.as_deref(), arguments.section.as_deref()];
    if let Some(search) = arguments.search.as_deref() {
        return matches(blocks, asked, search, arguments);
    }
    let bytes = if arguments.limit.is_some() {
        BYTES
    } else {
        DEFAULT_BYTES
    };
    let pages = Pages::new(asked, arguments.limit, bytes);
    let of_text = arguments
        .cursor
        .as_deref()
        .is_some_and(|cursor| pages.gave(cursor));
    let size: usize = blocks.iter().map(Block::bytes).sum();
    if size > DEFAULT_BYTES && arguments.limit.is_none() && arguments.section.is_none() && !of_text
    {
        return outline(blocks, asked, arguments);
    }
    let Text {
        rows,
        first,
        last,
        matched,
        next_cursor,
    } = pages.page(blocks, arguments.cursor.as_deref())?;
    Ok(Shown {
        what: "text",
        rows: serde_json::value::to_raw_value(&rows)?,
        matched,
        line: match &next_cursor {
            None if first <= 1 => format!("{matched} lines"),
            None => format!("lines {first} to {last} of {matched}"),
            Some(_) => format!("lines {first} to {last} of {matched}; pass next_cursor for more"),
        },
        hint: None,
        next_cursor,
    })
}

/// A line as it is shown: the host makes control characters visible, tabs among them.
fn written(line: &[u8]) -> String {
    String::from_utf8_lossy(line.trim_ascii_end()).replace('\t', "    ")
}

fn matches(
    blocks: &[Block<'_>],
    asked: [Option<&str>; 2],
    search: &str,
    arguments: &Arguments,
) -> Result<Shown, Failure> {
    let [file, section] = asked;
    let part = Part::new(
        &[Some("show_config matches"), file, section],
        Some(search),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let mut page = part.page();
    for block in blocks {
        for (number, line) in block.numbered() {
            let text = written(line);
            if part.holds([&*text]) {
                page.offer(Key::Absent, || Row {
                    file: block.file,
                    line: number,
                    section: block.section(),
                    lines: None,
                    conditional: block.is_conditional(number),
                    text: Some([cut(text.trim_start(), LINE).into_owned()]),
                });
            }
        }
    }
    let written = part.write(&page.finish())?;
    Ok(Shown {
        what: "matches",
        line: written.line("lines that match"),
        rows: written.rows,
        matched: written.matched,
        next_cursor: written.next_cursor,
        hint: (written.matched == 0).then_some(
            "no line has this text in it; secrets are replaced, so that they cannot be found",
        ),
    })
}

/// The sections and how long they are.
fn outline(
    blocks: &[Block<'_>],
    asked: [Option<&str>; 2],
    arguments: &Arguments,
) -> Result<Shown, Failure> {
    let [file, _] = asked;
    let part = Part::new(
        &[Some("show_config outline"), file],
        None,
        None,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let mut page = part.page();
    for block in blocks.iter().filter(|block| block.is_section()) {
        page.offer(Key::Absent, || Row {
            file: block.file,
            line: block.line,
            section: block.section(),
            lines: Some(block.lines().count()),
            conditional: block.is_conditional(block.line),
            text: None,
        });
    }
    let written = part.write(&page.finish())?;
    Ok(Shown {
        what: "outline",
        line: written.line("sections; the whole is too long"),
        rows: written.rows,
        matched: written.matched,
        next_cursor: written.next_cursor,
        hint: Some(
            "the whole is too long for one answer: name a `section`, a `search`, or a `limit` of lines",
        ),
    })
}
