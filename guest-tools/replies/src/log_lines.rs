//! What HAProxy logs, line by line: traffic, refused connections, and what became of servers and proxies; behind
//! whatever a syslog daemon puts in front.
//!
//! Nothing is an error here: a line of another form is one whose text is all that is known of it.
//!
//! # References
//! HAProxy Configuration Manual, chapter 8 "Logging"; RFC 3164, section 4.1; RFC 5424, section 6.

mod exchange;
mod framing;
mod prefix;
mod process;
mod stamp;

pub use exchange::Timers;
pub use framing::{KEPT, LogReader, RawLine};
pub use stamp::{Moment, Stamp, offset_between};

/// What a line is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A request and its response: `option httplog`, `option httpslog`, `option httplog clf`.
    Http,
    /// A connection from its beginning to its end: `option tcplog`, `option tcplog clf`.
    Tcp,
    /// A connection that began: the format where none is chosen.
    Connection,
    /// A connection that was refused before there was a request, such as a failed TLS handshake.
    Refused,
    /// Something that became of a server: up, down, drained, checked.
    Server,
    /// Something that became of a proxy: started, stopped, without a server.
    Proxy,
    /// Anything else: only its text is known.
    #[default]
    Other,
}

impl Kind {
    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Connection => "connection",
            Self::Refused => "refused",
            Self::Server => "server",
            Self::Proxy => "proxy",
            Self::Other => "other",
        }
    }
}

/// One line, as far as it is understood.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Line<'a> {
    /// What it is about.
    pub kind: Kind,
    /// Syslog's facility and severity, where they are written.
    pub priority: Option<u8>,
    /// When it was logged, by the prefix.
    pub logged: Option<Stamp<'a>>,
    /// The machine, by the prefix.
    pub host: Option<&'a [u8]>,
    /// The program, by the prefix.
    pub program: Option<&'a [u8]>,
    /// The process, by the prefix.
    pub pid: Option<u64>,
    /// What follows the prefix.
    pub message: &'a [u8],

    /// When the connection or the request came.
    pub accepted: Option<Stamp<'a>>,
    /// The client's address, with its port.
    pub client: Option<&'a [u8]>,
    /// The port, where a format writes it elsewhere.
    pub client_port: Option<&'a [u8]>,
    /// A frontend or backend, where the line does not say which of them it is.
    pub proxy: Option<&'a [u8]>,
    /// The frontend.
    pub frontend: Option<&'a [u8]>,
    /// Whether the client spoke TLS; only known of traffic.
    pub tls: bool,
    /// The backend, or the frontend again where none was chosen.
    pub backend: Option<&'a [u8]>,
    /// The server; `<NOSRV>` and the like where it is none.
    pub server: Option<&'a [u8]>,
    /// How long what took, in milliseconds.
    pub timers: Timers,
    /// The status of the response; -1 where there was none.
    pub status: Option<i64>,
    /// Bytes to the client.
    pub bytes: Option<u64>,
    /// How the session ended: `SC--`, `--`.
    pub termination: Option<&'a [u8]>,
    /// Connections of the process, the frontend, the backend and the server when it ended.
    pub connections: Option<[u64; 4]>,
    /// Attempts to connect to the server again.
    pub retries: Option<u64>,
    /// Whether another server was taken in the end.
    pub redispatched: bool,
    /// Places in the queues of the server and of the backend.
    pub queues: Option<[u64; 2]>,
    /// Captured headers, as they are written: `{host|agent} {server}`.
    pub captured: Option<&'a [u8]>,
    /// The first line of the request, or `<BADREQ>`.
    pub request: Option<&'a [u8]>,
    /// Whether the line ends within the request: HAProxy cuts lines (`log … len`).
    pub cut: bool,
    /// What follows all that, such as `option httpslog`'s words on TLS; of a line without a request, its text.
    pub text: Option<&'a [u8]>,
}

impl<'a> Line<'a> {
    /// Reads a line, without its end.
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut line = prefix::read(bytes.trim_ascii_end());
        if !exchange::read(&mut line) && !process::read(&mut line) {
            line.text = Some(line.message);
        }
        line
    }

    /// The name of the severity (RFC 5424, table 2), as HAProxy's configuration writes it.
    pub fn severity(&self) -> Option<&'static str> {
        crate::events::severity(self.priority?)
    }
}

/// The first word, and what follows the blank behind it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = text.split_at_checked(memchr::memchr(b' ', text)?)?;
    Some((word, rest.get(1..)?))
}
