//! The arguments of a tool as a person writes them: `key=value` words, or one JSON object.

use serde_json::{Map, Value};

use crate::catalogue::{Tool, manual, selection};
use crate::mcp::repeated_key;
use crate::visible::visible;

/// Characters of a text that a message shows on each side of the place where it is wrong.
const AROUND: usize = 30;

/// Characters of a key or word that a message repeats.
const SHOWN_CHARACTERS: usize = 80;

/// Why the arguments of a tool cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArgumentError {
    /// The JSON does not parse.
    #[error("{what} is not JSON at line {line}, column {column}: {reason}\n{excerpt}")]
    NotJson {
        /// Which JSON.
        what: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser says.
        reason: String,
        /// The text around that place, and a mark below it.
        excerpt: String,
    },
    /// Arguments have names, so that they are an object.
    #[error("the value of `--args` is not a JSON object: it is {0}")]
    NotAnObject(&'static str),
    /// A key that stands there twice: a JSON Pointer.
    #[error("the value of `--args` has a key twice: `{0}`")]
    Repeated(String),
    /// A word without a name in front.
    #[error("not `key=value`: `{word}`")]
    NoName {
        /// The word.
        word: String,
        /// What the tool takes.
        known: Vec<String>,
    },
    /// A name that the tool does not know.
    #[error("`{tool}` takes no argument of this name: `{name}`")]
    Unknown {
        /// The tool.
        tool: String,
        /// The name.
        name: String,
        /// Names that are near.
        near: Vec<String>,
        /// What the tool takes.
        known: Vec<String>,
    },
    /// An argument that takes one value was given two.
    #[error("argument `{0}` is given more than once")]
    Twice(String),
}

impl ArgumentError {
    /// What to do about it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::NotJson { .. } => {
                "in a shell, put JSON into single quotes: '{\"backend\": \"be_app\"}'".to_owned()
            }
            Self::NotAnObject(_) => {
                "give an object, such as '{\"backend\": \"be_app\"}'".to_owned()
            }
            Self::Repeated(_) | Self::Twice(_) => "give each argument once".to_owned(),
            Self::NoName { known, .. } => takes(known),
            Self::Unknown { near, known, .. } if near.is_empty() => takes(known),
            Self::Unknown { near, .. } => format!("did you mean {}?", quoted(near)),
        }
    }
}

