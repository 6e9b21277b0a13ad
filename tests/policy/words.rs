//! From words to bytes, read back by a model of HAProxy's own parser.

use haproxy_mcp::policy::{
    Command, MAX_COMMAND_BYTES, MAX_LINE_BYTES, MAX_PAYLOAD_BYTES, MAX_WORDS, Malformed,
};
use proptest::prelude::*;

/// What HAProxy makes of the bytes, after the Management Guide and `cli_parse_request`: commands, their words,
/// and the payload of the last one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parsed {
    commands: Vec<Vec<Vec<u8>>>,
    payload: Option<Vec<u8>>,
}

fn haproxy(bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let (line, rest) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &b""[..]),
    };
    // 2.6 looks for the two characters wherever they stand, a backslash before them or not.
    let line = if let Some(at) = line.windows(2).position(|pair| pair == b"<<") {
        let end = rest
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .expect("a payload ends with a blank line");
        assert_eq!(
            end + 2,
            rest.len(),
            "bytes after the payload would be a command"
        );
        parsed.payload = Some(rest[..=end].to_vec());
        assert_eq!(
            at + 2,
            line.len(),
            "the marker stands at the end of the line"
        );
        &line[..at]
    } else {
        assert!(rest.is_empty(), "a second line would be a command");
        line
    };
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            b' ' | b'\t' => words.extend(word.take()),
            b';' => {
                words.extend(word.take());
                parsed.commands.push(std::mem::take(&mut words));
            }
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word.take());
    parsed.commands.push(words);
    parsed
}

fn sent(command: &Command) -> Parsed {
    let mut bytes = command.encode().unwrap();
    bytes.push(b'\n');
    haproxy(&bytes)
}

fn as_is(command: &Command) -> Parsed {
    Parsed {
        commands: vec![
            command
                .words
                .iter()
                .map(|word| word.clone().into_bytes())
                .collect(),
        ],
        payload: (!command.payload.is_empty()).then(|| {
            command
                .payload
                .iter()
                .flat_map(|line| [line.as_bytes(), b"\n"].concat())
                .collect()
        }),
    }
}

proptest! {
    #[test]
    fn words_arrive_as_they_are(words in prop::collection::vec("[ -~]{1,12}|[ ;<\\\\#'\"@$]{1,6}|\\PC{1,8}", 1..10)) {
        let command = Command::new(words);
        prop_assume!(!command.words[0].starts_with('@'));
        prop_assert_eq!(sent(&command), as_is(&command));
    }

    #[test]
    fn payloads_arrive_as_they_are(lines in prop::collection::vec("\\PC{0,12}[a-z<;\\\\]", 1..8)) {
        let command = Command::new(["add", "map", "m"]).with_payload(lines);
        prop_assert_eq!(sent(&command), as_is(&command));
    }

    #[test]
    fn any_words_are_sent_whole_or_refused(words in prop::collection::vec(any::<String>(), 0..6),
                                           lines in prop::collection::vec(any::<String>(), 0..4)) {
        let command = Command::new(words).with_payload(lines);
        let control = command.words.iter().chain(&command.payload).any(|text| text.chars().any(char::is_control));
        match command.encode() {
            Ok(_) => {
                prop_assert!(!control);
                prop_assert_eq!(sent(&command), as_is(&command));
            }
            Err(error) => prop_assert_eq!(Some(error), command.validate().err()),
        }
    }
}

#[test]
fn bytes() {
    for (words, bytes) in [
        (vec!["show", "info"], "show info"),
        (vec!["echo", "a b;c\\d"], "echo a\\ b\\;c\\\\d"),
        (vec!["echo", "<<"], "echo \\<\\<"),
        (vec!["echo", "<<EOF", "<"], "echo \\<\\<EOF \\<"),
        (
            vec!["echo", "#x", "'q'", "\"q\"", "$HOME", "@1"],
            "echo #x 'q' \"q\" $HOME @1",
        ),
    ] {
        assert_eq!(
            String::from_utf8(Command::new(words).encode().unwrap()).unwrap(),
            bytes
        );
    }
    let payload = Command::new(["add", "map", "m"]).with_payload(["k v; << \\", "l w"]);
    assert_eq!(
        payload.encode().unwrap(),
        b"add map m <<\nk v; << \\\nl w\n"
    );
}

#[test]
fn limits_are_exact() {
    let line = |bytes: usize| Command::new(["echo".to_owned(), "x".repeat(bytes - 5)]);
    assert_eq!(line(MAX_LINE_BYTES).encode().unwrap().len(), MAX_LINE_BYTES);
    assert_eq!(
        line(MAX_LINE_BYTES + 1).encode(),
        Err(Malformed::LineTooLong {
            bytes: MAX_LINE_BYTES + 1
        })
    );
    // Each `;` takes two bytes.
    let escaped = Command::new(["echo".to_owned(), ";".repeat(MAX_LINE_BYTES / 2)]);
    assert_eq!(
        escaped.encode(),
        Err(Malformed::LineTooLong {
            bytes: MAX_LINE_BYTES + 5
        })
    );

    let payload =
        |bytes: usize| Command::new(["add", "map", "m"]).with_payload(["x".repeat(bytes - 1)]);
    assert!(payload(MAX_PAYLOAD_BYTES).encode().is_ok());
    assert_eq!(
        payload(MAX_PAYLOAD_BYTES + 1).encode(),
        Err(Malformed::PayloadTooLong {
            bytes: MAX_PAYLOAD_BYTES + 1
        })
    );
    let both = Command::new([
        "add".to_owned(),
        "x".repeat(MAX_COMMAND_BYTES - MAX_PAYLOAD_BYTES - 4),
    ]);
    assert!(
        both.clone()
            .with_payload(["x".repeat(MAX_PAYLOAD_BYTES - 1)])
            .encode()
            .is_ok()
    );
    let mut longer = both.with_payload(["x".repeat(MAX_PAYLOAD_BYTES - 1)]);
    longer.words[1].push('x');
    assert_eq!(
        longer.encode(),
        Err(Malformed::CommandTooLong {
            bytes: MAX_COMMAND_BYTES + 1
        })
    );

    assert!(Command::new(vec!["echo"; MAX_WORDS]).encode().is_ok());
    assert_eq!(
        Command::new(vec!["echo"; MAX_WORDS + 1]).encode(),
        Err(Malformed::TooManyWords {
            count: MAX_WORDS + 1
        })
    );
}
