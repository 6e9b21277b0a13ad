//! One running HAProxy.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::binaries::Binary;
use crate::certificates;
use crate::origin::{self, Origin};
use crate::topology::{self, Topology};
use crate::wait::until;

/// What stands for [`Haproxy::page_address`] in sections that are given.
pub const PAGE: &str = "{page}";

/// A HAProxy that is wanted: [`Haproxy::builder`], or [`Haproxy::start`] for one with nothing special.
#[derive(Clone, Debug)]
pub struct HaproxyBuilder {
    binary: Binary,
    config: Option<String>,
    more: String,
    many: usize,
    master: bool,
    master_level: String,
    admin_mode: String,
    admin_level: String,
    files: Vec<(String, String)>,
    settled: bool,
}

impl HaproxyBuilder {
    /// These sections instead of the default ones (see [`topology`]); `global` with the admin
    /// sockets and `defaults` stay. No origin has a port in it: give it what it needs.
    #[must_use]
    pub fn config(mut self, sections: &str) -> Self {
        self.config = Some(sections.to_owned());
        self.settled = false;
        self
    }

    /// These sections after the default ones; a `global` section may come again. [`PAGE`] in them becomes the address of
    /// the page.
    #[must_use]
    pub fn with(mut self, sections: &str) -> Self {
        self.more.push_str(sections);
        self.more.push('\n');
        self
    }

    /// A statistics page at `/stats` and the exporter at `/metrics`, on [`Haproxy::page_address`], with these further
    /// lines: `stats auth admin:secret`, `stats admin if TRUE`, …
    #[must_use]
    pub fn page(self, lines: &str) -> Self {
        self.page_bound("", lines)
    }

    /// The same with more behind the address that it is bound to: `ssl crt site.pem alpn h2,http/1.1`.
    #[must_use]
    pub fn page_bound(self, bound: &str, lines: &str) -> Self {
        self.with(&format!(
            "
frontend fe_page
    mode http
    bind {PAGE} {bound}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    stats enable
    stats uri /stats
{lines}
"
        ))
    }

    /// A file in HAProxy's folder, which is also its working directory: sections name it as it is named here.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// A further backend `be_many` with `count` servers.
    #[must_use]
    pub fn servers(mut self, count: usize) -> Self {
        self.many = count;
        self
    }

    /// A master with a worker, and a master socket ([`Haproxy::master_socket`]).
    #[must_use]
    pub fn master_worker(mut self) -> Self {
        self.master = true;
        self
    }

    /// Level of the master's socket, `admin` unless said.
    #[must_use]
    pub fn master_level(mut self, level: &str) -> Self {
        level.clone_into(&mut self.master_level);
        self
    }

    /// File mode of the Unix admin socket, `660` unless said.
    #[must_use]
    pub fn admin_socket_mode(mut self, mode: &str) -> Self {
        mode.clone_into(&mut self.admin_mode);
        self
    }

    /// Level of the admin sockets: `user`, `operator` or `admin`, the last unless said.
    #[must_use]
    pub fn admin_level(mut self, level: &str) -> Self {
        level.clone_into(&mut self.admin_level);
        self
    }

    /// Starts it and waits until it answers; with the default topology also until the health checks have said
    /// what they will go on saying (`app1` and `app2` up, `app_dead` down).
    pub fn start(self) -> Haproxy {
        let folder = tempfile::Builder::new()
            .prefix("hap-")
            .tempdir()
            .expect("make a folder for HAProxy");
        let given = self
            .files
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_str()));
        for (name, content) in topology::FILES.into_iter().chain(given) {
            std::fs::write(folder.path().join(name), content).expect("write a file for HAProxy");
        }
        std::fs::write(folder.path().join("site.pem"), certificates::site())
            .expect("write a certificate for HAProxy");
        let origins = [Origin::start("first"), Origin::start("second")];
        let mut haproxy = Haproxy {
            folder,
            origins,
            ports: Ports::pick(),
            child: None,
            options: self,
        };
        haproxy.start_up();
        haproxy
    }
}

/// A running HAProxy; ended when dropped.
#[derive(Debug)]
pub struct Haproxy {
    folder: TempDir,
    origins: [Origin; 2],
    ports: Ports,
    child: Option<Child>,
    options: HaproxyBuilder,
}

