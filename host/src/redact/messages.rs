//! What HAProxy says of its configuration while it starts or reloads. It quotes lines of it whole, two blanks in front:
//! `  stats auth admin:secret ""` (3.2, for a word that is empty).

use super::lines::{Line, Lines, TOO_LONG};
use super::{Configuration, Traffic};

/// What stands before a line of the configuration that a message quotes.
const QUOTED: &[u8] = b"  ";

/// Replaces secrets in messages that come in pieces. The pieces may be cut anywhere.
#[derive(Debug, Default)]
pub struct Messages(Lines);

impl Messages {
    /// Takes the next piece; what is known to hold no secret by now goes to `out`.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.0.push(piece, |line| end_line(&line, out));
    }

    /// The end of the text.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.0.finish(|line| end_line(&line, out));
    }
}

fn end_line(line: &Line<'_>, out: &mut Vec<u8>) {
    if line.overlong {
        out.extend_from_slice(TOO_LONG);
    } else if line.text.starts_with(QUOTED) {
        let mut quoted = Configuration::default();
        quoted.push(line.text, out);
        quoted.finish(out);
    } else {
        let mut said = Traffic::default();
        said.push(line.text, out);
        said.finish(out);
    }
    out.extend(line.end);
}

#[cfg(test)]
mod tests {
    use super::Messages;

    fn redacted(text: &str) -> String {
        let mut out = Vec::new();
        let mut messages = Messages::default();
        // In pieces, as it comes.
        for piece in text.as_bytes().chunks(7) {
            messages.push(piece, &mut out);
        }
        messages.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_line_that_is_quoted_shows_no_password() {
        let text = "[NOTICE]   (7) : haproxy version is 3.2.26-1\n\
                    [WARNING]  (7) : config : parsing [s.cfg:12]: argument number 3 at position 31 is empty:\n\
                    \x20 stats auth admin:s3cretpw \"\"\n\
                    \x20                           ^\n";
        let shown = redacted(text);
        assert!(!shown.contains("s3cretpw"), "{shown}");
        assert!(shown.contains("  stats auth admin:[redacted]"), "{shown}");
        assert!(shown.contains("haproxy version is 3.2.26-1"), "{shown}");
        assert_eq!(shown.lines().count(), text.lines().count());
    }

    #[test]
    fn what_is_no_secret_stays() {
        let text = "[WARNING]  (7) : config : proxy 'fe' has no 'timeout client'\n  | can't bind [127.0.0.1:80]";
        assert_eq!(redacted(text), text);
    }
}
