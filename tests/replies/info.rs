//! `show info`.

use haproxy_replies::info::{Info, InfoError};
use haproxy_replies::value::Value;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply, types};

#[test]
fn fields_are_of_the_kind_that_haproxy_states() {
    for version in VERSIONS {
        let reply = reply(version, "show_info");
        let info = Info::read(&reply).unwrap();
        let stated = types(version, "show_info_typed");
        assert_eq!(info.iter().len(), stated.len(), "{version}");
        for (name, kind) in stated {
            let value = info
                .get(&name)
                .unwrap_or_else(|| panic!("{version}: no {name}"));
            let text = matches!(value, Value::Text(_) | Value::Absent);
            assert_eq!(
                text,
                kind == "str",
                "{version}: {name} is {kind}, read as {value:?}"
            );
        }
    }
}

#[test]
fn values_are_what_the_lines_say() {
    for version in VERSIONS {
        let bytes = reply(version, "show_info");
        let info = Info::read(&bytes).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(info.iter().len(), lines.len(), "{version}");
        for (field, line) in info.iter().zip(lines) {
            let value = match &field.value {
                Value::Absent => String::new(),
                Value::Unsigned(number) => number.to_string(),
                Value::Signed(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Text(text) => text.to_string(),
            };
            assert_eq!(format!("{}: {value}", field.name), line, "{version}");
        }
        assert_eq!(
            info.require("Maxconn"),
            Ok(&Value::Unsigned(2000)),
            "{version}"
        );
    }
}

#[test]
fn a_value_may_hold_what_looks_like_a_separator_or_a_line_end() {
    let info =
        Info::read(b"node: 42\ndescription: a: b\nand more\nempty:\nNew_field: 7\n\n").unwrap();
    assert_eq!(info.get("node"), Some(&Value::Text("42".into())));
    assert_eq!(info.get("description"), Some(&Value::Text("a: b".into())));
    assert_eq!(info.get("empty"), Some(&Value::Absent));
    assert_eq!(info.get("New_field"), Some(&Value::Unsigned(7)));
    assert_eq!(
        info.require("Pid"),
        Err(InfoError::MissingField {
            name: "Pid".to_owned()
        })
    );
}

#[test]
fn what_is_no_information_is_an_error() {
    assert_eq!(Info::read(b""), Err(InfoError::Empty));
    assert_eq!(Info::read(b"\n\n"), Err(InfoError::Empty));
    assert_eq!(
        Info::read(b"\nPermission denied\n"),
        Err(InfoError::NotAField {
            line: 2,
            text: "Permission denied".to_owned()
        })
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![Just(b':'), Just(b' '), Just(b'\n'), any::<u8>()], 0..200)) {
        let colons = bytes.split(|byte| *byte == b'\n').filter(|line| line.contains(&b':')).count();
        if let Ok(info) = Info::read(&bytes) {
            prop_assert!(info.iter().len() <= colons);
        }
    }
}
