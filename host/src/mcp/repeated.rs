//! Repeated keys in a request. JSON leaves open which of them counts (RFC 8259, section 4), so that a client and this
//! server can mean different things by the same text. `rmcp` keeps the last one and cannot tell; so parameters are
//! looked at on their way in, and a call whose parameters repeat a key carries a mark that makes it an error.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

/// The mark of a call, among the extensions of its request: a JSON Pointer (RFC 6901) into its parameters.
#[derive(Debug, Clone)]
pub(super) struct RepeatedKey(pub(super) String);

impl RepeatedKey {
    /// The pointer, into the arguments where the key is among them.
    pub(super) fn pointer(&self) -> &str {
        self.0.strip_prefix("/arguments").unwrap_or(&self.0)
    }
}

/// The first key that stands in its object twice: a JSON Pointer (RFC 6901); none where the text is not JSON.
pub fn repeated_key(json: &[u8]) -> Option<String> {
    let mut path = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let found = Search { path: &mut path }.deserialize(&mut deserializer);
    // At a mistake of another kind, too, the walk stops somewhere.
    let repeated = found.is_err_and(|error| error.is_data());
    (repeated && !path.is_empty()).then(|| {
        path.iter().fold(String::new(), |mut pointer, token| {
            pointer.push('/');
            pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
            pointer
        })
    })
}

/// Walks a value and stops at the first repeated key, whose path is then in `path`.
struct Search<'a> {
    path: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            self.path.push(key.clone());
            if !seen.insert(key) {
                return Err(A::Error::custom("repeated"));
            }
            map.next_value_seed(Search { path: self.path })?;
            self.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            self.path.push(index.to_string());
            if items
                .next_element_seed(Search { path: self.path })?
                .is_none()
            {
                self.path.pop();
                return Ok(());
            }
            self.path.pop();
            index += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_is_found_where_it_stands() {
        for (json, pointer) in [
            (r#"{"a":1,"b":1}"#, None),
            (r#"{"a":1,"a":2}"#, Some("/a")),
            (r#"{"a":1,"\u0061":2}"#, Some("/a")),
            (r#"{"a":[{"x":1},{"b/c":1,"b/c":1}]}"#, Some("/a/1/b~1c")),
            (r#"{"a":{"b":1},"c":{"b":1}}"#, None),
            ("not json", None),
            (r#"{"a":{"b":1"#, None),
        ] {
            assert_eq!(repeated_key(json.as_bytes()).as_deref(), pointer, "{json}");
        }
    }

    #[test]
    fn a_key_of_the_arguments_is_told_as_the_tool_knows_it() {
        for (pointer, told) in [("/arguments/a", "/a"), ("/name", "/name")] {
            assert_eq!(RepeatedKey(pointer.to_owned()).pointer(), told);
        }
    }
}
