use haproxy_mcp_testkit::mcp::{McpServer, McpServerBuilder};
use haproxy_mcp_testkit::{Binary, Haproxy};
use serde_json::Value;
use tempfile::TempDir;

/// A HAProxy, and the files that it was started with.
pub(crate) struct Site {
    pub(crate) haproxy: Haproxy,
    /// Where its maps, lists and certificates are; gone with the site.
    pub(crate) files: Option<TempDir>,
    /// Whether tools that speak to the master get its socket.
    pub(crate) master: bool,
}

impl Site {
    /// The usual site, whose admin sockets have this level.
    pub(crate) fn of_level(binary: &Binary, level: &str) -> Self {
        Self {
            haproxy: Haproxy::builder(binary).admin_level(level).start(),
            files: None,
            master: false,
        }
    }

    /// The usual site of the testkit.
    pub(crate) fn usual(binary: &Binary) -> Self {
        Self {
            haproxy: Haproxy::start(binary),
            files: None,
            master: false,
        }
    }
}

/// A tool that changes something.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) tool: &'static str,
    /// `operate` or `admin`.
    pub(crate) access: &'static str,
    /// A HAProxy that has what it changes; a fresh one for each question.
    pub(crate) site: fn(&Binary) -> Site,
    /// Arguments under which HAProxy does it.
    pub(crate) succeeds: fn(&Site) -> Value,
    /// HAProxy's own word for what is changed, over the raw socket: another text before and after.
    pub(crate) seen: fn(&Site) -> String,
    /// Arguments that the schema allows and HAProxy, or the tool, refuses; null where there is nothing to refuse but the
    /// level of the socket.
    pub(crate) refused: fn(&Site) -> Value,
    /// The code of that refusal.
    pub(crate) because: &'static str,
    /// The first version that has the command, where that is later than 2.6; earlier ones refuse it as `unsupported`.
    pub(crate) since: Option<(u32, u32)>,
}

impl Case {
    /// Whether this HAProxy has what the tool asks for.
    pub(crate) fn is_of(&self, binary: &Binary) -> bool {
        self.since
            .is_none_or(|(major, minor)| binary.at_least(major, minor))
    }
}

/// All of them. A tool that the server lists and that changes something, and that is not here, fails a test.
pub(crate) fn cases() -> Vec<Case> {
    [
        crate::servers::cases(),
        crate::frontends::cases(),
        crate::backends::cases(),
        crate::certificates::cases(),
        crate::master::cases(),
        crate::maps::cases(),
        crate::tables::cases(),
        crate::sessions::cases(),
        crate::process::cases(),
    ]
    .concat()
}

/// The program that is tested, with all tools that this access allows.
pub(crate) fn program(access: &str) -> McpServerBuilder {
    McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp")).args([
        "--toolsets",
        "all",
        "--access",
        access,
    ])
}

/// A server in front of this site, ready to be asked.
pub(crate) fn serve(site: &Site, access: &str) -> McpServer {
    let mut program = program(access).haproxy(&site.haproxy);
    if site.master {
        let socket = site.haproxy.master_socket();
        program = program.arg("--master-socket").arg(socket);
    }
    let server = program.start();
    server.stateless();
    server
}
