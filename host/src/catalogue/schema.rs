//! JSON Schemas of tools: checked when a module is loaded, compiled when first needed.
//!
//! # References
//! MCP 2026-07-28, "Tools": schemas are JSON Schema 2020-12, and an implementation does not fetch what they refer to.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};

use super::reference;
use crate::visible::visible;

/// Bytes of one schema.
pub(super) const SCHEMA_BYTES: usize = 64 * 1024;

/// How deep objects and arrays of a schema may nest.
pub(super) const SCHEMA_DEPTH: usize = 24;

/// Keys of all objects of a schema.
pub(super) const SCHEMA_KEYS: usize = 2_000;

/// Violations that one answer names.
const VIOLATIONS: usize = 5;

/// Characters of one violation's message; a value that somebody sent may be in it.
const MESSAGE_CHARACTERS: usize = 300;

/// What is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// MCP wants an object at the top.
    #[error("not an object with `\"type\": \"object\"`")]
    NotAnObject,
    /// Larger than [`SCHEMA_BYTES`].
    #[error("larger than the limit: {SCHEMA_BYTES} bytes")]
    TooLarge,
    /// Deeper than [`SCHEMA_DEPTH`].
    #[error("nested deeper than the limit: {SCHEMA_DEPTH}")]
    TooDeep,
    /// More than [`SCHEMA_KEYS`].
    #[error("more keys than the limit: {SCHEMA_KEYS}")]
    TooManyKeys,
    /// More than [`PATTERNS`].
    #[error("more patterns than the limit: {PATTERNS}")]
    TooManyPatterns,
    /// A reference that leaves the document.
    #[error("`{keyword}` leaves the document: {target}")]
    RemoteReference {
        /// `$ref`, `$dynamicRef`, `$id` or `$schema`.
        keyword: String,
        /// Where it leads.
        target: String,
    },
    /// A reference that is not a JSON Pointer to a part of the document; anchors are not supported.
    #[error("a reference is not a JSON Pointer to a part of the schema: {}", visible(.0, MESSAGE_CHARACTERS))]
    NoSuchPart(String),
    /// A reference that leads back to itself.
    #[error("a reference leads back to itself: {}", visible(.0, MESSAGE_CHARACTERS))]
    Endless(String),
    /// More than [`reference::WRITTEN_OUT`].
    #[error(
        "more objects than the limit, with references written out: {}",
        reference::WRITTEN_OUT
    )]
    WrittenOut,
    /// Not a valid JSON Schema.
    #[error("not a valid JSON Schema: {0}")]
    Invalid(String),
}

/// One thing that is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON Pointer (RFC 6901) into the value; empty for the value itself.
    pub pointer: String,
    /// What.
    pub message: String,
}

/// A schema, and its validator once somebody needed it.
#[derive(Debug)]
pub struct Schema {
    /// What `document` is read from, where that was not read yet.
    text: Cow<'static, str>,
    document: OnceLock<Arc<Map<String, Value>>>,
    validator: OnceLock<Result<Validator, SchemaError>>,
}

/// Bytes of one compiled pattern. What matching costs is the length of the text times this.
const PATTERN_BYTES: usize = 16 * 1024;

/// Patterns of one schema.
const PATTERNS: usize = 20;

