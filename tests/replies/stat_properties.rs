//! `show stat`: what holds for every reply, however it is cut.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::fixtures::{VERSIONS, reply};
use crate::stat_table::Table;

/// A field as HAProxy writes it: quoted where it holds a separator, and sometimes where it need not be.
fn encode(field: &[u8], quote: bool, out: &mut Vec<u8>) {
    if !quote && !field.iter().any(|byte| b",\"\n\r".contains(byte)) {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for byte in field {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// Cuts `bytes` at the given places.
fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places
        .iter()
        .map(|place| place.index(bytes.len() + 1))
        .collect();
    places.sort_unstable();
    let mut start = 0;
    let mut chunks = Vec::new();
    for place in places.into_iter().chain([bytes.len()]) {
        chunks.push(&bytes[start..place]);
        start = place;
    }
    chunks
}

fn field() -> impl Strategy<Value = (Vec<u8>, bool)> {
    let bytes = prop_oneof![
        4 => vec(prop_oneof![b'0'..=b'9', b'a'..=b'z'], 0..8),
        1 => vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()], 0..70),
    ];
    (bytes, prop::bool::weighted(0.05))
}

/// A table of 1 to 90 columns: rows of less and of more than a block.
fn table() -> impl Strategy<Value = Vec<Vec<(Vec<u8>, bool)>>> {
    (1_usize..90).prop_flat_map(|width| vec(vec(field(), width), 1..8))
}

proptest! {
    /// What was written is what is read, for any columns that are wanted and any chunks.
    #[test]
    fn fields_come_back_as_they_were(
        rows in table(),
        wanted in vec(any::<Index>(), 0..6),
        places in vec(any::<Index>(), 0..6),
    ) {
        let width = rows[0].len();
        let wanted: Vec<usize> = wanted.iter().map(|index| index.index(width)).collect();
        let mut bytes = b"# ".to_vec();
        for column in 0..width {
            bytes.extend_from_slice(format!("c{column},").as_bytes());
        }
        bytes.push(b'\n');
        for row in &rows {
            for (field, quote) in row {
                encode(field, *quote, &mut bytes);
                bytes.push(b',');
            }
            bytes.push(b'\n');
        }
        let expected: Vec<Vec<Vec<u8>>> =
            rows.iter().map(|row| wanted.iter().map(|&column| row[column].0.clone()).collect()).collect();
        let table = Table::read(Some(wanted), cut(&bytes, &places)).unwrap();
        prop_assert_eq!(table.rows, expected);
        // and cut short anywhere within the last line, it is an error
        let whole = Table::read(None, [&bytes[..bytes.len() - 1]]);
        prop_assert!(whole.is_err());
    }

    /// Any bytes give the same answer in any chunks, and no panic.
    #[test]
    fn chunks_make_no_difference(
        header in prop::bool::weighted(0.8),
        bytes in vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(b'a'), Just(b'#'), any::<u8>()], 0..400),
        places in vec(any::<Index>(), 0..12),
    ) {
        let bytes = [if header { b"# a,b,\n".as_slice() } else { b"" }, &bytes].concat();
        let whole = Table::read(None, [bytes.as_slice()]);
        prop_assert_eq!(&Table::read(None, cut(&bytes, &places)), &whole);
        prop_assert_eq!(&Table::read(None, bytes.chunks(1)), &whole);
    }
}

/// Lines of one and two fields, so that most are rows, at every distance from the start of a block.
#[test]
fn rows_may_start_and_end_anywhere_in_a_block() {
    for shift in 0..130 {
        let long = "x".repeat(shift);
        let bytes = format!("# a,b,\n{long},1,\n2,{long},\n\"{long}\",3,\n4,5,\n");
        let expected: Vec<Vec<Vec<u8>>> = [[&*long, "1"], ["2", &*long], [&*long, "3"], ["4", "5"]]
            .map(|row| row.map(|field| field.as_bytes().to_vec()).to_vec())
            .to_vec();
        for size in [1, 7, 63, 64, 65, 1000] {
            let table = Table::read(None, bytes.as_bytes().chunks(size)).unwrap();
            assert_eq!(table.rows, expected, "{shift} in chunks of {size}");
        }
    }
}

#[test]
fn real_replies_read_the_same_in_chunks_of_any_size() {
    for version in VERSIONS {
        let bytes = reply(version, "show_stat");
        let whole = Table::read(None, [bytes.as_slice()]).unwrap();
        for size in [1, 3, 64, 100, 1000, 4096] {
            assert_eq!(
                Table::read(None, bytes.chunks(size)).unwrap(),
                whole,
                "{version} in chunks of {size}"
            );
        }
    }
}
