//! `dump stats-file`.

use haproxy_replies::stats_file::{StatsFileError, StatsFileReader};
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

type Object = (String, String, Vec<(String, String)>);

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Object>, StatsFileError> {
    let mut reader = StatsFileReader::default();
    let mut objects = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |object| {
            objects.push((
                object.section().to_owned(),
                String::from_utf8_lossy(object.guid()).into_owned(),
                object
                    .values()
                    .map(|(name, value)| (name.to_owned(), format!("{value:?}")))
                    .collect(),
            ));
            Ok::<_, StatsFileError>(())
        })?;
    }
    reader.finish()?;
    Ok(objects)
}

/// A row below the last header of `text`, with the numbers of its columns for values.
fn with_row(text: &str, section: &str, guid: &str) -> String {
    let header = text.lines().find(|line| line.starts_with(section)).unwrap();
    let columns = header.trim_end_matches(',').split(',').count();
    let numbers: Vec<String> = (1..columns).map(|number| number.to_string()).collect();
    text.replace(header, &format!("{header}\n{guid},{},", numbers.join(",")))
}

#[test]
fn objects_have_the_columns_of_their_section() {
    for version in VERSIONS.into_iter().skip(1) {
        let text = String::from_utf8(reply(version, "dump_stats_file")).unwrap();
        assert_eq!(read([text.as_bytes()]), Ok(vec![]), "{version}");
        let text = with_row(&with_row(&text, "#fe", "fe:one"), "#be", "be:one");
        let objects = read([text.as_bytes()]).unwrap();
        let names: Vec<(&str, &str)> = objects
            .iter()
            .map(|(section, guid, _)| (section.as_str(), guid.as_str()))
            .collect();
        assert_eq!(names, [("fe", "fe:one"), ("be", "be:one")], "{version}");
        let value = |object: &Object, name: &str| {
            object
                .2
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, value)| value.clone())
        };
        assert_eq!(
            value(&objects[0], "stot").as_deref(),
            Some("Unsigned(1)"),
            "{version}"
        );
        assert_eq!(
            (
                value(&objects[0], "ereq").is_some(),
                value(&objects[1], "ereq")
            ),
            (true, None),
            "{version}"
        );
        assert!(
            value(&objects[1], "econ").is_some() && value(&objects[1], "guid").is_none(),
            "{version}"
        );
        for size in [1, 50, 1000] {
            assert_eq!(
                read(text.as_bytes().chunks(size)).unwrap(),
                objects,
                "{version}"
            );
        }
    }
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    for (reply, expected) in [
        ("", StatsFileError::Empty),
        (
            "a,b,\n",
            StatsFileError::NoHeader {
                line: "a,b,".to_owned(),
            },
        ),
        (
            "#fe stot,\n",
            StatsFileError::MissingGuid {
                section: "fe".to_owned(),
            },
        ),
        (
            "#fe guid,stot,\na,1,2,\n",
            StatsFileError::Width {
                line: 2,
                found: 3,
                expected: 2,
            },
        ),
        ("#fe guid,stot,\na,1", StatsFileError::Truncated),
    ] {
        assert_eq!(read([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_chunks_make_no_difference(
        bytes in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'#'), any::<u8>()], 0..200),
        size in 1_usize..50,
    ) {
        let bytes = [b"#fe guid,a,\n".as_slice(), &bytes].concat();
        prop_assert_eq!(read(bytes.chunks(size)), read([bytes.as_slice()]));
    }
}
