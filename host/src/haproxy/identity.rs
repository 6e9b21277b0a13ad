//! Which HAProxy it is, and what it can do.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use super::client::{Bounds, RuntimeApi};
use super::error::{ExecuteError, WireError};
use super::reply::MESSAGE_BYTES;
use crate::policy::{Permit, Probe};

/// By how much the start of one process may seem to move between two questions: HAProxy gives its uptime in whole
/// seconds.
const START_TOLERANCE: Duration = Duration::from_secs(3);

/// The most that is read of what HAProxy says about itself, `show info` and `help`: the longest that was seen has 12 KB.
const DESCRIPTION_BYTES: u64 = MESSAGE_BYTES as u64;

/// One HAProxy process, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    version: String,
    pid: u32,
    started: SystemTime,
    commands: Commands,
}

impl Identity {
    /// As HAProxy reports it: `3.0.11-1+deb13u5`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether its help lists a command that these words begin with, at the level of the socket. No more words are
    /// looked at than the longest command has.
    pub fn lists(&self, words: &[&str]) -> bool {
        self.commands.begin(words.iter().copied())
    }

    fn is_same_process(&self, process: &Process) -> bool {
        let apart = self
            .started
            .duration_since(process.started)
            .unwrap_or_else(|earlier| earlier.duration());
        self.pid == process.pid && self.version == process.version && apart <= START_TOLERANCE
    }
}

/// What `show info` says about the process.
#[derive(Debug, PartialEq, Eq)]
struct Process {
    version: String,
    pid: u32,
    started: SystemTime,
}

impl RuntimeApi {
    /// Asks who it is. What it can do is asked only when it is another process than the last time.
    ///
    /// Sends `show info`, and `help` after it where that is needed; through a master's socket `show version` may
    /// come before each, to learn how the master speaks. So 1 command most often and 4 at most, each on a connection
    /// of its own: who asks more than once within a call keeps the answer. Of each reply no more is read than 256
    /// KiB, nor than `bounds` allow; beyond that it is [`WireError::TooLarge`].
    pub async fn identity(
        &self,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<Arc<Identity>, WireError> {
        let info = self.probe(Probe::Info, bounds, cancel).await?;
        let process =
            process(&info, SystemTime::now()).map_err(|missing| self.not_haproxy(missing))?;
        if let Some(known) = self.known_identity()
            && known.is_same_process(&process)
        {
            return Ok(known);
        }
        // The master may be another one as well.
        self.forget_dialect();
        let help = self.probe(Probe::Help, bounds, cancel).await?;
        let commands = commands(&help);
        if commands.is_empty() {
            return Err(self.not_haproxy("`help` lists no command".to_owned()));
        }
        let Process {
            version,
            pid,
            started,
        } = process;
        let identity = Arc::new(Identity {
            version,
            pid,
            started,
            commands,
        });
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&identity));
        Ok(identity)
    }

    /// Who it was when it was last asked; nothing is sent.
    pub fn known_identity(&self) -> Option<Arc<Identity>> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What it answers to one of the host's own commands.
    pub(crate) async fn probe(
        &self,
        probe: Probe,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<Vec<u8>, WireError> {
        let bounds = Bounds {
            max_bytes: bounds.max_bytes.min(DESCRIPTION_BYTES),
            ..bounds
        };
        let permit = Permit::probe(self.name(), probe);
        let asked = permit.shown().to_owned();
        let refused =
            |message: String| self.not_haproxy(format!("it refuses `{asked}`: {message}"));
        match self.execute(permit, bounds, cancel).await {
            Ok(reply) => reply.text().await,
            Err(ExecuteError::Wire(error)) => Err(error),
            Err(
                ExecuteError::Rejected { message, .. } | ExecuteError::UnknownCommand { message },
            ) => Err(refused(message)),
            Err(error @ ExecuteError::WrongInstance { .. }) => Err(refused(error.to_string())),
        }
    }

    fn not_haproxy(&self, what: String) -> WireError {
        match self.configured() {
            Ok(door) => WireError::NotHaproxy {
                endpoint: door.endpoint.to_string(),
                what,
            },
            Err(error) => error,
        }
    }
}

