//! References within a schema: each leads to a part of it, none leads back to itself, and the schema with all of them
//! written out stays small. Otherwise a few lines of schema make the host compute for ever: twenty alternatives that
//! refer to each other twice are a million.

use std::collections::HashMap;

use serde_json::Value;

use super::schema::SchemaError;

/// Objects of a schema where each reference is replaced by what it refers to.
pub(super) const WRITTEN_OUT: usize = 2_000;

/// The keywords that refer to another part.
const KEYWORDS: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Checks the references of a whole document, whose depth and keys are bounded already.
pub(super) fn check(document: &Value) -> Result<(), SchemaError> {
    let mut references = References {
        document,
        sizes: HashMap::new(),
    };
    references.size(document).map(|_small_enough| ())
}

struct References<'a> {
    document: &'a Value,
    /// By target; none while it is being counted, so that it is found when it leads back to itself.
    sizes: HashMap<&'a str, Option<usize>>,
}

impl<'a> References<'a> {
    /// Objects in this part, written out.
    fn size(&mut self, part: &'a Value) -> Result<usize, SchemaError> {
        let mut size = 0_usize;
        match part {
            Value::Object(object) => {
                size += 1;
                for (key, value) in object {
                    let inner = match value {
                        Value::String(target) if KEYWORDS.contains(&key.as_str()) => {
                            self.referred(target)?
                        }
                        value => self.size(value)?,
                    };
                    size = size.saturating_add(inner);
                }
            }
            Value::Array(items) => {
                for item in items {
                    size = size.saturating_add(self.size(item)?);
                }
            }
            _ => {}
        }
        if size > WRITTEN_OUT {
            return Err(SchemaError::WrittenOut);
        }
        Ok(size)
    }

    /// Objects in the part that a reference leads to, written out.
    fn referred(&mut self, target: &'a str) -> Result<usize, SchemaError> {
        match self.sizes.get(target) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(SchemaError::Endless(target.to_owned())),
            None => {}
        }
        let part = target
            .strip_prefix('#')
            .and_then(|pointer| self.document.pointer(pointer))
            .ok_or_else(|| SchemaError::NoSuchPart(target.to_owned()))?;
        self.sizes.insert(target, None);
        let size = self.size(part)?;
        self.sizes.insert(target, Some(size));
        Ok(size)
    }
}
