//! The catalogue written down: as JSON for programs and snapshots, as Markdown for people.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::selection;
use super::tool::Tool;
use crate::doors::DoorName;
use crate::policy::Access;

/// Everything that a client sees of a tool, and what it may do here.
pub fn document(tool: &Tool) -> Value {
    json!({
        "name": tool.name,
        "title": tool.title,
        "toolset": tool.toolset,
        "access": tool.access.to_string(),
        "doors": tool.doors.iter().map(|door| door.as_str()).collect::<Vec<_>>(),
        "description": tool.description,
        "annotations": {
            "readOnlyHint": tool.access == Access::Read,
            "destructiveHint": tool.destructive,
            "idempotentHint": tool.is_idempotent(),
            "openWorldHint": false,
        },
        "inputSchema": &**tool.input.document(),
        "outputSchema": &**tool.output.document(),
    })
}

/// One line for each tool: the table of the README.
pub fn table(tools: &[Tool]) -> String {
    let mut text = String::from(
        "| tool | what it answers | access | listed by default |\n|---|---|---|---|\n",
    );
    for tool in tools {
        let (name, about, access) = (
            &tool.name,
            cell(first_sentence(&tool.description)),
            tool.access,
        );
        let listed = if is_default(tool) { "yes" } else { "" };
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "| `{name}` | {about} | {access} | {listed} |");
    }
    text
}

/// The reference of tools, one section for each.
pub fn reference(tools: &[Tool]) -> String {
    let mut text = String::from(
        "# Tools\n\n\
         Written by `haproxy-mcp tools --toolsets all --access admin --format md`; `make docs` writes it anew.\n\n\
         Tools that are listed by default are marked; `--toolsets`, `--tools` and `--exclude-tools` choose others. Those \
         that need more access than the server allows (`--access`) are not listed. \
         A tool is listed where one of the doors that it works with is configured. \
         An answer is a JSON object; an error is `{code, message, hint, details}`.\n\n",
    );
    text.push_str(&table(tools));
    for tool in tools {
        section(&mut text, tool);
    }
    text
}

fn section(text: &mut String, tool: &Tool) {
    let _ = write!(
        text,
        "\n## `{}`\n\n{}. Toolset `{}`, access `{}`{}{}{}.\n\n{}\n",
        tool.name,
        tool.title,
        tool.toolset,
        tool.access,
        works_with(&tool.doors),
        if is_default(tool) {
            ", listed by default"
        } else {
            ""
        },
        if tool.destructive {
            ", cannot be taken back"
        } else {
            ""
        },
        paragraph(&tool.description),
    );
    let input = tool.input.document();
    if properties(input).next().is_none() {
        text.push_str("\nIt takes no arguments.\n");
    } else {
        text.push_str("\n| argument | type | what it is |\n|---|---|---|\n");
        fields(text, input);
    }
    text.push_str("\n| answer | type | what it is |\n|---|---|---|\n");
    fields(text, tool.output.document());
}

/// Which doors a tool works with; most need the Runtime API, and say nothing.
fn works_with(doors: &[DoorName]) -> String {
    match doors {
        [] | [DoorName::Runtime] => String::new(),
        doors => format!(", works with {}", selection::any_of(doors)),
    }
}

fn is_default(tool: &Tool) -> bool {
    selection::is_default(&tool.name)
}

fn fields(text: &mut String, schema: &Map<String, Value>) {
    let required = |name: &str| {
        schema
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|required| required == name))
    };
    for (name, property) in properties(schema) {
        let mark = if required(name) { ", always" } else { "" };
        let (kind, about) = (
            cell(&kind(schema, property)),
            cell(&about(schema, property)),
        );
        let _ = writeln!(text, "| `{name}` | {kind}{mark} | {about} |");
    }
}

fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The part of the schema that a property refers to, or the property itself.
pub(crate) fn resolved<'a>(schema: &'a Map<String, Value>, property: &'a Value) -> &'a Value {
    let pointer = property.get("$ref").and_then(Value::as_str);
    let Some(pointer) = pointer.and_then(|pointer| pointer.strip_prefix("#/")) else {
        return property;
    };
    let mut parts = pointer
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"));
    let first = parts.next().and_then(|part| schema.get(&part));
    parts
        .try_fold(first, |part, name| part.map(|part| part.get(&name)))
        .flatten()
        .unwrap_or(property)
}

fn kind(schema: &Map<String, Value>, property: &Value) -> String {
    let property = resolved(schema, property);
    let several = property
        .get("anyOf")
        .or_else(|| property.get("oneOf"))
        .and_then(Value::as_array);
    if let Some(several) = several {
        let kinds: Vec<String> = several.iter().map(|one| kind(schema, one)).collect();
        return kinds.join(" or ");
    }
    if let Some(words) = property.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    match property.get("type") {
        Some(Value::String(one)) if one == "array" => match property.get("items") {
            Some(items) => format!("array of {}", kind(schema, items)),
            None => "array".to_owned(),
        },
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(types)) => {
            let types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
            types.join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn about(schema: &Map<String, Value>, property: &Value) -> String {
    let said = |value: &Value, key: &str| value.get(key).filter(|value| !value.is_null()).cloned();
    let target = resolved(schema, property);
    let either = |key: &str| said(property, key).or_else(|| said(target, key));
    let mut about = either("description")
        .and_then(|text| text.as_str().map(str::to_owned))
        .unwrap_or_default();
    let limits = [
        ("default", "default"),
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("maxItems", "items at most"),
        ("maxLength", "characters at most"),
    ];
    for (key, word) in limits {
        if let Some(value) = either(key) {
            if !about.is_empty() {
                about.push_str("; ");
            }
            let _ = write!(about, "{word} `{value}`");
        }
    }
    about
}

/// A description begins with what the tool answers.
fn first_sentence(text: &str) -> &str {
    text.split_once(". ")
        .map_or(text, |(first, _)| first)
        .trim_end_matches('.')
}

/// Text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    paragraph(text).replace('|', "\\|")
}

/// Text on one line in which nothing is an HTML element.
fn paragraph(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('<', "&lt;")
}