/// The ports of one HAProxy on the loopback, found by the kernel.
#[derive(Debug)]
struct Ports {
    admin: SocketAddr,
    admin_v6: Option<SocketAddr>,
    http: SocketAddr,
    tcp: SocketAddr,
    shop: SocketAddr,
    disabled: SocketAddr,
    page: SocketAddr,
    /// Keeps the ports from all others while HAProxy does not run: bound, but nobody listens.
    reserved: Vec<Socket>,
}

impl Ports {
    fn pick() -> Self {
        let mut reserved = Vec::new();
        let mut pick = |ip: std::net::IpAddr| -> std::io::Result<SocketAddr> {
            let socket = reserve((ip, 0).into())?;
            let address = socket.local_addr()?.as_socket();
            reserved.push(socket);
            address.ok_or_else(|| std::io::Error::other("not an address of the internet"))
        };
        let mut v4 = || pick(Ipv4Addr::LOCALHOST.into()).expect("a free port on 127.0.0.1");
        let [admin, http, tcp, shop, disabled, page] = std::array::from_fn(|_| v4());
        // A machine may have no IPv6 loopback.
        let admin_v6 = pick(Ipv6Addr::LOCALHOST.into()).ok();
        Self {
            admin,
            admin_v6,
            http,
            tcp,
            shop,
            disabled,
            page,
            reserved,
        }
    }

    /// For the time until [`release`](Self::release) nobody else gets them.
    fn reserve_again(&mut self) {
        let all = [
            self.admin,
            self.http,
            self.tcp,
            self.shop,
            self.disabled,
            self.page,
        ];
        self.reserved = all
            .into_iter()
            .chain(self.admin_v6)
            // One that cannot be had is still somebody's: HAProxy will say so.
            .filter_map(|address| reserve(address).ok())
            .collect();
    }

    /// Just before HAProxy takes them. Another process may come first: `start_up` then asks for others.
    fn release(&mut self) {
        self.reserved.clear();
    }
}

