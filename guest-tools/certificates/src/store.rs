//! What HAProxy holds of certificates, authorities and revocations: files by name, whose content it changes in
//! transactions. There is one transaction at a time for all files of a kind.

use haproxy_listing::{Key, Part};
use haproxy_mcp_sdk::bindings::haproxy::module::clock;
use haproxy_mcp_sdk::{Failure, Instance, Need, Outcome};
use haproxy_replies::names::{LISTED, Nearest, Suggestion};
use haproxy_replies::ssl::certificates::{Section, SectionsReader};
use haproxy_replies::ssl::files::{File, FilesReader};
use serde::Serialize;

use crate::transaction::admin;

/// One of the three kinds of files.
#[derive(Debug)]
pub(crate) struct Store {
    /// HAProxy's word for it.
    pub(crate) word: &'static str,
    /// `show ssl cert` and the like.
    pub(crate) show: Need,
    /// `set ssl cert` and the like.
    pub(crate) set: Need,
    /// Adds to a transaction; only authorities have it, from 2.7 on.
    pub(crate) add: Need,
    /// What it is called in messages.
    pub(crate) noun: &'static str,
    /// What the tools call it.
    pub(crate) argument: &'static str,
    /// The tool that lists them.
    pub(crate) lister: &'static str,
}

pub(crate) static CERTIFICATES: Store = Store {
    word: "cert",
    show: shown(&["show", "ssl", "cert"]),
    set: admin(&["set", "ssl", "cert"], None),
    add: admin(&["add", "ssl", "cert"], Some("2.7")),
    noun: "certificate",
    argument: "cert",
    lister: "show_ssl_certs",
};

pub(crate) static AUTHORITIES: Store = Store {
    word: "ca-file",
    show: shown(&["show", "ssl", "ca-file"]),
    set: admin(&["set", "ssl", "ca-file"], None),
    add: admin(&["add", "ssl", "ca-file"], Some("2.7")),
    noun: "file of CA certificates",
    argument: "ca_file",
    lister: "show_ssl_ca_files",
};

pub(crate) static REVOCATIONS: Store = Store {
    word: "crl-file",
    show: shown(&["show", "ssl", "crl-file"]),
    set: admin(&["set", "ssl", "crl-file"], None),
    add: admin(&["add", "ssl", "crl-file"], Some("2.7")),
    noun: "file of revocations",
    argument: "crl_file",
    lister: "show_ssl_crl_files",
};

/// Below level operator HAProxy 2.6 to 3.4 say `Can't allocate memory!`.
const fn shown(command: &'static [&'static str]) -> Need {
    Need {
        command,
        since: None,
        level: Some("operator"),
    }
}