/// Reads `show info`: lines of `Name: value`, in any order. `Err` names what is missing.
fn process(info: &[u8], now: SystemTime) -> Result<Process, String> {
    let text = String::from_utf8_lossy(info);
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .map(str::trim)
            .ok_or_else(|| format!("`show info` has no `{name}`"))
    };
    let number = |name: &str| -> Result<u32, String> {
        value(name)?
            .parse()
            .map_err(|_| format!("`{name}` of `show info` is no number"))
    };
    let uptime = Duration::from_secs(number("Uptime_sec")?.into());
    Ok(Process {
        version: value("Version")?.to_owned(),
        pid: number("Pid")?,
        started: now.checked_sub(uptime).unwrap_or(SystemTime::UNIX_EPOCH),
    })
}

/// Commands by their words, one word a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Commands {
    /// Whether a command ends here.
    is_command: bool,
    longer: BTreeMap<String, Commands>,
}

impl Commands {
    fn insert<'a>(&mut self, path: impl Iterator<Item = &'a str>) {
        let mut at = self;
        for word in path {
            at = at.longer.entry(word.to_owned()).or_default();
        }
        at.is_command = true;
    }

    fn is_empty(&self) -> bool {
        self.longer.is_empty()
    }

    /// Whether one of the commands is what these words begin with.
    fn begin<'a>(&self, words: impl Iterator<Item = &'a str>) -> bool {
        let mut at = self;
        for word in words {
            match at.longer.get(word) {
                Some(next) if next.is_command => return true,
                Some(next) => at = next,
                None => return false,
            }
        }
        false
    }
}

/// Reads `help`: lines of two spaces, a command's usage, a colon and what it does. The words up to the first
/// placeholder are the command.
fn commands(help: &[u8]) -> Commands {
    let mut commands = Commands::default();
    let text = String::from_utf8_lossy(help);
    for usage in text.lines().filter_map(|line| line.strip_prefix("  ")) {
        let mut path = usage
            .split_ascii_whitespace()
            .take_while(|word| is_literal(word))
            .peekable();
        if path.peek().is_some() {
            commands.insert(path);
        }
    }
    commands
}

fn is_literal(word: &str) -> bool {
    !word.starts_with('@')
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    const HELP: &[u8] = b"The following commands are valid at this level:
  @<relative pid>                         : send a command to the <relative pid> process
  get weight <bk>/<srv>                   : report a server's current weight
  show stat [desc|json|no-maint|typed|up]*: report counters for each proxy and server
  show ssl ocsp-response [[text|base64] id]  : display the IDs of the OCSP responses
  set maxconn global <value>              : change the per-process maxconn setting
  help [<command>]                        : list matching or all commands
  quit                                    : disconnect
";

    #[test]
    fn commands_are_found_by_their_first_words() {
        let identity = Identity {
            version: "3.4.7-1".to_owned(),
            pid: 1,
            started: SystemTime::UNIX_EPOCH,
            commands: commands(HELP),
        };
        for listed in [
            &["show", "stat"][..],
            &["show", "stat", "be_app", "4", "-1"],
            &["help"],
            &["get", "weight", "b/s"],
        ] {
            assert!(identity.lists(listed), "{listed:?}");
        }
        for absent in [
            &["show"][..],
            &[],
            &["show", "sta"],
            &["set", "maxconn", "server"],
            &["show", "ssl", "cert"],
        ] {
            assert!(!identity.lists(absent), "{absent:?}");
        }
    }

    #[test]
    fn no_more_words_are_looked_at_than_the_longest_command_has() {
        let commands = commands(HELP);
        for first in ["set", "x"] {
            let mut looked_at = 0;
            let endless = [first, "maxconn"]
                .into_iter()
                .chain(std::iter::repeat("x"))
                .inspect(|_| looked_at += 1);
            assert!(!commands.begin(endless));
            assert!(looked_at <= 3, "{looked_at} words");
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let info = b"Name: HAProxy\nVersion: 2.6.12\nPid: 7\nUptime: 0d 0h01m40s\nUptime_sec: 40\n";
        let found = process(info, now).unwrap();
        assert_eq!((found.version.as_str(), found.pid), ("2.6.12", 7));
        assert_eq!(
            found.started,
            SystemTime::UNIX_EPOCH + Duration::from_mins(1)
        );
        assert_eq!(
            process(b"Version: 2\nUptime_sec: 1\n", now),
            Err("`show info` has no `Pid`".to_owned())
        );
        assert_eq!(
            process(b"Uptime_sec: x\n", now),
            Err("`Uptime_sec` of `show info` is no number".to_owned())
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(bytes in any::<Vec<u8>>()) {
            let _ = process(&bytes, SystemTime::now());
            let _ = commands(&bytes);
        }
    }
}