/// Keeps an address from all others without listening there, until it is dropped.
pub fn reserve(address: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Connections that have just ended do not count.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

impl Haproxy {
    /// A HAProxy of this version that is to be set up further.
    pub fn builder(binary: &Binary) -> HaproxyBuilder {
        HaproxyBuilder {
            binary: binary.clone(),
            config: None,
            more: String::new(),
            many: 0,
            master: false,
            master_level: "admin".to_owned(),
            admin_mode: "660".to_owned(),
            admin_level: "admin".to_owned(),
            files: Vec::new(),
            settled: true,
        }
    }

    /// A HAProxy of this version with the default [`topology`].
    pub fn start(binary: &Binary) -> Self {
        Self::builder(binary).start()
    }

    /// Which version runs.
    pub fn binary(&self) -> &Binary {
        &self.options.binary
    }

    /// The Unix admin socket.
    pub fn admin_socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// The admin socket on `127.0.0.1`.
    pub fn admin_address(&self) -> SocketAddr {
        self.ports.admin
    }

    /// The admin socket on `::1`, on a machine that has it; none beside a master.
    pub fn admin_address_v6(&self) -> Option<SocketAddr> {
        self.ports.admin_v6.filter(|_| !self.options.master)
    }

    /// The master's socket, of one started with [`HaproxyBuilder::master_worker`].
    pub fn master_socket(&self) -> PathBuf {
        self.folder.path().join("master.sock")
    }

    /// Where `fe_http` listens.
    pub fn http_address(&self) -> SocketAddr {
        self.ports.http
    }

    /// Where the page listens, if there is one ([`HaproxyBuilder::page`]).
    pub fn page_address(&self) -> SocketAddr {
        self.ports.page
    }

    /// The address of something at the page: `/stats`, `/metrics`.
    pub fn page_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.ports.page)
    }

    /// Where `fe_tcp` listens.
    pub fn tcp_address(&self) -> SocketAddr {
        self.ports.tcp
    }

    /// The two web servers behind it.
    pub fn origins(&self) -> &[Origin; 2] {
        &self.origins
    }

    /// A folder that lives as long as this HAProxy, for files of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What HAProxy has printed so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap_or_default()
    }

    /// Sends `count` requests through `fe_http`, one after another, each fourth to `/api`, and gives their
    /// statuses. All are `200`: both backends have a server that is up.
    pub fn traffic(&self, count: usize) -> Vec<u16> {
        (0..count)
            .map(|index| self.get(if index % 4 == 3 { "/api/x" } else { "/x" }))
            .collect()
    }

    /// One request through `fe_http`: its status. A path that begins with `/fail` is answered `500`.
    pub fn get(&self, path: &str) -> u16 {
        origin::get(self.ports.http, path).unwrap_or_else(|error| {
            panic!("GET {path} through HAProxy: {error}\n{}", self.output())
        })
    }

    /// What HAProxy answers to `command` on its Unix admin socket, every byte of it: the oracle, without any of
    /// the code under test. The command goes as it is, with a newline.
    pub fn raw(&self, command: &str) -> Vec<u8> {
        raw(&self.admin_socket(), command).unwrap_or_else(|error| {
            panic!(
                "`{command}` on the admin socket: {error}\n{}",
                self.output()
            )
        })
    }

    /// [`raw`](Self::raw) as text.
    pub fn raw_text(&self, command: &str) -> String {
        String::from_utf8_lossy(&self.raw(command)).into_owned()
    }

    /// What the master answers to `command`, every byte of it.
    pub fn raw_master(&self, command: &str) -> Vec<u8> {
        raw(&self.master_socket(), &format!("{command};quit")).unwrap_or_else(|error| {
            panic!(
                "`{command}` on the master socket: {error}\n{}",
                self.output()
            )
        })
    }

    /// The value of one line of `show info`, such as `Pid`.
    pub fn info(&self, name: &str) -> String {
        let text = self.raw_text("show info");
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or_else(|| panic!("`show info` has no `{name}`:\n{text}"))
            .to_owned()
    }

    /// Ends it and starts it again with the same configuration, sockets and ports; all counters begin anew.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Ends it; its Unix sockets stay in the file system, as after a crash of a real one.
    pub fn stop(&mut self) {
        if let Some(child) = self.child.take() {
            end(child);
            self.ports.reserve_again();
        }
    }

    /// Starts it after [`stop`](Self::stop), on the same sockets and ports.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        until("HAProxy to start again on its own ports", || {
            self.try_start()
        });
        self.settle();
    }

    /// Has the master replace its worker, and waits until the new one answers.
    pub fn reload(&self) {
        let before = self.info("Pid");
        // 2.6 drops the connection as its answer.
        drop(raw(&self.master_socket(), "reload"));
        until("a new worker after the reload", || {
            let pid = answering_pid(&self.admin_socket(), Some(&self.master_socket()))?;
            if pid == before {
                return Err(format!("worker {before} still answers"));
            }
            Ok(())
        });
    }

    fn start_up(&mut self) {
        until("HAProxy to start", || {
            self.try_start().inspect_err(|_| self.ports = Ports::pick())
        });
        self.settle();
    }

    /// One attempt: `Err` when a port was taken by somebody else, a panic on anything else.
    fn try_start(&mut self) -> Result<(), String> {
        let folder = self.folder.path();
        let (config, output) = (folder.join("haproxy.cfg"), folder.join("output"));
        std::fs::write(&config, self.config_text()).expect("write HAProxy's configuration");
        self.ports.release();
        let log = File::create(&output).expect("create HAProxy's output file");
        let mut command = Command::new(&self.options.binary.path);
        if self.options.master {
            let (socket, level) = (self.master_socket(), &self.options.master_level);
            let socket = format!("{},level,{level}", socket.display());
            command.args(["-W", "-S", &socket]);
        } else {
            command.arg("-db");
        }
        let child = command
            .arg("-f")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("share the output file"))
            .stderr(log)
            .current_dir(folder)
            .spawn()
            .expect("start HAProxy");
        let child = self.child.insert(child);
        let pid = child.id().to_string();
        let (admin, master) = (folder.join("admin.sock"), folder.join("master.sock"));
        let master = self.options.master.then_some(master);
        let mut exit = None;
        until("HAProxy to answer", || {
            if let Some(status) = child.try_wait().expect("ask after HAProxy") {
                exit = Some(status);
                return Ok(());
            }
            let answering = answering_pid(&admin, master.as_deref())?;
            // A worker's number is not known beforehand, but it is not that of a former one: that has ended.
            if master.is_none() && answering != pid {
                return Err(format!("process {answering} answered instead of {pid}"));
            }
            Ok(())
        });
        let Some(status) = exit else { return Ok(()) };
        self.child = None;
        let output = self.output();
        if output.contains("Address already in use") || output.contains("cannot bind") {
            return Err(output);
        }
        panic!(
            "HAProxy {} ended with {status}:\n{output}",
            self.options.binary.version
        );
    }

    fn config_text(&self) -> String {
        let admin_tcp: Vec<SocketAddr> = std::iter::once(self.ports.admin)
            // A new worker does not take over the old one's socket on IPv6, so that it would stop all of them for it.
            .chain(self.ports.admin_v6.filter(|_| !self.options.master))
            .collect();
        let socket = self.admin_socket();
        let site = Topology {
            admin_unix: &socket,
            admin_mode: &self.options.admin_mode,
            admin_level: &self.options.admin_level,
            admin_tcp: &admin_tcp,
            http: self.ports.http,
            tcp: self.ports.tcp,
            shop: self.ports.shop,
            disabled: self.ports.disabled,
            origins: [self.origins[0].address(), self.origins[1].address()],
            many: self.options.many,
        };
        let mut text = match &self.options.config {
            Some(sections) => topology::head(&site) + sections + "\n",
            None => topology::text(&site),
        };
        text.push_str(&self.options.more);
        text.replace(PAGE, &self.ports.page.to_string())
    }

    fn settle(&self) {
        if self.options.settled {
            until("the health checks to settle", || {
                let states = raw(&self.admin_socket(), "show servers state be_app")
                    .map_err(|error| error.to_string())?;
                let states = String::from_utf8_lossy(&states).into_owned();
                // srv_op_state is 2 for up and 0 for down; srv_admin_state is 0 for none.
                let settled = [("app1", "2"), ("app2", "2"), ("app_dead", "0")]
                    .iter()
                    .all(|(server, wanted)| {
                        states.lines().any(|line| {
                            let words: Vec<&str> = line.split(' ').collect();
                            words.get(3) == Some(server) && words.get(5) == Some(wanted)
                        })
                    });
                if settled { Ok(()) } else { Err(states) }
            });
        }
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "!!! HAProxy {} printed:\n{}",
                self.options.binary.version,
                self.output()
            );
        }
        self.stop();
    }
}

