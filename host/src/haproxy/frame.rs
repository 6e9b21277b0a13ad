//! Bytes → the text of a reply, and whether all of it came.
//!
//! A reply is its text and one empty line; the text is empty or ends with a line feed. On a worker's socket an
//! empty line comes first: the reply to `set severity-output number`. Then the connection ends. So seen for every
//! command of 2.6, 3.0, 3.2 and 3.4, with one exception: some messages of 2.6, and the master's own errors, come
//! without the empty line.
//!
//! A connection that ends at any other place has not given the whole reply, even if it ends as after one.

/// What comes before a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// An empty line.
    Worker,
    /// Nothing.
    Master,
}

/// How a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With the empty line.
    Whole,
    /// At the end of a line, without the empty one.
    Line,
    /// In the middle, or before anything.
    Cut,
}

/// The first byte is not the one that HAProxy sends: what came instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotFramed(pub(super) Vec<u8>);

/// Takes the frame off, piece by piece, without copying.
#[derive(Debug)]
pub(super) struct Unframer {
    expects_empty_line: bool,
    /// A line feed at the end of what came so far: either part of the text, or the empty last line.
    held: bool,
    last: Option<u8>,
}

impl Unframer {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            expects_empty_line: framing == Framing::Worker,
            held: false,
            last: None,
        }
    }

    /// What a piece must begin with that is handed to [`take`](Self::take): the byte that was held back.
    pub(super) fn held(&self) -> &'static [u8] {
        if self.held { b"\n" } else { b"" }
    }

    /// Makes text out of a piece: what was [`held`](Self::held), and the bytes that came after it. An empty result
    /// means that more must come before anything is known.
    pub(super) fn take(&mut self, mut piece: Vec<u8>) -> Result<Vec<u8>, NotFramed> {
        if self.expects_empty_line {
            match piece.first() {
                None => return Ok(piece),
                Some(b'\n') => {
                    piece.remove(0);
                    self.expects_empty_line = false;
                }
                Some(_) => return Err(NotFramed(piece)),
            }
        }
        if !piece.is_empty() {
            self.held = piece.last() == Some(&b'\n');
            if self.held {
                piece.pop();
            }
        }
        if let Some(last) = piece.last() {
            self.last = Some(*last);
        }
        Ok(piece)
    }

    /// What it means that the connection ends here.
    pub(super) fn end(&self) -> End {
        match (self.held, self.last) {
            (true, None | Some(b'\n')) => End::Whole,
            (true, Some(_)) => End::Line,
            (false, _) => End::Cut,
        }
    }
}

/// Splits `[N]: ` off a message: the severity (a syslog level, 0 to 7) and the text.
pub(super) fn severity(text: &[u8]) -> (Option<u8>, &[u8]) {
    match text {
        [b'[', digit @ b'0'..=b'7', b']', b':', b' ', rest @ ..] => (Some(digit - b'0'), rest),
        _ => (None, text),
    }
}

/// Bytes that [`severity`] needs to see.
pub(super) const SEVERITY_BYTES: usize = 5;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    /// Text and end of a reply that comes in these pieces.
    fn unframed(framing: Framing, pieces: &[&[u8]]) -> Result<(Vec<u8>, End), NotFramed> {
        let mut unframer = Unframer::new(framing);
        let mut text = Vec::new();
        for piece in pieces {
            let mut buffer = unframer.held().to_vec();
            buffer.extend_from_slice(piece);
            text.extend(unframer.take(buffer)?);
        }
        Ok((text, unframer.end()))
    }

    #[test]
    fn each_end_is_told_apart() {
        use Framing::{Master, Worker};
        for (framing, bytes, text, end) in [
            (Worker, "\n\n", "", End::Whole),
            (Worker, "\na\n\n", "a\n", End::Whole),
            (Worker, "\na\n\n\n", "a\n\n", End::Whole),
            (Worker, "\na\n\nb\n\n", "a\n\nb\n", End::Whole),
            (Worker, "\na\n", "a", End::Line),
            (Worker, "\na\n\nb\n", "a\n\nb", End::Line),
            (Worker, "\na", "a", End::Cut),
            (Worker, "\n", "", End::Cut),
            (Worker, "", "", End::Cut),
            (Master, "\n", "", End::Whole),
            (Master, "a\n\n", "a\n", End::Whole),
            (Master, "a\n", "a", End::Line),
            (Master, "a", "a", End::Cut),
            (Master, "", "", End::Cut),
        ] {
            let seen = unframed(framing, &[bytes.as_bytes()]).unwrap();
            assert_eq!(
                seen,
                (text.as_bytes().to_vec(), end),
                "{framing:?} {bytes:?}"
            );
        }
    }

    #[test]
    fn what_is_not_framed_is_refused() {
        let error = unframed(Framing::Worker, &[b"HTTP/1.0 400"]).unwrap_err();
        assert_eq!(error, NotFramed(b"HTTP/1.0 400".to_vec()));
    }

    #[test]
    fn a_severity_is_one_digit_up_to_seven() {
        assert_eq!(
            severity(b"[3]: No such server.\n"),
            (Some(3), &b"No such server.\n"[..])
        );
        for text in [
            &b"[8]: x"[..],
            b"[33]: x",
            b"[3] x",
            b"[3]:x",
            b" [3]: x",
            b"[3]:",
            b"",
            b"[NOTICE]   (1) : x",
        ] {
            assert_eq!(severity(text), (None, text));
        }
    }

    proptest! {
        /// Where the pieces are cut makes no difference, and nothing is lost or added.
        #[test]
        fn pieces_make_no_difference(
            body in "([a-z,]{0,3}\n?){0,12}",
            cuts in prop::collection::vec(0_usize..40, 0..12),
            framing in prop_oneof![Just(Framing::Worker), Just(Framing::Master)],
        ) {
            let mut whole = body.clone().into_bytes();
            if framing == Framing::Worker {
                whole.insert(0, b'\n');
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &whole[cut[0]..cut[1]]).collect();
            let at_once = unframed(framing, &[&whole]).unwrap();
            prop_assert_eq!(unframed(framing, &pieces).unwrap(), at_once.clone());
            let singly: Vec<&[u8]> = whole.chunks(1).collect();
            prop_assert_eq!(unframed(framing, &singly).unwrap(), at_once.clone());
            let (text, end) = at_once;
            let framed = if end == End::Cut { text } else { [text, b"\n".to_vec()].concat() };
            prop_assert_eq!(framed, body.into_bytes());
        }

        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            let _ = unframed(Framing::Worker, &[&bytes]);
            let _ = unframed(Framing::Master, &[&bytes]);
            let _ = severity(&bytes);
        }
    }
}
