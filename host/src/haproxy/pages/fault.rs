//! What the HTTP library's errors mean. It tells them apart by their sources, not by its own words, which may name the
//! whole address.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::connect::ConnectError;
use super::door::PageDoor;
use super::error::PageError;
use super::handshake::HandshakeError;
use super::names::NotResolved;

/// What a failed request means; `received` bytes of the content had come.
pub(super) fn of(door: &PageDoor, error: &reqwest::Error, received: u64) -> PageError {
    let url = door.url.to_string();
    if error.is_builder() {
        return PageError::InvalidRequest { url };
    }
    if let Some(error) = find::<rustls::Error>(error) {
        return HandshakeError::from_tls(door, error).into();
    }
    if let Some(NotResolved(reason)) = find::<NotResolved>(error) {
        let reason = reason.clone();
        return ConnectError::NotResolved { url, reason }.into();
    }
    let io = find::<io::Error>(error);
    if error.is_connect() {
        let is_https = door.url.as_url().scheme() == "https";
        return match io {
            // There was a connection, and it ended in the handshake.
            Some(io) if is_https && is_broken(io.kind()) => HandshakeError::Failed {
                url,
                reason: "the connection was closed in the handshake".to_owned(),
            }
            .into(),
            Some(io) => ConnectError::from_io(&url, io).into(),
            None => ConnectError::Failed {
                url,
                reason: deepest(error),
            }
            .into(),
        };
    }
    let hyper = find::<hyper::Error>(error);
    if hyper.is_some_and(hyper::Error::is_incomplete_message) {
        return PageError::Interrupted { url, received };
    }
    if hyper.is_some_and(hyper::Error::is_parse) {
        return PageError::NotHttp {
            url,
            what: deepest(error),
        };
    }
    match io.map(io::Error::kind) {
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
            PageError::Reset { url, received }
        }
        // A length that is no length, in a content that comes in chunks.
        Some(ErrorKind::InvalidInput | ErrorKind::InvalidData) => PageError::NotHttp {
            url,
            what: deepest(error),
        },
        _ => PageError::Interrupted { url, received },
    }
}

fn is_broken(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}

/// The error of this type among an error and its sources.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = inner(error);
    }
    None
}

/// What is behind an error. What an `io::Error` was made of is not its source, but the source of that is.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The last of the sources: the one that is about the matter.
fn deepest(error: &reqwest::Error) -> String {
    let mut last: &(dyn Error + 'static) = error;
    while let Some(next) = inner(last) {
        last = next;
    }
    last.to_string()
}
