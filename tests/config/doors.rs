use crate::sources::{Given, given};
use haproxy_mcp::config::{ConfigError, Setting};
use haproxy_mcp::haproxy::endpoint::{AddressFamily, Door, Endpoint};

fn tcp(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp {
        host: host.to_owned(),
        port,
        family: AddressFamily::Any,
    }
}

fn tcp_in(family: AddressFamily, host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp {
        host: host.to_owned(),
        port,
        family,
    }
}

fn unix(path: &str) -> Endpoint {
    Endpoint::Unix(path.into())
}

#[track_caller]
fn leads_to(given: &Given, endpoint: Endpoint) {
    let door = given.load().unwrap().instance.door;
    assert_eq!(
        door,
        Some(Door {
            endpoint,
            master: false
        })
    );
}

#[test]
fn each_setting_alone_names_a_door() {
    leads_to(&given().variable("HAPROXY_HOST", "lb1"), tcp("lb1", 9999));
    leads_to(&given().variable("HAPROXY_HOST", "[::1]"), tcp("::1", 9999));
    leads_to(
        &given().variable("HAPROXY_PORT", "9998"),
        tcp("127.0.0.1", 9998),
    );
    leads_to(
        &given().variable("HAPROXY_RUNTIME_MODE", "tcp"),
        tcp("127.0.0.1", 9999),
    );
    leads_to(
        &given().variable("HAPROXY_RUNTIME_MODE", "tcp4"),
        tcp_in(AddressFamily::V4, "127.0.0.1", 9999),
    );
    leads_to(
        &given().variable("HAPROXY_RUNTIME_MODE", "tcp6"),
        tcp_in(AddressFamily::V6, "::1", 9999),
    );
    leads_to(
        &given().variable("HAPROXY_RUNTIME_SOCKET", "/run/a.sock"),
        unix("/run/a.sock"),
    );
    leads_to(
        &given().variable("HAPROXY_RUNTIME_URL", "tcp://lb1:1"),
        tcp("lb1", 1),
    );
    leads_to(
        &given().variable("HAPROXY_RUNTIME_URL", "unix:///run/a.sock"),
        unix("/run/a.sock"),
    );
}

/// The configurations that the existing server's own documentation shows.
#[test]
fn the_existing_servers_examples_work() {
    let tcp4 = given()
        .variable("HAPROXY_HOST", "localhost")
        .variable("HAPROXY_PORT", "9999")
        .variable("HAPROXY_RUNTIME_MODE", "tcp4")
        .variable("HAPROXY_RUNTIME_TIMEOUT", "10")
        .variable("MCP_TRANSPORT", "stdio");
    leads_to(&tcp4, tcp_in(AddressFamily::V4, "localhost", 9999));
    let socket = given()
        .variable("HAPROXY_RUNTIME_MODE", "unix")
        .variable("HAPROXY_RUNTIME_SOCKET", "/var/run/haproxy/admin.sock");
    leads_to(&socket, unix("/var/run/haproxy/admin.sock"));
}

/// The existing server's container image sets host, port and mode; its users add what they need.
#[test]
fn the_existing_image_is_overridden_as_before() {
    let image = || {
        given()
            .variable("HAPROXY_HOST", "127.0.0.1")
            .variable("HAPROXY_PORT", "9999")
            .variable("HAPROXY_RUNTIME_MODE", "tcp4")
    };
    leads_to(
        &image().variable("HAPROXY_RUNTIME_URL", "unix:///run/a.sock"),
        unix("/run/a.sock"),
    );
    leads_to(
        &image().variable("HAPROXY_RUNTIME_URL", "tcp://[::1]:5"),
        tcp("::1", 5),
    );
    let four = tcp_in(AddressFamily::V4, "127.0.0.1", 9999);
    leads_to(
        &image().variable("HAPROXY_RUNTIME_SOCKET", "/run/a.sock"),
        four,
    );
    let unix_mode = image()
        .variable("HAPROXY_RUNTIME_MODE", "unix")
        .variable("HAPROXY_RUNTIME_SOCKET", "/run/a.sock");
    leads_to(&unix_mode, unix("/run/a.sock"));
}

#[test]
fn within_one_source_the_url_comes_first_and_the_socket_before_host_and_port() {
    let host = given()
        .variable("HAPROXY_HOST", "lb1")
        .variable("HAPROXY_PORT", "1");
    leads_to(&host, tcp("lb1", 1));
    let socket = host.variable("HAPROXY_RUNTIME_SOCKET", "/run/a.sock");
    leads_to(&socket, unix("/run/a.sock"));
    leads_to(
        &socket.variable("HAPROXY_RUNTIME_URL", "unix:///run/a.sock"),
        unix("/run/a.sock"),
    );
}

#[test]
fn a_stronger_source_that_names_a_door_decides() {
    let file = || given().file("[instance]\nruntime_url = 'unix:///run/file.sock'");
    leads_to(&file().variable("HAPROXY_HOST", "lb1"), tcp("lb1", 9999));
    leads_to(&file().flag(Setting::Port, "7"), tcp("127.0.0.1", 7));
    leads_to(
        &file().variable("HAPROXY_RUNTIME_SOCKET", "/run/e.sock"),
        unix("/run/e.sock"),
    );
    let both = file()
        .variable("HAPROXY_RUNTIME_URL", "tcp://lb1:1")
        .flag(Setting::RuntimeSocket, "/run/f.sock");
    leads_to(&both, unix("/run/f.sock"));
}

