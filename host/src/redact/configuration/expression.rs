//! Sample expressions (Configuration Manual, section 7): the keys in them, and whether they fetch a secret.

use std::ops::Range;

use super::names::{is_operators_secret, last_name};
use super::places::Kind;
use crate::redact::names::find;

/// Converters that take a key, and the first of their arguments that is to be hidden.
const KEYED: [(&[u8], usize); 8] = [
    (b"hmac", 1),
    (b"aes_cbc_dec", 1),
    (b"aes_cbc_enc", 1),
    (b"aes_gcm_dec", 1),
    (b"aes_gcm_enc", 1),
    (b"jwt_verify", 1),
    (b"jwt_decrypt_secret", 0),
    (b"jwt_decrypt_jwk", 0),
];

/// Fetches whose value is a secret whatever their arguments are.
const SECRET_FETCHES: [&[u8]; 4] = [
    b"http_auth_pass",
    b"http_auth_bearer",
    b"ssl_fc_session_key",
    b"ssl_bc_session_key",
];

/// Converters whose result says something about a secret, and no more.
const RESULTS: [&[u8]; 6] = [
    b"jwt_verify",
    b"jwt_verify_cert",
    b"length",
    b"strcmp",
    b"secure_memcmp",
    b"bool",
];

/// Fetches and converters that bring no text of the configuration's own into the sample; their arguments are names.
const DYNAMIC: [&[u8]; 40] = [
    b"var",
    b"env",
    b"hdr",
    b"req.hdr",
    b"req.fhdr",
    b"res.hdr",
    b"res.fhdr",
    b"hdr_ip",
    b"cook",
    b"req.cook",
    b"res.cook",
    b"scook",
    b"urlp",
    b"url_param",
    b"src",
    b"dst",
    b"src_port",
    b"dst_port",
    b"uuid",
    b"unique-id",
    b"date",
    b"rand",
    b"method",
    b"path",
    b"query",
    b"url",
    b"base",
    b"http_auth_bearer",
    b"http_auth_user",
    b"ssl_fc_session_id",
    b"ssl_fc_sni",
    b"ssl_c_s_dn",
    b"lower",
    b"upper",
    b"hex",
    b"base64",
    b"b64dec",
    b"ub64dec",
    b"ub64enc",
    b"url_dec",
];

/// A key in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Where it is.
    pub(super) range: Range<usize>,
    /// The bracket is not closed, so that it may go on in the next word.
    pub(super) open: bool,
}

/// The keys of converters in a word.
pub(super) fn keys(word: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut from = 0;
    while let Some(bracket) = next(word, from, b'(') {
        from = bracket + 1;
        let name = name_before(word, bracket);
        let Some((_, first)) = KEYED
            .iter()
            .find(|(keyed, _)| name.eq_ignore_ascii_case(keyed))
        else {
            continue;
        };
        let arguments = Arguments::after(word, bracket + 1);
        from = arguments.end;
        let open = !arguments.closed;
        let start = match arguments.starts.get(*first) {
            Some(start) => *start,
            None if open => arguments.end,
            None => continue,
        };
        let range = start..arguments.end;
        let text = |range: Range<usize>| word.get(range).unwrap_or_default();
        let is_kept = if name.eq_ignore_ascii_case(b"jwt_verify") {
            let algorithm = text(bracket + 1..start.saturating_sub(1));
            is_public_key(algorithm, text(range.clone()))
        } else {
            text(range.clone())
                .split(|byte| *byte == b',')
                .all(is_variable)
        };
        if !is_kept {
            keys.push(Key { range, open });
        }
    }
    keys
}

/// Whether a text brings in nothing of the configuration's own: `%[var(txn.token)]` as a format,
/// `req.hdr(authorization),lower` as an expression.
pub(super) fn is_dynamic(text: &[u8], kind: Kind) -> bool {
    let text = text.trim_ascii();
    match kind {
        Kind::Literal => false,
        Kind::Expression => is_dynamic_expression(text),
        Kind::Format => text
            .strip_prefix(b"%[")
            .and_then(|text| text.strip_suffix(b"]"))
            .is_some_and(is_dynamic_expression),
    }
}

fn is_dynamic_expression(text: &[u8]) -> bool {
    !text.is_empty()
        && text.split(|byte| *byte == b',').all(|part| {
            let (name, arguments) = match part.iter().position(|byte| *byte == b'(') {
                Some(bracket) => part.split_at(bracket),
                None => (part, &b"()"[..]),
            };
            let Some(arguments) = arguments
                .strip_prefix(b"(")
                .and_then(|rest| rest.strip_suffix(b")"))
            else {
                return false;
            };
            DYNAMIC.contains(&name)
                && arguments
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        })
}