fn takes(known: &[String]) -> String {
    if known.is_empty() {
        "this tool takes no arguments".to_owned()
    } else {
        format!("this tool takes {}", quoted(known))
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The arguments in one JSON object.
pub(super) fn from_json(text: &str) -> Result<Map<String, Value>, ArgumentError> {
    if let Some(pointer) = repeated_key(text.as_bytes()) {
        return Err(ArgumentError::Repeated(
            visible(&pointer, SHOWN_CHARACTERS).into_owned(),
        ));
    }
    match parse("the value of `--args`", text)? {
        Value::Object(arguments) => Ok(arguments),
        Value::Array(_) => Err(ArgumentError::NotAnObject("an array")),
        Value::String(_) => Err(ArgumentError::NotAnObject("a string")),
        Value::Number(_) => Err(ArgumentError::NotAnObject("a number")),
        Value::Bool(_) => Err(ArgumentError::NotAnObject("a boolean")),
        Value::Null => Err(ArgumentError::NotAnObject("null")),
    }
}

/// The arguments in words, each value read as what the tool's input schema wants there. A key that is given again adds
/// to a list.
pub(super) fn from_words(
    words: &[String],
    tool: &Tool,
) -> Result<Map<String, Value>, ArgumentError> {
    let schema = tool.input.document();
    let properties = schema.get("properties").and_then(Value::as_object);
    let known = || -> Vec<String> {
        properties
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect()
    };
    let mut arguments = Map::new();
    for word in words {
        let Some((name, text)) = word.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(ArgumentError::NoName {
                word: visible(word, SHOWN_CHARACTERS).into_owned(),
                known: known(),
            });
        };
        let Some(property) = properties.and_then(|properties| properties.get(name)) else {
            return Err(ArgumentError::Unknown {
                tool: tool.name.clone(),
                name: visible(name, SHOWN_CHARACTERS).into_owned(),
                near: selection::near(name, known().iter().map(String::as_str)),
                known: known(),
            });
        };
        let value = read(schema, property, name, text)?;
        match (arguments.get_mut(name), value) {
            (None, value) => {
                arguments.insert(name.to_owned(), value);
            }
            (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
            (Some(_), _) => return Err(ArgumentError::Twice(name.to_owned())),
        }
    }
    Ok(arguments)
}

/// A word as a value of the first type that it can be; what fits none stays text, which the schema then refuses.
fn read(
    schema: &Map<String, Value>,
    property: &Value,
    name: &str,
    text: &str,
) -> Result<Value, ArgumentError> {
    let property = manual::resolved(schema, property);
    let mut types = Vec::new();
    types_of(schema, property, &mut types);
    let has = |kind: &str| types.contains(&kind);
    let json = |what: char| {
        text.trim_start()
            .starts_with(what)
            .then(|| parse(&format!("the value of `{name}`"), text))
            .transpose()
    };
    if (has("integer") || has("number"))
        && let Ok(number) = serde_json::from_str::<serde_json::Number>(text)
    {
        return Ok(number.into());
    }
    match text {
        "true" | "false" if has("boolean") => return Ok((text == "true").into()),
        "null" if has("null") => return Ok(Value::Null),
        _ => {}
    }
    if has("object")
        && let Some(object) = json('{')?
    {
        return Ok(object);
    }
    if has("array") {
        if let Some(array) = json('[')? {
            return Ok(array);
        }
        // A list that may as well be one word is the word.
        if !has("string") {
            let items = property.get("items").unwrap_or(&Value::Null);
            let parts = text.split(',').filter(|part| !part.is_empty());
            return parts
                .map(|part| read(schema, items, name, part.trim()))
                .collect();
        }
    }
    if types.is_empty()
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    Ok(text.into())
}

/// The types that a schema allows; none where it does not say.
fn types_of<'a>(schema: &'a Map<String, Value>, property: &'a Value, types: &mut Vec<&'a str>) {
    match property.get("type") {
        Some(Value::String(one)) => types.push(one),
        Some(Value::Array(several)) => types.extend(several.iter().filter_map(Value::as_str)),
        _ => {}
    }
    if types.is_empty() && property.get("enum").is_some() {
        types.push("string");
    }
    for key in ["anyOf", "oneOf"] {
        for one in property
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            types_of(schema, manual::resolved(schema, one), types);
        }
    }
}

fn parse(what: &str, text: &str) -> Result<Value, ArgumentError> {
    serde_json::from_str(text).map_err(|error| {
        let line = text
            .split('\n')
            .nth(error.line().saturating_sub(1))
            .unwrap_or_default();
        // The parser counts bytes, and at the end of the text it stands on its last one.
        let byte = error.column().saturating_sub(usize::from(!error.is_eof()));
        let before = line.get(..line.floor_char_boundary(byte)).unwrap_or(line);
        let after = line.get(before.len()..).unwrap_or_default();
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        ArgumentError::NotJson {
            what: what.to_owned(),
            line: error.line().max(1),
            column: before.chars().count() + 1,
            reason: visible(reason, SHOWN_CHARACTERS).into_owned(),
            excerpt: excerpt(before, after),
        }
    })
}

