//! `show backend`.

use haproxy_replies::backends::{BackendsError, BackendsReader};

use crate::fixtures::{VERSIONS, reply};

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, BackendsError> {
    let mut reader = BackendsReader::default();
    let mut names = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |name| {
            names.push(String::from_utf8_lossy(name).into_owned());
        })?;
    }
    reader.finish()?;
    Ok(names)
}

#[test]
fn real_lists() {
    for version in VERSIONS {
        let bytes = reply(version, "show_backend");
        let expected = [
            "be_app",
            "be_api",
            "be_static",
            "be_down",
            "be_dyn",
            "be_hash",
            "be_queue",
            "be_tcp",
            "st_src",
            "st_multi",
            "st_int",
            "st_str",
        ];
        assert_eq!(read([bytes.as_slice()]).unwrap(), expected, "{version}");
        assert_eq!(read(bytes.chunks(1)).unwrap(), expected, "{version}");
    }
}

#[test]
fn each_wrong_reply_is_its_own_error() {
    for (reply, expected) in [
        ("", BackendsError::Empty),
        ("\n", BackendsError::Empty),
        (
            "Unknown command\n",
            BackendsError::NotBackends {
                line: "Unknown command".to_owned(),
            },
        ),
        (
            "# names\n",
            BackendsError::NotBackends {
                line: "# names".to_owned(),
            },
        ),
        ("# name\nbe_a", BackendsError::Truncated),
    ] {
        assert_eq!(read([reply.as_bytes()]), Err(expected), "{reply:?}");
    }
    let long = [
        b"# name\n".to_vec(),
        vec![b'x'; haproxy_replies::LINE_LIMIT + 1],
    ]
    .concat();
    assert_eq!(read([long.as_slice()]), Err(BackendsError::TooLong));
    assert_eq!(read([b"# name\n".as_slice()]), Ok(vec![]));
}
