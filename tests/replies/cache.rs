//! `show cache`.

use haproxy_replies::cache::{CacheError, CacheReader, Item};
use haproxy_replies::value::Value;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, CacheError> {
    let mut reader = CacheReader::default();
    let mut items = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |item| items.push(format!("{item:?}")))?;
    }
    reader.finish()?;
    Ok(items)
}

#[test]
fn a_real_cache_has_entries() {
    for version in VERSIONS {
        let bytes = reply(version, "show_cache");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let entries = text.lines().filter(|line| line.contains(" hash:")).count();
        let mut reader = CacheReader::default();
        let (mut caches, mut sizes) = (Vec::new(), Vec::new());
        reader
            .push(&bytes, |item| match item {
                Item::Cache {
                    name,
                    available_blocks,
                } => caches.push((name.to_vec(), available_blocks)),
                Item::Entry(entry) => {
                    assert_eq!(
                        (entry.number("blocks"), entry.number("refcount")),
                        (Some(1), Some(0))
                    );
                    assert!(matches!(entry.fields()[0], ("hash", Value::Text(_))));
                    sizes.push(entry.number("size").unwrap());
                    assert!(entry.number("expire").unwrap() <= 30);
                }
            })
            .unwrap();
        reader.finish().unwrap();
        assert_eq!(caches, [(b"mycache".to_vec(), Some(4096))], "{version}");
        assert_eq!(
            (sizes.len(), sizes.iter().min() >= Some(&300)),
            (entries, true),
            "{version}"
        );
        for size in [1, 50, 1000] {
            assert_eq!(
                read(bytes.chunks(size)),
                read([bytes.as_slice()]),
                "{version}"
            );
        }
    }
}

#[test]
fn unknown_fields_are_kept_and_wrong_lines_are_errors() {
    let text = b"0x1: c (shctx:0x2, new:1, available blocks:7)\n0x3 hash:1 size:2 (3 blocks), expire:-1, new:x\n\n";
    let mut reader = CacheReader::default();
    let mut fields = Vec::new();
    reader
        .push(text, |item| match item {
            Item::Cache {
                available_blocks, ..
            } => assert_eq!(available_blocks, Some(7)),
            Item::Entry(entry) => fields.extend(
                entry
                    .fields()
                    .iter()
                    .map(|(name, value)| format!("{name}={value:?}")),
            ),
        })
        .unwrap();
    assert_eq!(
        fields,
        [
            "hash=Text(\"1\")",
            "size=Unsigned(2)",
            "blocks=Unsigned(3)",
            "expire=Signed(-1)",
            "new=Text(\"x\")"
        ]
    );
    assert_eq!(read([b"\n".as_slice()]), Ok(vec![]));
    assert_eq!(read([b"0x1: c".as_slice()]), Err(CacheError::Truncated));
    for wrong in ["<html>\n", "0x1 hash:1 size:2\n"] {
        assert!(
            matches!(
                read([wrong.as_bytes()]),
                Err(CacheError::Unexpected { line: 1, .. })
            ),
            "{wrong}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in prop::collection::vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b':'), Just(b'('), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        let bytes = [b"0x1: c (available blocks:1)\n0x2 ".as_slice(), &bytes].concat();
        prop_assert_eq!(read(bytes.chunks(size)), read([bytes.as_slice()]));
    }
}