#[test]
fn host_and_port_may_come_from_different_sources() {
    let given = given()
        .file("[instance]\nhost = 'lb1'\nport = 1")
        .flag(Setting::Port, "2");
    leads_to(&given, tcp("lb1", 2));
}

#[test]
fn the_mode_rules_out_doors_of_the_other_kind() {
    let file = || given().file("[instance]\nhost = 'lb1'\nruntime_socket = '/run/a.sock'");
    leads_to(&file(), unix("/run/a.sock"));
    leads_to(&file().flag(Setting::RuntimeMode, "tcp"), tcp("lb1", 9999));
    leads_to(
        &file().flag(Setting::RuntimeMode, "unix"),
        unix("/run/a.sock"),
    );
    // A weaker mode gives way to a stronger door.
    let weaker = given().file("[instance]\nruntime_mode = 'unix'\nruntime_socket = '/run/a.sock'");
    leads_to(&weaker.flag(Setting::Host, "lb1"), tcp("lb1", 9999));
    let weaker = given()
        .file("[instance]\nruntime_mode = 'tcp6'")
        .variable("HAPROXY_RUNTIME_SOCKET", "/run/a.sock");
    leads_to(&weaker, unix("/run/a.sock"));
    // A stronger mode rules out a weaker URL of the other kind.
    let url = given().file("[instance]\nruntime_url = 'unix:///run/a.sock'\nhost = 'lb1'");
    leads_to(&url.flag(Setting::RuntimeMode, "tcp"), tcp("lb1", 9999));
}

#[test]
fn a_stronger_mode_gives_a_url_its_family() {
    let url = given()
        .variable("HAPROXY_RUNTIME_URL", "tcp://lb1:1")
        .flag(Setting::RuntimeMode, "tcp6");
    leads_to(&url, tcp_in(AddressFamily::V6, "lb1", 1));
    let url = given().variable("HAPROXY_RUNTIME_URL", "tcp4://lb1:1");
    leads_to(&url, tcp_in(AddressFamily::V4, "lb1", 1));
    leads_to(
        &url.flag(Setting::RuntimeMode, "tcp"),
        tcp_in(AddressFamily::V4, "lb1", 1),
    );
}

#[test]
fn a_master_socket_alone_takes_the_commands() {
    let master = given().variable("HAPROXY_MASTER_SOCKET", "/run/master.sock");
    let instance = master.load().unwrap().instance;
    assert_eq!(
        instance.door,
        Some(Door {
            endpoint: unix("/run/master.sock"),
            master: true
        })
    );
    assert_eq!(instance.master, Some(unix("/run/master.sock")));

    let both = master
        .file("[instance]\nruntime_socket = '/run/a.sock'")
        .load()
        .unwrap()
        .instance;
    assert_eq!(
        both.door,
        Some(Door {
            endpoint: unix("/run/a.sock"),
            master: false
        })
    );
    assert_eq!(both.master, Some(unix("/run/master.sock")));

    let over_tcp = given()
        .flag(Setting::MasterSocket, "tcp://127.0.0.1:9997")
        .load()
        .unwrap()
        .instance;
    assert_eq!(
        over_tcp.door,
        Some(Door {
            endpoint: tcp("127.0.0.1", 9997),
            master: true
        })
    );
}

#[test]
fn contradictions_are_refused() {
    let unix_without_socket = given().variable("HAPROXY_RUNTIME_MODE", "unix");
    assert!(matches!(
        unix_without_socket.load(),
        Err(ConfigError::SocketMissing { .. })
    ));
    // The host of the same source is ruled out, so no door is left.
    let still_without = unix_without_socket.variable("HAPROXY_HOST", "lb1");
    assert!(matches!(
        still_without.load(),
        Err(ConfigError::SocketMissing { .. })
    ));

    let two = given()
        .flag(Setting::RuntimeUrl, "tcp://lb1:1")
        .flag(Setting::RuntimeSocket, "/run/a.sock");
    assert!(matches!(two.load(), Err(ConfigError::TwoDoors { .. })));
    let two = given()
        .flag(Setting::RuntimeUrl, "unix:///run/b.sock")
        .flag(Setting::RuntimeSocket, "/run/a.sock");
    assert!(matches!(two.load(), Err(ConfigError::TwoDoors { .. })));

    for (mode, host) in [
        ("tcp4", "::1"),
        ("tcp4", "fe80::1%eth0"),
        ("tcp6", "127.0.0.1"),
    ] {
        let excluded = given()
            .variable("HAPROXY_RUNTIME_MODE", mode)
            .variable("HAPROXY_HOST", host);
        assert!(
            matches!(excluded.load(), Err(ConfigError::FamilyExcluded { .. })),
            "{mode} {host}"
        );
    }
}

#[test]
fn a_wrong_value_is_refused_even_where_another_door_is_taken() {
    let given = given()
        .flag(Setting::RuntimeUrl, "tcp://lb1:1")
        .variable("HAPROXY_PORT", "http");
    assert!(matches!(
        given.load(),
        Err(ConfigError::InvalidValue {
            setting: Setting::Port,
            ..
        })
    ));
}
