//! What was seen of every tool on every version of HAProxy, from the files that the test tiers keep.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use haproxy_mcp_testkit::binaries::LABELS;
use haproxy_mcp_testkit::generated::root;

/// The tiers that ask every tool: those that read, and those that change something.
const TIERS: [&str; 2] = ["e2e", "changes"];

/// The marks of the four cells of a tool, in the order of the files' header.
type Marks = Vec<String>;

/// The section of `docs/tools.md`, for these tools in their order.
///
/// A cell has one letter for each thing that was seen, and a dash for each that was not.
pub(crate) fn section(tools: &[String]) -> String {
    let versions: Vec<BTreeMap<String, Marks>> = LABELS.iter().map(|label| read(label)).collect();
    let mut text = String::from(
        "\n## What was seen on which HAProxy\n\n\
         Each tool was asked on real HAProxy of each version: **s** it succeeds, and HAProxy's own word agrees; **r** what \
         HAProxy or the tool refuses is told as refused, and changes nothing; **b** bad arguments are refused before \
         HAProxy is asked; **g** HAProxy is gone, and the answer says so. A dash is explained behind it.\n\n",
    );
    let _ = writeln!(text, "| tool | {} |", LABELS.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(LABELS.len()));
    for tool in tools {
        let cells: Vec<String> = versions
            .iter()
            .map(|marks| {
                let marks = marks
                    .get(tool)
                    .unwrap_or_else(|| panic!("{tool} is in no file of tests/*/matrix"));
                cell(marks)
            })
            .collect();
        let _ = writeln!(text, "| `{tool}` | {} |", cells.join(" | "));
    }
    for marks in &versions {
        for tool in marks.keys() {
            assert!(tools.contains(tool), "there is no tool `{tool}` any more");
        }
    }
    text
}

fn cell(marks: &[String]) -> String {
    let mut letters = String::new();
    let mut reasons = Vec::new();
    for (letter, mark) in "srbg".chars().zip(marks) {
        if mark == haproxy_mcp_testkit::matrix::SEEN {
            letters.push(letter);
        } else {
            letters.push('-');
            reasons.push(mark.as_str());
        }
    }
    if reasons.is_empty() {
        letters
    } else {
        format!("{letters} ({})", reasons.join("; "))
    }
}

fn read(label: &str) -> BTreeMap<String, Marks> {
    let mut all = BTreeMap::new();
    for tier in TIERS {
        let path = root().join(format!("tests/{tier}/matrix/{label}.csv"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for line in text.lines().skip(1) {
            let mut cells = line.split(',').map(str::to_owned);
            let tool = cells.next().unwrap();
            let marks: Marks = cells.collect();
            assert_eq!(marks.len(), 4, "{line}");
            assert!(all.insert(tool.clone(), marks).is_none(), "{tool} twice");
        }
    }
    all
}
