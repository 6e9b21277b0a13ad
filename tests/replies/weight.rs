//! `get weight`.

use haproxy_replies::weight::{Weight, read};
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

#[test]
fn real_weights() {
    for version in VERSIONS {
        assert_eq!(
            read(&reply(version, "get_weight")),
            Ok(Weight {
                current: 100,
                initial: 100
            }),
            "{version}"
        );
    }
    assert_eq!(
        read(b"10 (initial 100)\n\n"),
        Ok(Weight {
            current: 10,
            initial: 100
        })
    );
}

#[test]
fn what_is_no_weight_is_shown() {
    for wrong in [
        "",
        "\n",
        "10",
        "10 (initial )",
        "x (initial 1)",
        "1 (initial 1",
        "No such server.",
    ] {
        let error = read(wrong.as_bytes()).unwrap_err();
        assert_eq!(error.text, wrong.trim(), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn a_weight_comes_back(current in any::<u64>(), initial in any::<u64>()) {
        let reply = format!("{current} (initial {initial})\n\n");
        prop_assert_eq!(read(reply.as_bytes()), Ok(Weight { current, initial }));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = read(&bytes);
        let _ = read(&[b"1 (initial ".as_slice(), &bytes].concat());
    }
}
