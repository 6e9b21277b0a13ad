//! `haproxy-mcp demo`: a throw-away HAProxy with a small site behind it and visitors in front, for trying things out.
//!
//! - `owner`: the one place of the host that runs a program and writes files: HAProxy, and the folder it lives in
//! - `site`: its configuration, the web servers behind it, and the visitors
//!
//! Everything is in a folder of its own, which only this user can enter, and on the loopback; nothing of it outlives
//! [`Demo`].

mod owner;
mod site;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::haproxy::endpoint::{Door, Endpoint};

/// How long HAProxy may take to answer its first visitor.
const START: Duration = Duration::from_secs(10);

/// How often it is asked until then.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Visits before the client is served, so that there is something to see from the beginning.
const FIRST_VISITS: u64 = 100;

/// Where programs of the system are that a user's `PATH` often leaves out.
const MORE_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/opt/homebrew/bin"];

/// Why there is no demonstration.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No HAProxy is installed.
    #[error("there is no `haproxy` in any folder of `PATH`, nor in: {}", MORE_FOLDERS.join(", "))]
    Missing,
    /// The file that was named is not a program.
    #[error("not a program: `{}`", .0.display())]
    NotAProgram(PathBuf),
    /// The folder or a file in it cannot be written.
    #[error("cannot write into a folder for temporary files: {0}")]
    Folder(#[source] io::Error),
    /// A web server cannot be started on the loopback.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
    /// The program cannot be run.
    #[error("cannot run `{}`: {source}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// HAProxy ended at once.
    #[error("`{}` ended at once, {status}: {output}", program.display())]
    Ended {
        /// The program.
        program: PathBuf,
        /// How.
        status: ExitStatus,
        /// What it printed.
        output: String,
    },
    /// HAProxy runs and serves nobody.
    #[error("`{}` answered nobody for {} seconds: {output}", program.display(), START.as_secs())]
    Silent {
        /// The program.
        program: PathBuf,
        /// What it printed.
        output: String,
    },
}

impl DemoError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing => "\
install it: Debian and Ubuntu `sudo apt install haproxy`, Fedora and RHEL `sudo dnf install haproxy`, \
Alpine `sudo apk add haproxy`, Arch `sudo pacman -S haproxy`, macOS `brew install haproxy`; \
or name a program with `--haproxy PATH`"
                .to_owned(),
            Self::NotAProgram(_) | Self::Run { .. } => {
                "name HAProxy's program with `--haproxy PATH`, such as `/usr/sbin/haproxy`".to_owned()
            }
            Self::Folder(_) => "set `TMPDIR` to a folder that you may write to".to_owned(),
            Self::Listen(_) => "the demo needs three free ports on the loopback".to_owned(),
            Self::Ended { .. } | Self::Silent { .. } => {
                "the demo needs HAProxy 2.4 or newer; name another one with `--haproxy PATH`".to_owned()
            }
        }
    }

    /// Whether what was given on the command line is the cause, or what is installed here.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Missing | Self::NotAProgram(_))
    }
}

/// HAProxy, its site and its visitors; all ended when dropped.
pub struct Demo {
    // First, so that nothing talks to a HAProxy that is being ended.
    _tasks: JoinSet<()>,
    haproxy: owner::Running,
}

impl Demo {
    /// Starts everything and waits until visitors are served. `program` is HAProxy's; otherwise it is looked for in
    /// `folders`, the user's `PATH`.
    pub async fn start(program: Option<PathBuf>, folders: &[PathBuf]) -> Result<Self, DemoError> {
        let program = match program {
            Some(program) if owner::is_program(&program) => program,
            Some(other) => return Err(DemoError::NotAProgram(other)),
            None => find(folders).ok_or(DemoError::Missing)?,
        };
        let folder = owner::Folder::create().map_err(DemoError::Folder)?;
        let mut tasks = JoinSet::new();
        let site = site::Site::start(&mut tasks, folder.path())
            .await
            .map_err(DemoError::Listen)?;
        let mut haproxy = owner::Running::start(program, folder, &site.configuration())?;
        wait(&mut haproxy, &site).await?;
        for number in 0..FIRST_VISITS {
            site.visit(number).await;
        }
        tasks.spawn(site.visitors(FIRST_VISITS));
        Ok(Self {
            _tasks: tasks,
            haproxy,
        })
    }

    /// The way to its Runtime API.
    pub fn door(&self) -> Door {
        Door {
            endpoint: Endpoint::Unix(site::admin_socket(self.haproxy.folder())),
            master: false,
        }
    }
}

/// The program that a shell would run.
fn find(folders: &[PathBuf]) -> Option<PathBuf> {
    folders
        .iter()
        .map(PathBuf::as_path)
        .chain(MORE_FOLDERS.map(Path::new))
        .map(|folder| folder.join("haproxy"))
        .find(|program| owner::is_program(program))
}

/// Waits for the first visitor to be served.
async fn wait(haproxy: &mut owner::Running, site: &site::Site) -> Result<(), DemoError> {
    let served = async {
        while !site.is_open().await {
            haproxy.check()?;
            tokio::time::sleep(ASK_AGAIN).await;
        }
        Ok(())
    };
    match tokio::time::timeout(START, served).await {
        Ok(served) => served,
        Err(_late) => Err(haproxy.silent()),
    }
}
