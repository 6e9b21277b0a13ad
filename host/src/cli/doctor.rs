//! `haproxy-mcp doctor`: what the tool `doctor` finds, for people and for scripts.

use std::process::ExitCode;

use serde_json::{Map, Value};

use super::call::{self, CallError, pretty};
use super::screen::{self, Screen};
use super::serve;
use super::table::Style;
use super::text::wrap;
use crate::catalogue::selection::{Names, Selection};
use crate::config::Settings;

const TOOL: &str = "doctor";

/// Columns in front of what belongs to a finding.
const INDENT: &str = "    ";

/// Columns for a text, however narrow the terminal is.
const LEAST_ROOM: usize = 20;

/// Looks at the configured doors and prints what is found. Neither a module from a file nor the audit has to be fine
/// for it, and it may be excluded as a tool.
pub(super) async fn run(
    settings: Settings,
    json: bool,
    screen: Screen,
) -> Result<ExitCode, CallError> {
    let settings = Settings {
        modules: Vec::new(),
        audit_file: None,
        ..settings
    };
    let selection = Selection {
        tools: Some(Names {
            origin: "the command".to_owned(),
            names: vec![TOOL.to_owned()],
        }),
        ..Selection::default()
    };
    let catalogue = serve::catalogue(&settings, &selection).await?;
    let tool = call::find(&catalogue, TOOL)?;
    let answer = call::call(&catalogue, tool, Map::new(), &screen)
        .await
        .map_err(CallError::Refused)?;
    let text = if json {
        pretty(&answer.structured)
    } else {
        let style = Style {
            width: screen.width,
            colours: screen.colours,
        };
        written(&answer.structured, &answer.text, style)
    };
    screen::print(&text)?;
    Ok(match text_of(&answer.structured, "verdict") {
        "problem" => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// A block for each finding, and the summary.
fn written(answer: &Value, summary: &str, style: Style) -> String {
    let findings = answer.get("findings").and_then(Value::as_array);
    let mut text = String::new();
    for finding in findings.into_iter().flatten() {
        text.push_str(&block(finding, style));
        text.push('\n');
    }
    text.push_str(&style.paragraph(summary));
    text
}

/// Sign, door and name; what was seen; why it matters; what to change.
fn block(finding: &Value, style: Style) -> String {
    let verdict = text_of(finding, "verdict");
    let (sign, colour) = match verdict {
        "ok" => ("✓", "32"),
        "warning" => ("!", "33"),
        "problem" => ("✗", "31"),
        _ => ("-", "2"),
    };
    let door = text_of(finding, "door");
    let name = format!("{verdict}: {}", text_of(finding, "id"));
    let mut text = format!(
        "{} {} {}\n",
        style.painted(colour, sign),
        style.bold(door),
        style.painted(colour, &name)
    );
    let columns = style.width.unwrap_or(usize::MAX);
    for (key, label) in [("saw", ""), ("why", "why: ")] {
        let room = columns
            .saturating_sub(INDENT.len() + label.len())
            .max(LEAST_ROOM);
        let lines = wrap(text_of(finding, key), room);
        add(&mut text, label, &lines, style);
    }
    let mend = finding.get("mend").and_then(Value::as_array);
    let lines: Vec<&str> = mend
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // What is to be copied is not broken.
    add(&mut text, "mend: ", &lines, style);
    text
}

fn add(text: &mut String, label: &str, lines: &[&str], style: Style) {
    let lines = lines.iter().filter(|line| !line.is_empty());
    for (place, line) in lines.enumerate() {
        text.push_str(INDENT);
        if place == 0 {
            text.push_str(&style.dim(label));
        } else {
            text.push_str(&" ".repeat(label.len()));
        }
        text.push_str(line);
        text.push('\n');
    }
}

fn text_of<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_block_says_what_to_copy_without_breaking_it() {
        let answer = json!({"verdict": "problem", "findings": [
            {"door": "runtime", "verdict": "problem", "id": "socket-missing", "saw": "there is no socket at all",
                "why": "nobody made it", "mend": ["stats socket /run/haproxy/admin.sock mode 660 level admin", "and so on"]},
            {"door": "stats", "verdict": "ok", "id": "answers", "saw": "fine"},
        ]});
        let style = |colours| Style {
            width: Some(24),
            colours,
        };
        let text = written(&answer, "1 problem: runtime", style(false));
        let wanted = "\
✗ runtime problem: socket-missing
    there is no socket
    at all
    why: nobody made it
    mend: stats socket /run/haproxy/admin.sock mode 660 level admin
          and so on

✓ stats ok: answers
    fine

1 problem: runtime
";
        assert_eq!(text, wanted);
        let coloured = written(&answer, "", style(true));
        assert!(coloured.contains("\u{1b}[31m✗\u{1b}[0m"), "{coloured}");
    }
}