/// The text on both sides of a place, and a mark below it.
fn excerpt(before: &str, after: &str) -> String {
    let skipped = before.chars().count().saturating_sub(AROUND);
    let start: String = before.chars().skip(skipped).collect();
    let mut left = visible(&start, usize::MAX).into_owned();
    if skipped > 0 {
        left.insert(0, '…');
    }
    let right = visible(after, AROUND);
    let indent = " ".repeat(super::text::width(&left));
    format!("  {left}{right}\n  {indent}^")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn refusal(text: &str) -> String {
        from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn a_message_shows_where_json_is_wrong() {
        assert_eq!(
            refusal(r#"{"backend": "be_app" "x": 1}"#),
            "the value of `--args` is not JSON at line 1, column 22: expected `,` or `}`\n\
            \x20 {\"backend\": \"be_app\" \"x\": 1}\n\
            \x20                      ^"
        );
        assert_eq!(
            refusal("{\n  \"ü\": é}"),
            "the value of `--args` is not JSON at line 2, column 8: expected value\n\
            \x20   \"ü\": é}\n\
            \x20        ^"
        );
        assert_eq!(
            refusal(r#"{"a":"#),
            "the value of `--args` is not JSON at line 1, column 6: EOF while parsing a value\n\
            \x20 {\"a\":\n\
            \x20      ^"
        );
        assert_eq!(
            refusal(""),
            "the value of `--args` is not JSON at line 1, column 1: EOF while parsing a value\n  \n  ^"
        );
        let long = format!("{{\"a\": \"{}\", b}}", "x".repeat(1_000));
        let text = refusal(&long);
        assert!(
            text.lines().all(|line| line.chars().count() < 100),
            "{text}"
        );
        assert!(text.contains("column 1011: key must be a string"), "{text}");
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        assert_eq!(
            refusal("[1]"),
            "the value of `--args` is not a JSON object: it is an array"
        );
        assert_eq!(
            refusal(r#"{"a": {"b": 1, "b": 2}}"#),
            "the value of `--args` has a key twice: `/a/b`"
        );
    }

    #[test]
    fn a_word_is_read_as_what_the_schema_wants() {
        let schema = json!({
            "$defs": { "names": { "type": "array", "items": { "type": "string" } } },
            "properties": {
                "text": { "type": "string" },
                "count": { "type": "integer" },
                "maybe": { "type": ["integer", "null"] },
                "yes": { "type": "boolean" },
                "names": { "$ref": "#/$defs/names" },
                "numbers": { "type": "array", "items": { "type": "integer" } },
                "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
                "object": { "type": "object" },
                "word": { "enum": ["up", "down"] },
                "any": {},
            },
        });
        let schema = schema.as_object().unwrap();
        let value = |name: &str, text: &str| {
            read(
                schema,
                schema.get("properties").unwrap().get(name).unwrap(),
                name,
                text,
            )
            .unwrap()
        };
        for (name, text, wanted) in [
            ("text", "5", json!("5")),
            ("text", "", json!("")),
            ("text", "{", json!("{")),
            ("count", "5", json!(5)),
            ("count", "-5", json!(-5)),
            ("count", "five", json!("five")),
            ("count", "05", json!("05")),
            ("maybe", "null", json!(null)),
            ("yes", "true", json!(true)),
            ("yes", "yes", json!("yes")),
            ("names", "a,b", json!(["a", "b"])),
            ("names", "1, 2", json!(["1", "2"])),
            ("names", "", json!([])),
            ("names", r#"["a,b"]"#, json!(["a,b"])),
            ("numbers", "1,x", json!([1, "x"])),
            ("either", "5", json!(5)),
            ("either", "five", json!("five")),
            ("object", r#"{"a": 1}"#, json!({ "a": 1 })),
            ("word", "up", json!("up")),
            ("any", "[1]", json!([1])),
            ("any", "plain", json!("plain")),
        ] {
            assert_eq!(value(name, text), wanted, "{name}={text}");
        }
        let property = schema.get("properties").unwrap().get("object").unwrap();
        let error = read(schema, property, "object", "{a}").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the value of `object` is not JSON at line 1, column 2"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), json in "[{}\\[\\]\":,a1\\\\é\n ]{0,40}") {
            let _ = (from_json(&text), from_json(&json));
        }
    }
}