impl Schema {
    /// Reads and checks a schema's text.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        if text.len() > SCHEMA_BYTES {
            return Err(SchemaError::TooLarge);
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| SchemaError::NotJson(error.to_string()))?;
        check(&value, &mut 0, 0)?;
        if patterns(&value) > PATTERNS {
            return Err(SchemaError::TooManyPatterns);
        }
        reference::check(&value)?;
        match value {
            Value::Object(document)
                if document.get("type").and_then(Value::as_str) == Some("object") =>
            {
                Ok(Self {
                    text: Cow::Borrowed(""),
                    document: OnceLock::from(Arc::new(document)),
                    validator: OnceLock::new(),
                })
            }
            _ => Err(SchemaError::NotAnObject),
        }
    }

    /// A schema of a tool that was built with the host: read when it is first needed. The build has read it, and a test
    /// has checked it.
    pub(super) fn built(text: Cow<'static, str>) -> Self {
        Self {
            text,
            document: OnceLock::new(),
            validator: OnceLock::new(),
        }
    }

    /// As a client gets it.
    pub fn document(&self) -> &Arc<Map<String, Value>> {
        self.document.get_or_init(|| {
            let document = serde_json::from_str(&self.text);
            document.map(Arc::new).unwrap_or_default()
        })
    }

    /// Compiles the schema now, so that a wrong one is known before it is needed.
    pub fn compile(&self) -> Result<(), SchemaError> {
        self.validator().map(|_| ())
    }

    /// What is wrong with a value: nothing where it is valid.
    pub fn violations(&self, value: &Value) -> Result<Vec<Violation>, SchemaError> {
        let validator = self.validator()?;
        Ok(validator
            .iter_errors(value)
            .take(VIOLATIONS)
            .map(|error| violation(&error))
            .collect())
    }

    /// The first thing that is wrong with a value; for values so large that a list of all would be larger still.
    pub fn first_violation(&self, value: &Value) -> Result<Option<Violation>, SchemaError> {
        Ok(self
            .validator()?
            .validate(value)
            .err()
            .map(|error| violation(&error)))
    }

    fn validator(&self) -> Result<&Validator, SchemaError> {
        self.validator
            .get_or_init(|| {
                let document = self.document();
                if document.is_empty() {
                    return Err(SchemaError::NotAnObject);
                }
                jsonschema::options()
                    .with_draft(Draft::Draft202012)
                    // An engine without backtracking, and patterns that stay small: matching takes the length of the
                    // text times a bounded number.
                    .with_pattern_options(
                        PatternOptions::regex()
                            .size_limit(PATTERN_BYTES)
                            .dfa_size_limit(PATTERN_BYTES),
                    )
                    .build(&Value::Object((**document).clone()))
                    .map_err(|error| {
                        SchemaError::Invalid(
                            visible(&error.to_string(), MESSAGE_CHARACTERS).into_owned(),
                        )
                    })
            })
            .as_ref()
            .map_err(Clone::clone)
    }
}

fn violation(error: &ValidationError<'_>) -> Violation {
    let mut pointer = error.instance_path().to_string();
    // The place of a missing or unexpected key is the key's, not that of the object around it.
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            if let Some(name) = property.as_str() {
                push_token(&mut pointer, name);
            }
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            if let Some(name) = unexpected.first() {
                push_token(&mut pointer, name);
            }
        }
        _ => {}
    }
    let message = error.masked_with("the value").to_string();
    Violation {
        pointer: visible(&pointer, MESSAGE_CHARACTERS).into_owned(),
        message: visible(&message, MESSAGE_CHARACTERS).into_owned(),
    }
}

fn push_token(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// Bounds a schema and finds references that leave it.
fn check(value: &Value, keys: &mut usize, depth: usize) -> Result<(), SchemaError> {
    if depth > SCHEMA_DEPTH {
        return Err(SchemaError::TooDeep);
    }
    match value {
        Value::Object(object) => {
            *keys += object.len();
            if *keys > SCHEMA_KEYS {
                return Err(SchemaError::TooManyKeys);
            }
            for (key, value) in object {
                check_reference(key, value)?;
                check(value, keys, depth + 1)?;
            }
            Ok(())
        }
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check(item, keys, depth + 1)),
        _ => Ok(()),
    }
}

/// How many patterns a schema has, wherever they stand.
fn patterns(value: &Value) -> usize {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| {
                let own = match (key.as_str(), value) {
                    ("pattern", Value::String(_)) => 1,
                    ("patternProperties", Value::Object(patterns)) => patterns.len(),
                    _ => 0,
                };
                own + patterns(value)
            })
            .sum(),
        Value::Array(items) => items.iter().map(patterns).sum(),
        _ => 0,
    }
}

/// A reference is local where it starts with `#`. `$id` would move the place that such a reference starts from, and
/// `$schema` may name only the dialect that MCP means.
fn check_reference(key: &str, value: &Value) -> Result<(), SchemaError> {
    let Some(target) = value.as_str() else {
        return Ok(());
    };
    let local = match key {
        "$ref" | "$dynamicRef" | "$recursiveRef" => target.starts_with('#'),
        "$id" => false,
        "$schema" => target.trim_end_matches('#') == "https://json-schema.org/draft/2020-12/schema",
        _ => true,
    };
    if local {
        Ok(())
    } else {
        Err(SchemaError::RemoteReference {
            keyword: key.to_owned(),
            target: visible(target, MESSAGE_CHARACTERS).into_owned(),
        })
    }
}
