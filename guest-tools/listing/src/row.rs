//! How rows are written.

use haproxy_replies::value::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// The most bytes of rows in one answer; the host takes 1 MiB in all.
const ROWS_LIMIT: usize = 200_000;

/// Names and values as a JSON object, in their order, without the absent ones.
#[derive(Debug, Clone)]
pub struct Fields<I>(pub I);

impl<'a, I> Serialize for Fields<I>
where
    I: Iterator<Item = (&'a str, Value<'a>)> + Clone,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.clone() {
            match value {
                Value::Absent => {}
                Value::Unsigned(number) => map.serialize_entry(name, &number)?,
                Value::Signed(number) => map.serialize_entry(name, &number)?,
                Value::Float(number) => map.serialize_entry(name, &number)?,
                Value::Text(text) => map.serialize_entry(name, &text)?,
            }
        }
        map.end()
    }
}

/// Rows as a JSON array, as many as an answer holds.
#[derive(Debug)]
pub struct Rows {
    text: String,
    count: usize,
    limit: usize,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            text: "[".to_owned(),
            count: 0,
            limit: ROWS_LIMIT,
        }
    }
}

impl Rows {
    /// As many as these bytes hold, where that is less than an answer holds.
    pub fn within(bytes: usize) -> Self {
        Self {
            limit: bytes.min(ROWS_LIMIT),
            ..Self::default()
        }
    }

    /// Adds a row; false, and not added, where the answer is full. The first one is always added.
    pub fn add(&mut self, row: &impl Serialize) -> serde_json::Result<bool> {
        let row = serde_json::to_string(row)?;
        if self.count > 0 {
            if self.text.len() + row.len() >= self.limit {
                return Ok(false);
            }
            self.text.push(',');
        }
        self.text.push_str(&row);
        self.count += 1;
        Ok(true)
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The array.
    pub fn finish(mut self) -> serde_json::Result<Box<RawValue>> {
        self.text.push(']');
        RawValue::from_string(self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn absent_values_are_left_out_and_the_order_stays() {
        let fields = [
            ("svname", Value::Text("a\"b\n".into())),
            ("qcur", Value::Absent),
            ("scur", Value::Unsigned(u64::MAX)),
            ("lastsess", Value::Signed(-1)),
            ("load", Value::Float(0.5)),
        ];
        let text = serde_json::to_string(&Fields(fields.iter().cloned())).unwrap();
        assert_eq!(
            text,
            r#"{"svname":"a\"b\n","scur":18446744073709551615,"lastsess":-1,"load":0.5}"#
        );
    }

    #[test]
    fn rows_end_where_the_answer_is_full() {
        let row = "x".repeat(60_000);
        let mut rows = Rows::default();
        let added = (0..5).filter(|_| rows.add(&row).unwrap()).count();
        assert_eq!((added, rows.count()), (3, 3));
        assert_eq!(rows.finish().unwrap().get().len(), 3 * 60_002 + 4);
        let mut huge = Rows::default();
        assert!(huge.add(&"x".repeat(300_000)).unwrap());
        assert_eq!(Rows::default().finish().unwrap().get(), "[]");
    }
}