impl Store {
    /// Hands every file to `file`; first, marked as uncommitted, the one that a transaction changes.
    pub(crate) fn each(
        &self,
        instance: &Instance,
        mut file: impl FnMut(&File<'_>),
    ) -> Result<(), Failure> {
        let mut reader = FilesReader::with_header();
        unlocked(|| self.show.ask(instance, &[]))?.for_each(|chunk| {
            reader
                .push(chunk, |held| file(&held))
                .map_err(Failure::unparsable)
        })?;
        reader.finish().map_err(Failure::unparsable)
    }

    /// The name of the file that a transaction changes, whoever has it.
    pub(crate) fn transaction(&self, instance: &Instance) -> Result<Option<String>, Failure> {
        let mut changed = None;
        self.each(instance, |file| {
            if file.uncommitted {
                changed = Some(text(file.name));
            }
        })?;
        Ok(changed)
    }

    /// A refusal for want of the level says what the command takes.
    pub(crate) fn explain(&self, verb: &str, failure: Failure) -> Failure {
        if failure.rejection() != Some("permission-denied") {
            return failure;
        }
        failure.hint(format!(
            "`{verb} ssl {}` takes a stats socket of level `admin`: set it with `stats socket … level admin` in HAProxy's \
             `global` section",
            self.word
        ))
    }

    /// Whether there is a file of this name.
    pub(crate) fn has(&self, instance: &Instance, name: &str) -> Result<bool, Failure> {
        let mut found = false;
        self.each(instance, |file| {
            found |= !file.uncommitted && file.name == name.as_bytes();
        })?;
        Ok(found)
    }

    /// Hands what a file holds to `section`: first the file itself. Of a file that a transaction changes, the content
    /// that is not committed yet where `uncommitted` says so.
    pub(crate) fn sections(
        &self,
        instance: &Instance,
        name: &str,
        uncommitted: bool,
        mut section: impl FnMut(Section),
    ) -> Result<(), Failure> {
        // An asterisk or a backslash of the name itself would be understood as something else.
        let word = match (uncommitted, name.starts_with(['*', '\\'])) {
            (true, _) => format!("*{name}"),
            (false, true) => format!("\\{name}"),
            (false, false) => name.to_owned(),
        };
        let reply = match unlocked(|| self.show.ask(instance, &[&word])) {
            Err(failure) if is_unknown(&failure) => {
                return Err(self.unknown(instance, name, uncommitted)?);
            }
            other => other?,
        };
        let mut reader = SectionsReader::default();
        reply.for_each(|chunk| {
            reader
                .push(chunk, &mut section)
                .map_err(Failure::unparsable)
        })?;
        reader.finish(section).map_err(Failure::unparsable)
    }

    /// The failure for the name of a file that HAProxy does not have, with those that are near.
    pub(crate) fn unknown(
        &self,
        instance: &Instance,
        name: &str,
        uncommitted: bool,
    ) -> Result<Failure, Failure> {
        let (noun, pointer) = (self.noun, format!("/{}", self.argument));
        let mut nearest = Nearest::new(name, LISTED);
        let mut found = false;
        self.each(instance, |file| {
            found |= file.name == name.as_bytes();
            nearest.offer(file.name);
        })?;
        let suggestion = nearest.suggest();
        if found && uncommitted {
            return Ok(
                Failure::not_found(format!("nobody is changing this {noun}: `{name}`"))
                    .hint("without `uncommitted` it is shown as it is")
                    .argument("/uncommitted"),
            );
        }
        Ok(not_among(
            format!("this HAProxy has no {noun}: `{name}`"),
            &pointer,
            &suggestion,
        ))
    }

    /// The answer of a list of the files.
    pub(crate) fn list(&self, instance: &Instance, part: &Part) -> Result<Outcome, Failure> {
        let mut changed = None;
        let mut page = part.page();
        let mut totals = Totals::default();
        self.each(instance, |file| {
            if file.uncommitted {
                changed = Some(file.name.to_vec());
                return;
            }
            let name = text(file.name);
            if !part.holds([name.as_str()]) {
                return;
            }
            let uncommitted = changed.as_deref() == Some(file.name);
            totals.files += 1;
            totals.uncommitted += u64::from(uncommitted);
            page.offer(Key::Absent, || Row {
                argument: self.argument,
                name,
                certificates: file.certificates,
                uncommitted,
            });
        })?;
        let written = part.write(&page.finish())?;
        let line = match totals.uncommitted {
            0 => written.line(&format!("of kind {}", self.noun)),
            _ => written.line(&format!("of kind {}, one being changed", self.noun)),
        };
        Ok(Outcome::of(&written.with(totals))?.text(line))
    }
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    files: u64,
    uncommitted: u64,
}

/// A file in a list.
struct Row {
    argument: &'static str,
    name: String,
    certificates: Option<u64>,
    uncommitted: bool,
}

impl Serialize for Row {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.argument, &self.name)?;
        if let Some(certificates) = self.certificates {
            map.serialize_entry("certificates", &certificates)?;
        }
        if self.uncommitted {
            map.serialize_entry("uncommitted", &true)?;
        }
        map.end()
    }
}

/// Milliseconds between two attempts while certificates are locked, and how many there are.
const PAUSE: u32 = 50;
const ATTEMPTS: usize = 60;

/// While HAProxy commits a certificate it refuses all else about any, and has then begun nothing: asks again for a
/// while.
pub(crate) fn unlocked<T>(ask: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 0..ATTEMPTS {
        match ask() {
            Err(failure) if failure.rejection() == Some("locked") => clock::sleep(PAUSE)?,
            other => return other,
        }
    }
    ask().map_err(|failure| match failure.rejection() {
        Some("locked") => {
            failure.hint(
                "HAProxy is committing another certificate: ask again when it has ended. Where it stays so, HAProxy has lost \
                 its lock (3.4.7 does when two clients set certificates at the same moment): only a reload or restart \
                 brings it back",
            )
        }
        _ => failure,
    })
}

/// Whether HAProxy refused a name that it does not have.
pub(crate) fn is_unknown(failure: &Failure) -> bool {
    matches!(
        failure.rejection(),
        Some("no-such-certificate" | "no-such-file")
    )
}

/// The failure for a name that is not there, with those that are near.
pub(crate) fn not_among(message: String, pointer: &str, suggestion: &Suggestion) -> Failure {
    Failure::not_found(message)
        .hint(suggestion.hint("there is none at all"))
        .argument_among(pointer, suggestion.names())
}

/// A name as text; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