/// The expression of an ACL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expression<'a>(pub(super) &'a [u8]);

impl Expression<'_> {
    /// Whether what it fetches is a secret: by the fetch, or by an argument such as a header's name.
    pub(super) fn is_secret(self) -> bool {
        let is_result = |name: &&[u8]| {
            let from = find(self.0, name).map(|at| at + name.len());
            // Nothing comes after it.
            from.and_then(|from| self.0.get(from..))
                .is_some_and(|rest| {
                    find(rest, b"),").is_none() && (rest.is_empty() || rest.starts_with(b"("))
                })
        };
        if RESULTS.iter().any(is_result) {
            return false;
        }
        let name = self
            .0
            .split(|byte| matches!(byte, b'(' | b','))
            .next()
            .unwrap_or_default();
        SECRET_FETCHES.contains(&name) || self.speaks_of_secrets()
    }

    /// Whether it compares texts.
    pub(super) fn compares(self) -> bool {
        [&b"secure_memcmp"[..], b"strcmp"]
            .iter()
            .any(|converter| find(self.0, converter).is_some())
    }

    /// Constants that it compares a secret with: `str(KEY),secure_memcmp(txn.token)`.
    pub(super) fn constants(self) -> Vec<Range<usize>> {
        let is_compared = find(self.0, b"secure_memcmp").is_some();
        if !is_compared && !self.speaks_of_secrets() {
            return Vec::new();
        }
        let mut constants = Vec::new();
        let mut from = 0;
        while let Some(bracket) = next(self.0, from, b'(') {
            from = bracket + 1;
            if matches!(name_before(self.0, bracket), b"str" | b"bin" | b"concat") {
                let end = Arguments::after(self.0, bracket + 1).end;
                constants.push(bracket + 1..end);
                from = end;
            }
        }
        constants.retain(|constant| !constant.is_empty());
        constants
    }

    /// Whether the arguments of its fetches and converters hold the name of a secret.
    fn speaks_of_secrets(self) -> bool {
        self.0
            .split(|byte| *byte == b'(')
            .skip(1)
            .filter_map(|rest| rest.split(|byte| *byte == b')').next())
            .any(is_operators_secret)
    }
}

/// The arguments in a pair of brackets; quotes in them hide commas and brackets.
struct Arguments {
    /// Where each begins.
    starts: Vec<usize>,
    /// Where the last ends.
    end: usize,
    closed: bool,
}

impl Arguments {
    fn after(word: &[u8], start: usize) -> Self {
        let mut starts = vec![start];
        let mut quote = None;
        let mut at = start;
        while let Some(byte) = word.get(at) {
            match (byte, quote) {
                (b'\\', None | Some(b'"')) => at += 1,
                (byte, Some(open)) if *byte == open => quote = None,
                (b'"' | b'\'', None) => quote = Some(*byte),
                (b',', None) => starts.push(at + 1),
                (b')', None) => {
                    return Self {
                        starts,
                        end: at,
                        closed: true,
                    };
                }
                _ => {}
            }
            at += 1;
        }
        Self {
            starts,
            end: word.len(),
            closed: false,
        }
    }
}

fn next(word: &[u8], from: usize, wanted: u8) -> Option<usize> {
    let rest = word.get(from..)?;
    rest.iter()
        .position(|byte| *byte == wanted)
        .map(|at| from + at)
}

fn name_before(word: &[u8], bracket: usize) -> &[u8] {
    last_name(word.get(..bracket).unwrap_or_default())
}

/// Whether the key of `jwt_verify` is the path of a public key, or a variable.
fn is_public_key(algorithm: &[u8], key: &[u8]) -> bool {
    if is_variable(key) {
        return true;
    }
    let is_path = key.starts_with(b"/") || key.starts_with(b"./");
    let algorithm = algorithm.trim_ascii().to_ascii_uppercase();
    if algorithm.starts_with(b"HS") {
        return false;
    }
    let is_asymmetric = [&b"RS"[..], b"ES", b"PS"]
        .iter()
        .any(|kind| algorithm.starts_with(kind));
    let is_key_file = [&b".pem"[..], b".pub", b".crt", b".key", b".cert"]
        .iter()
        .any(|end| key.ends_with(end));
    is_asymmetric && (is_path || is_key_file) || is_path && is_key_file
}

/// Whether HAProxy takes an argument for the name of a variable: a scope and a name.
fn is_variable(argument: &[u8]) -> bool {
    const SCOPES: [&[u8]; 6] = [b"proc.", b"sess.", b"txn.", b"req.", b"res.", b"check."];
    SCOPES.iter().any(|scope| {
        argument.strip_prefix(*scope).is_some_and(|name| {
            !name.is_empty()
                && name
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        })
    })
}
