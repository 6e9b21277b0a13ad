//! What the host saw of a door. Each fact may be missing: a later host may give others, and what it could not find out
//! it leaves out.

use serde::Deserialize;

/// Of one door.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(crate) door: String,
    /// The most that the server allows its tools.
    pub(crate) access: String,
    pub(crate) address: String,
    /// Whether it was configured as the master's socket.
    pub(crate) master: bool,
    /// Seconds that one question may take.
    pub(crate) timeout: f64,
    /// What lies at the path of a Unix socket.
    pub(crate) file: Option<PathFacts>,
    pub(crate) connects: Vec<Connect>,
    pub(crate) unresolved: Option<Trouble>,
    pub(crate) asked: Vec<Asked>,
    /// What it is in truth, and was not configured as: `master`, `worker`, `runtime`.
    pub(crate) answers_as: Option<String>,
    /// Of a page: what is said there instead of HTTP.
    pub(crate) says: Option<String>,
    pub(crate) listener: Option<Process>,
    pub(crate) connections: Option<Connections>,
    /// Of a page: whether a name and a password are configured.
    pub(crate) credentials: bool,
    /// Of a page: milliseconds until the head of the answer had come.
    pub(crate) answer_ms: Option<f64>,
    pub(crate) status: Option<u16>,
    /// Whether the page is refused to who gives no password.
    pub(crate) wants_password: Option<bool>,
    pub(crate) certificate: Option<Certificate>,
    /// Whether the page is what it should be.
    pub(crate) recognised: bool,
    /// Whether the page offers the form by which servers are changed.
    pub(crate) admin_form: Option<bool>,
    /// Why a page is of no use.
    pub(crate) error: Option<Trouble>,
    /// Of `config` and `log`: what was granted.
    pub(crate) paths: Vec<Granted>,
}

/// What a page's certificate says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Certificate {
    pub(crate) expires: String,
    pub(crate) days_left: u64,
}

/// What lies at a path.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PathFacts {
    pub(crate) path: String,
    /// `socket`, `file`, `folder`, `device`, `pipe`, `absent`, `dangling-link`, `hidden`.
    pub(crate) kind: String,
    pub(crate) link_to: Option<String>,
    pub(crate) owner: Option<Account>,
    pub(crate) group: Option<Account>,
    pub(crate) mode: Option<String>,
    pub(crate) read: Option<bool>,
    pub(crate) write: Option<bool>,
    pub(crate) stopped_at: Option<Stop>,
    pub(crate) process: Own,
}

/// A folder that does not let the server pass.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stop {
    pub(crate) path: String,
    /// `absent`, `not-a-folder`, `denied`.
    pub(crate) why: String,
    pub(crate) owner: Option<Account>,
    pub(crate) group: Option<Account>,
    pub(crate) mode: Option<String>,
}

/// Who the server runs as.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Own {
    pub(crate) user: Account,
    pub(crate) groups: Vec<Account>,
}

/// A user or a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    pub(crate) id: u32,
    pub(crate) name: Option<String>,
}

impl Account {
    /// Its name, or its number.
    pub(crate) fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.to_string())
    }
}

/// What connecting to an address came to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Connect {
    pub(crate) address: String,
    pub(crate) milliseconds: f64,
    pub(crate) error: Option<Trouble>,
}

/// Why something did not work.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Trouble {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// A question, and what came of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) command: String,
    pub(crate) milliseconds: f64,
    pub(crate) answer: Option<String>,
    pub(crate) error: Option<Trouble>,
}

/// A process.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Process {
    pub(crate) pid: i64,
    pub(crate) name: String,
    /// As in `ps`.
    pub(crate) state: String,
    pub(crate) children: Vec<Process>,
}

/// The connections of a socket.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Connections {
    pub(crate) taken: u64,
    pub(crate) waiting: u64,
}

/// A file or a folder that was granted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Granted {
    pub(crate) path: String,
    pub(crate) readable: bool,
    pub(crate) size: Option<u64>,
    pub(crate) changed_seconds_ago: Option<u64>,
    /// How many files a folder has that count.
    pub(crate) files: Option<u64>,
    pub(crate) trouble: Option<Trouble>,
    /// What is wrong with files of a folder.
    pub(crate) troubles: Vec<Trouble>,
    /// Who owns it, and what we may, where it cannot be read.
    pub(crate) access: Option<PathFacts>,
}

impl Facts {
    /// Whether it is a Unix socket.
    pub(crate) fn is_unix(&self) -> bool {
        self.address.starts_with("unix://")
    }

    /// The path of a Unix socket.
    pub(crate) fn path(&self) -> Option<&str> {
        self.address.strip_prefix("unix://")
    }

    /// Whether connections wait that nobody takes.
    pub(crate) fn waits(&self) -> bool {
        self.connections
            .is_some_and(|connections| connections.waiting > 0)
    }

    /// Whether any address takes connections.
    pub(crate) fn connected(&self) -> bool {
        self.connects.iter().any(|connect| connect.error.is_none())
    }

    /// Why there is no connection, the first reason.
    pub(crate) fn connect_error(&self) -> Option<&Trouble> {
        if self.connected() {
            return None;
        }
        self.unresolved.as_ref().or_else(|| {
            self.connects
                .iter()
                .find_map(|connect| connect.error.as_ref())
        })
    }

    /// What was answered to a question.
    pub(crate) fn answer(&self, command: &str) -> Option<&str> {
        let asked = self.asked.iter().find(|asked| asked.command == command)?;
        asked.answer.as_deref()
    }

    /// The question that failed, and why.
    pub(crate) fn failed(&self) -> Option<(&Asked, &Trouble)> {
        self.asked
            .iter()
            .find_map(|asked| Some((asked, asked.error.as_ref()?)))
    }

    /// Whether HAProxy answered through this door.
    pub(crate) fn answered(&self) -> bool {
        self.recognised || (!self.asked.is_empty() && self.failed().is_none())
    }
}
