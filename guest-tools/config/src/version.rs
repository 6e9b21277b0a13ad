//! Which state of the files the pages of an answer are of.

use std::hash::{DefaultHasher, Hash, Hasher};

use haproxy_mcp_sdk::Failure;

/// A digest of all files: not to keep anybody out, but to tell that something has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(u64);

impl Version {
    /// That of these files.
    pub(crate) fn of<'f>(files: impl Iterator<Item = (&'f str, &'f [u8])>) -> Self {
        let mut hasher = DefaultHasher::new();
        for file in files {
            file.hash(&mut hasher);
        }
        Self(hasher.finish())
    }

    /// A cursor that is of this state.
    pub(crate) fn mark(self, cursor: &str) -> String {
        format!("{:016x}.{cursor}", self.0)
    }

    /// The cursor that was marked.
    ///
    /// # Errors
    /// Where it is of another state. What is no cursor at all stays as it is, for others to refuse.
    pub(crate) fn cursor(self, marked: Option<String>) -> Result<Option<String>, Failure> {
        let Some(marked) = marked else {
            return Ok(None);
        };
        let digest = |text: &str| u64::from_str_radix(text, 16).ok();
        match marked.split_once('.') {
            Some((mark, cursor)) if digest(mark) == Some(self.0) => Ok(Some(cursor.to_owned())),
            // what follows is a cursor: three parts
            Some((mark, cursor)) if digest(mark).is_some() && cursor.matches('.').count() == 2 => {
                Err(
                    Failure::invalid_argument("the files have changed since the last page")
                        .hint("begin anew: without a cursor")
                        .argument("/cursor"),
                )
            }
            _ => Ok(Some(marked)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_one_state_of_the_files() {
        let one = Version::of([("a", &b"b"[..])].into_iter());
        for other in [[("a", &b"c"[..])], [("ab", &b""[..])]] {
            let other = Version::of(other.into_iter());
            assert!(other.cursor(Some(one.mark("00.1.-"))).is_err());
        }
        assert_eq!(
            one.cursor(Some(one.mark("00.1.-"))).unwrap().as_deref(),
            Some("00.1.-")
        );
        assert_eq!(
            one.cursor(Some("x".to_owned())).unwrap().as_deref(),
            Some("x")
        );
        assert_eq!(one.cursor(None).unwrap(), None);
    }
}
