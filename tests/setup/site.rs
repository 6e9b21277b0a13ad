//! A block of the guide at work.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::rc::Rc;

use haproxy_mcp_testkit::verbatim::Verbatim;
use haproxy_mcp_testkit::{Binary, DEADLINE, haproxy, until};
use serde_json::Value;

use crate::guide;
use crate::place::{Listener, Place, listeners};

/// One HAProxy with what the guide calls `serve=NAME`.
pub(crate) struct Site {
    pub(crate) place: Rc<Place>,
    pub(crate) config: PathBuf,
    running: Verbatim,
}

impl Site {
    /// Starts the blocks of this name, and waits until everything that they listen on can be connected to.
    pub(crate) fn start(binary: &Binary, name: &str) -> Self {
        Self::with(binary, name, "", |_| vec!["-db".to_owned()])
    }

    /// The same with sections of the test behind them, and with other arguments.
    pub(crate) fn with(
        binary: &Binary,
        name: &str,
        more: &str,
        arguments: impl Fn(&Place) -> Vec<String>,
    ) -> Self {
        until("HAProxy to start on ports that are free", || {
            let place = Rc::new(Place::new());
            Self::try_start(binary, &place, name, more, &arguments(&place))
        })
    }

    /// Starts the blocks of this name where others run already.
    pub(crate) fn beside(&self, binary: &Binary, name: &str) -> Self {
        until("HAProxy to start beside another", || {
            Self::try_start(binary, &self.place, name, "", &["-db".to_owned()])
        })
    }

    fn try_start(
        binary: &Binary,
        place: &Rc<Place>,
        name: &str,
        more: &str,
        arguments: &[String],
    ) -> Result<Self, String> {
        let written = guide::served(name) + more;
        let mut text = place.configuration(&written);
        assert_eq!(place.left_over(&text), Vec::<String>::new(), "{name}");
        assert_ne!(text, written, "nothing of `{name}` was replaced");
        let listening = listeners(&text);
        assert!(!listening.is_empty(), "`{name}` listens nowhere:\n{text}");
        // Another HAProxy would quietly share a port; but one block is about a port that is open twice.
        let twice =
            |listener: &Listener| listening.iter().filter(|other| *other == listener).count() > 1;
        if !listening.iter().any(twice) {
            text.insert_str(0, "global\n    noreuseport\n");
        }
        let config = place.folder().join(format!("{name}.cfg"));
        std::fs::write(&config, &text).unwrap();
        place.release(&text);
        let ready = || {
            for listener in &listening {
                match listener {
                    Listener::Tcp(address) => TcpStream::connect(address).map(drop),
                    Listener::Unix(path) => UnixStream::connect(path).map(drop),
                }
                .map_err(|error| format!("{listener:?}: {error}"))?;
            }
            Ok(())
        };
        match Verbatim::start(binary, &config, arguments, ready) {
            Ok(running) => Ok(Self {
                place: Rc::clone(place),
                config,
                running,
            }),
            Err(output) if output.contains("Address already in use") => Err(output),
            Err(output) => panic!("`{name}` does not start:\n{output}\n{text}"),
        }
    }

    /// What HAProxy has printed.
    pub(crate) fn output(&self) -> String {
        self.running.output()
    }

    /// What the Unix socket that the guide has at `path` answers to a command.
    pub(crate) fn socket(&self, path: &str, command: &str) -> String {
        let reply = haproxy::raw(&self.place.path(path), command)
            .unwrap_or_else(|error| panic!("`{command}` at {path}: {error}\n{}", self.output()));
        String::from_utf8_lossy(&reply).trim_end().to_owned()
    }

    /// What the port that has this number in the guide answers to a command, in plain text.
    pub(crate) fn port(&self, port: u16, command: &str) -> String {
        let stream = TcpStream::connect(self.place.address(port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        said(stream, command)
    }

    /// Where the port that has this number in the guide is.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        self.place.address(port)
    }

    /// A tool of haproxy-mcp, with nothing in its environment but this.
    pub(crate) fn ask(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Answer {
        Answer(self.run(environment, &[&["call"], arguments].concat()))
    }

    /// What `haproxy-mcp doctor` finds, in order: `runtime ok answers`.
    #[track_caller]
    pub(crate) fn doctor(&self, environment: &[(&str, &str)]) -> Vec<String> {
        let output = self.run(environment, &["doctor", "--json"]);
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let problem = answer["verdict"] == "problem";
        assert_eq!(output.status.code(), Some(i32::from(problem)), "{output:?}");
        let findings = answer["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| {
                let words = ["door", "verdict", "id"].map(|key| finding[key].as_str().unwrap());
                words.join(" ")
            })
            .collect()
    }

    fn run(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"))
            .env_clear()
            .env("HOME", self.place.folder())
            .envs(environment.iter().copied())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// The same for the Unix socket that the guide has at `path`.
    pub(crate) fn ask_socket(&self, path: &str, arguments: &[&str]) -> Answer {
        let path = self.place.path(path).display().to_string();
        self.ask(&[("HAPROXY_RUNTIME_SOCKET", &path)], arguments)
    }
}

/// Sends a line and reads what comes until the other side closes; a connection that is broken off ends it, too.
pub(crate) fn said(mut stream: impl Read + Write, command: &str) -> String {
    let mut reply = Vec::new();
    // Refused after the connection: the other side may be gone before anything is written.
    let _ = stream
        .write_all(format!("{command}\n").as_bytes())
        .and_then(|()| stream.flush())
        .and_then(|()| stream.read_to_end(&mut reply));
    String::from_utf8_lossy(&reply).trim_end().to_owned()
}

/// What haproxy-mcp answered.
#[derive(Debug)]
pub(crate) struct Answer(Output);

impl Answer {
    /// The result; a panic where there is none.
    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        assert_eq!(self.0.status.code(), Some(0), "{self:?}");
        serde_json::from_slice(&self.0.stdout).unwrap()
    }

    /// Was not even asked, and says why on standard error.
    #[track_caller]
    pub(crate) fn refused(&self, why: &str) {
        let errors = String::from_utf8_lossy(&self.0.stderr);
        assert!(!self.0.status.success() && errors.contains(why), "{self:?}");
    }

    /// The code of the error; a panic where there is none.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        assert_eq!(self.0.status.code(), Some(1), "{self:?}");
        let answer: Value = serde_json::from_slice(&self.0.stdout).unwrap();
        answer["error"]["code"].as_str().unwrap().to_owned()
    }
}
