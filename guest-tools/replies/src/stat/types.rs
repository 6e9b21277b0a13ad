//! Rows of some types alone, for a consumer that takes what comes.

use crate::stat::{Columns, Consumer, ObjectType, Row};

/// Passes on the rows of these types: what `show stat` selects by its second argument and the statistics page does not.
#[derive(Debug)]
pub struct OfTypes<'a, C> {
    types: &'a [ObjectType],
    inner: C,
    /// How many fields the consumer asked for; the type stands behind them.
    width: usize,
}

impl<'a, C> OfTypes<'a, C> {
    /// Rows of these types for this consumer.
    pub fn new(types: &'a [ObjectType], inner: C) -> Self {
        Self {
            types,
            inner,
            width: 0,
        }
    }

    /// The consumer.
    pub fn into_inner(self) -> C {
        self.inner
    }
}

impl<C: Consumer> Consumer for OfTypes<'_, C> {
    type Error = C::Error;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, C::Error> {
        let mut wanted = self.inner.columns(columns)?;
        self.width = wanted.len();
        wanted.push(columns.require("type")?);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), C::Error> {
        match ObjectType::read(row.field(self.width)) {
            Some(kind) if self.types.contains(&kind) => self.inner.row(&row.first(self.width)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::stat::{StatError, StatReader};

    /// Keeps whole rows.
    #[derive(Default)]
    struct Kept(Vec<Vec<String>>);

    impl Consumer for Kept {
        type Error = StatError;

        fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
            Ok(vec![columns.require("svname")?, columns.require("pxname")?])
        }

        fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
            let text = |field| String::from_utf8_lossy(field).into_owned();
            self.0.push(row.fields().map(text).collect());
            Ok(())
        }
    }

    #[test]
    fn other_types_are_left_out_and_the_consumer_sees_its_own_fields() {
        let types = [ObjectType::Backend, ObjectType::Server];
        let mut reader = StatReader::new(OfTypes::new(&types, Kept::default()));
        reader
            .push(
                b"# pxname,svname,type,\na,FRONTEND,0,\na,s1,2,\na,BACKEND,1,\na,sock,3,\na,?,9,\n",
            )
            .unwrap();
        let kept = reader.finish().unwrap().into_inner().0;
        assert_eq!(kept, [["s1", "a"], ["BACKEND", "a"]]);
    }
}
