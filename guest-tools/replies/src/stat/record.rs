//! From marks to fields: where the wanted fields of a row are.

use super::scan::{BLOCK, marks, marks_of_tail};

/// Where a field is in the bytes of its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Why a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The bytes ended; those from here on are an unfinished row.
    End(usize),
    /// The row that starts here has a quote.
    Quote(usize),
}

/// Finds the wanted columns of each row.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Column and place of each wanted field, in the order of the columns.
    wanted: Vec<Wanted>,
    /// The fields that were found, by place.
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    column: usize,
    place: usize,
}

/// How far a row is read.
struct Row {
    start: usize,
    /// Commas so far.
    commas: usize,
    /// The next wanted field, as an index.
    next: usize,
    /// Where that field starts, once its column has begun.
    field: Option<usize>,
}

impl Scanner {
    pub(crate) fn new(columns: &[usize]) -> Self {
        let mut wanted: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(place, &column)| Wanted { column, place })
            .collect();
        wanted.sort_by_key(|wanted| wanted.column);
        Self {
            wanted,
            spans: vec![Span::default(); columns.len()],
        }
    }

    /// Hands out every row that ends in `bytes` and has no quote: its bytes, the spans of its wanted fields, and how
    /// many columns it has. Empty lines are no rows.
    #[inline]
    pub(crate) fn scan<E>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&[u8], &[Span], usize) -> Result<(), E>,
    ) -> Result<Stop, E> {
        let mut row = self.row(0);
        let mut base = 0;
        while let Some(rest) = bytes.get(base..)
            && !rest.is_empty()
        {
            let mut marks = rest
                .first_chunk::<BLOCK>()
                .map_or_else(|| marks_of_tail(rest), marks);
            while marks.newlines != 0 {
                let end = lowest(marks.newlines);
                // the bits below the line end
                let row_bits = (marks.newlines & marks.newlines.wrapping_neg()) - 1;
                if marks.quotes & row_bits != 0 {
                    return Ok(Stop::Quote(row.start));
                }
                self.advance(&mut row, base, marks.commas & row_bits);
                let end = base + end;
                if end > row.start {
                    self.close(&mut row, end);
                    each(
                        bytes.get(row.start..end).unwrap_or_default(),
                        &self.spans,
                        columns(row.commas, bytes, end),
                    )?;
                }
                row = self.row(end + 1);
                marks.newlines &= marks.newlines - 1;
                marks.commas &= !row_bits;
            }
            // all quotes of the rows that ended in this block were seen above
            if marks.quotes != 0 {
                return Ok(Stop::Quote(row.start));
            }
            self.advance(&mut row, base, marks.commas);
            base += BLOCK;
        }
        Ok(Stop::End(row.start))
    }

    /// Sets the spans from the ends of all fields of a row, as they are known without scanning.
    pub(crate) fn select(&mut self, ends: &[usize]) -> &[Span] {
        for wanted in &self.wanted {
            let start = wanted
                .column
                .checked_sub(1)
                .and_then(|before| ends.get(before))
                .copied()
                .unwrap_or(0);
            let end = ends.get(wanted.column).copied().unwrap_or(start);
            if let Some(span) = self.spans.get_mut(wanted.place) {
                *span = Span { start, end };
            }
        }
        &self.spans
    }

    fn row(&self, start: usize) -> Row {
        let first = self.wanted.first().is_some_and(|wanted| wanted.column == 0);
        Row {
            start,
            commas: 0,
            next: 0,
            field: first.then_some(start),
        }
    }

    /// Takes the commas of a block, one bit each, that belong to the row.
    #[inline]
    fn advance(&mut self, row: &mut Row, base: usize, mut commas: u64) {
        while let Some(wanted) = self.wanted.get(row.next) {
            // a field ends at the comma after its column, and starts after the one before it
            let boundary = wanted.column + usize::from(row.field.is_some());
            let ahead = boundary - row.commas;
            if (commas.count_ones() as usize) < ahead {
                break;
            }
            for _ in 1..ahead {
                commas &= commas.wrapping_sub(1);
            }
            let at = base + lowest(commas);
            commas &= commas.wrapping_sub(1);
            row.commas = boundary;
            match row.field {
                None => row.field = Some(at + 1),
                Some(_) => self.end_field(row, at),
            }
        }
        row.commas += commas.count_ones() as usize;
    }

    /// Ends the wanted field, and begins the next one where it is the neighbour (or the same column again).
    #[inline]
    fn end_field(&mut self, row: &mut Row, at: usize) {
        let Some(start) = row.field.take() else {
            return;
        };
        let Some(column) = self.wanted.get(row.next).map(|wanted| wanted.column) else {
            return;
        };
        while let Some(wanted) = self.wanted.get(row.next)
            && wanted.column == column
        {
            if let Some(span) = self.spans.get_mut(wanted.place) {
                *span = Span {
                    start: start - row.start,
                    end: at - row.start,
                };
            }
            row.next += 1;
        }
        if self
            .wanted
            .get(row.next)
            .is_some_and(|wanted| wanted.column == column + 1)
        {
            row.field = Some(at + 1);
        }
    }

    /// The row ends: a field that is open ends with it, those that did not come are empty.
    fn close(&mut self, row: &mut Row, end: usize) {
        self.end_field(row, end);
        for wanted in self.wanted.get(row.next..).unwrap_or_default() {
            if let Some(span) = self.spans.get_mut(wanted.place) {
                *span = Span::default();
            }
        }
    }
}

/// How many columns a row has: the comma at its end closes the last and opens none.
fn columns(commas: usize, bytes: &[u8], end: usize) -> usize {
    let closed = end.checked_sub(1).and_then(|last| bytes.get(last)) == Some(&b',');
    commas + usize::from(!closed)
}

#[inline]
fn lowest(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}
