//! What a word of a command names, and the other names by which HAProxy knows the same thing.
//!
//! A grant that names `be_app/*` must not be usable for another backend, nor be evaded: HAProxy takes `#5/#1`
//! for a server, a number for a proxy, `#2` or `file@…` for a map. Such words are *aliases*: what they stand
//! for cannot be seen in the text, so they are refused wherever a grant goes by names.

/// What a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// `backend/server`, split at the first slash.
    Server,
    /// A backend.
    Backend,
    /// A frontend.
    Frontend,
    /// A proxy where HAProxy also takes a number: `show stat`, `show errors`. What is not the name of a proxy
    /// is read by `atoi`, so that `3be` means proxy 3.
    Proxy,
    /// A server by its number within a proxy; -1 means all.
    ServerId,
    /// A map: its file, `virt@name`, or `#<id>`.
    Map,
    /// An ACL: its file, `virt@name`, or `#<id>`.
    Acl,
    /// `@<version>` of a map or an ACL.
    Version,
    /// An entry of a map or an ACL: its key, or `#0x…`.
    Entry,
    /// A stick table.
    Table,
    /// The key of an entry of a stick table.
    TableKey,
    /// `0x…`: an entry of a stick table by its address in memory.
    TablePointer,
    /// A certificate. `show` takes `*name` for its uncommitted version and `\name` for the name itself.
    Cert,
    /// A file of CA certificates.
    CaFile,
    /// A file of revocation lists.
    CrlFile,
    /// A list of certificates.
    CrtList,
    /// A session (stream): `0x…`.
    Session,
    /// A section `peers`.
    Peers,
    /// A section `resolvers`.
    Resolvers,
    /// A ring or another sink of events.
    Sink,
    /// A variable.
    Variable,
    /// A source of traces.
    TraceSource,
}

impl Object {
    /// What stands for it in a usage line.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Server => "<backend/server>",
            Self::Backend => "<backend>",
            Self::Frontend => "<frontend>",
            Self::Proxy => "<proxy>",
            Self::ServerId => "<server-id>",
            Self::Map => "<map>",
            Self::Acl => "<acl>",
            Self::Version => "@<version>",
            Self::Entry => "<entry>",
            Self::Table => "<table>",
            Self::TableKey => "<key>",
            Self::TablePointer => "<0x…>",
            Self::Cert => "<cert>",
            Self::CaFile => "<ca-file>",
            Self::CrlFile => "<crl-file>",
            Self::CrtList => "<crt-list>",
            Self::Session => "<session>",
            Self::Peers => "<peers>",
            Self::Resolvers => "<resolvers>",
            Self::Sink => "<sink>",
            Self::Variable => "<variable>",
            Self::TraceSource => "<source>",
        }
    }

    /// Whether the word can name such an object at all.
    pub fn accepts(self, word: &str) -> bool {
        match self {
            Self::Server => {
                matches!(split_server(word), Some((backend, server)) if !backend.is_empty() && !server.is_empty())
            }
            Self::Version => word
                .strip_prefix('@')
                .is_some_and(|digits| is_number(digits) && digits.parse::<u32>().is_ok()),
            // HAProxy reads an `@` here as a version.
            Self::Map | Self::Acl => !word.starts_with('@'),
            Self::Session | Self::TablePointer => word.strip_prefix("0x").is_some_and(|digits| {
                !digits.is_empty()
                    && digits.len() <= 16
                    && digits.bytes().all(|b| b.is_ascii_hexdigit())
            }),
            Self::ServerId => is_number(word.strip_prefix('-').unwrap_or(word)),
            _ => !word.is_empty(),
        }
    }

    /// Whether HAProxy may take the word for something that is not called so.
    pub fn is_alias(self, word: &str) -> bool {
        match self {
            Self::Server => match split_server(word) {
                Some((backend, server)) => backend.starts_with('#') || server.starts_with('#'),
                None => word.starts_with('#'),
            },
            Self::Backend | Self::Frontend | Self::Entry => word.starts_with('#'),
            Self::Proxy => word.starts_with(|c: char| {
                c == '#' || c == '-' || c == '+' || c.is_ascii_digit() || c.is_ascii_whitespace()
            }),
            Self::ServerId | Self::TablePointer => true,
            Self::Map | Self::Acl => ["#", "file@", "opt@"]
                .iter()
                .any(|prefix| word.starts_with(prefix)),
            Self::Cert | Self::CaFile | Self::CrlFile => word.starts_with(['*', '\\']),
            _ => false,
        }
    }
}

/// Splits `backend/server` at the first slash, as HAProxy does.
pub fn split_server(word: &str) -> Option<(&str, &str)> {
    word.split_once('/')
}

/// Whether the word is a decimal number without a sign.
pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.len() <= 10 && word.bytes().all(|b| b.is_ascii_digit())
}