/// Who answers on the admin socket, and the same process through the master: a worker answers before its master does.
fn answering_pid(admin: &Path, master: Option<&Path>) -> Result<String, String> {
    let ask = |path: &Path, command: &str| -> Result<String, String> {
        let answer = raw(path, command).map_err(|error| format!("{}: {error}", path.display()))?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer
            .lines()
            .find_map(|line| line.strip_prefix("Pid: "))
            .map(str::to_owned)
            .ok_or_else(|| format!("{}: {answer}", path.display()))
    };
    let pid = ask(admin, "show info")?;
    if let Some(master) = master {
        let through = ask(master, "@1 show info;quit")?;
        if through != pid {
            return Err(format!("the master reaches {through}, the socket {pid}"));
        }
    }
    Ok(pid)
}

/// Sends `command` and a newline to the Unix socket at `path` and reads until the other side closes.
pub fn raw(path: &Path, command: &str) -> std::io::Result<Vec<u8>> {
    let mut socket = UnixStream::connect(path)?;
    socket.set_read_timeout(Some(crate::DEADLINE))?;
    socket.write_all(command.as_bytes())?;
    socket.write_all(b"\n")?;
    let mut reply = Vec::new();
    socket.read_to_end(&mut reply)?;
    Ok(reply)
}

/// A master takes its workers along when asked to end, and leaves them when killed: so it is asked first.
pub(crate) fn end(mut child: Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::TERM);
    }
    let asked = std::time::Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if asked.elapsed() > std::time::Duration::from_secs(5) {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
