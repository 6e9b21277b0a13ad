use crate::sources::{Given, given};
use haproxy_mcp::config::Setting;
use haproxy_mcp::haproxy::endpoint::{AddressFamily, Door, Endpoint};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn setting() -> impl Strategy<Value = Setting> {
    prop::sample::select(Setting::all().collect::<Vec<_>>())
}

/// Values that are nearly right, and values that are nothing.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(tcp|unix|http)://[a-z0-9:@/\\[\\].%]{0,20}",
        "[0-9a-f:.\\[\\]%-]{0,24}",
        "/?[a-z./]{0,120}",
        "https?://([a-z:%]{1,12}@)?[a-z0-9:.\\[\\]]{1,12}(/[a-z;?#%]{0,8})?",
        "(/[a-z]{1,4}[, ]{0,2}){1,4}",
        prop::sample::select(vec![
            "tcp", "tcp4", "tcp6", "unix", "read", "admin", "stdio", "http", "info", "1", "65535",
            "false", "page", "runtime"
        ])
        .prop_map(str::to_owned),
    ]
}

/// Lines that are nearly a settings file.
fn file() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        setting().prop_map(|setting| setting.key().to_owned()),
        "[a-z_.\"]{0,10}"
    ];
    let written = prop_oneof![
        value().prop_map(|value| format!("{value:?}")),
        any::<i64>().prop_map(|number| number.to_string()),
        "[\\[\\]{}'\"=0-9a-z ]{0,12}",
    ];
    let line = prop_oneof![
        4 => (key, written).prop_map(|(key, written)| format!("{key} = {written}")),
        1 => Just("[instance]".to_owned()),
        1 => any::<String>(),
    ];
    vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

fn with_flags_and_variables(
    given: Given,
    flags: &[(Setting, String)],
    variables: &[(Setting, String)],
) -> Given {
    let given = flags
        .iter()
        .fold(given, |given, (setting, value)| given.flag(*setting, value));
    variables.iter().fold(given, |given, (setting, value)| {
        match setting.environment() {
            Some(name) => given.variable(name, value),
            None => given,
        }
    })
}

proptest! {
    #[test]
    fn no_input_panics_and_each_refusal_can_be_printed(
        flags in vec((setting(), value()), 0..4),
        variables in vec((setting(), value()), 0..4),
        file in option::of(file()),
    ) {
        let given = with_flags_and_variables(given(), &flags, &variables);
        let given = match &file {
            Some(text) => given.file(text),
            None => given,
        };
        if let Err(error) = given.load() {
            let lines = [error.to_string(), error.hint()];
            for line in lines {
                prop_assert!(!line.is_empty());
                prop_assert!(!line.chars().any(haproxy_mcp::visible::hidden), "{:?}", line);
                prop_assert!(line.chars().count() < 1_000, "{:?}", line);
            }
        }
    }

    #[test]
    fn the_strongest_source_wins(
        flag in option::of(1_u16..), variable in option::of(1_u16..), file in option::of(1_u16..),
    ) {
        let mut given = given();
        if let Some(port) = flag {
            given = given.flag(Setting::Port, &port.to_string());
        }
        if let Some(port) = variable {
            given = given.variable("HAPROXY_PORT", &port.to_string());
        }
        if let Some(port) = file {
            given = given.file(&format!("[instance]\nport = {port}"));
        }
        let port = flag.or(variable).or(file).unwrap_or(9999);
        let endpoint = Endpoint::Tcp { host: "127.0.0.1".to_owned(), port, family: AddressFamily::Any };
        prop_assert_eq!(given.load().unwrap().instance.door, Some(Door { endpoint, master: false }));
    }

    /// Whatever else names a door in weaker sources, a flag that names one whole decides.
    #[test]
    fn nothing_weaker_overrides_a_url_of_the_command_line(
        mode in option::of(prop::sample::select(vec!["tcp", "tcp4", "tcp6", "unix"])),
        socket in option::of("/[a-z]{1,20}"),
        host in option::of("[a-z]{1,20}"),
        port in option::of(1_u16..),
        master in option::of("/[a-z]{1,20}"),
    ) {
        let weaker = [
            ("HAPROXY_RUNTIME_MODE", mode.map(str::to_owned)),
            ("HAPROXY_RUNTIME_SOCKET", socket),
            ("HAPROXY_HOST", host),
            ("HAPROXY_PORT", port.map(|port| port.to_string())),
            ("HAPROXY_MASTER_SOCKET", master),
        ];
        let given = given().flag(Setting::RuntimeUrl, "unix:///run/chosen.sock");
        let given = weaker.into_iter().fold(given, |given, (name, value)| match value {
            Some(value) => given.variable(name, &value),
            None => given,
        });
        let endpoint = Endpoint::Unix("/run/chosen.sock".into());
        prop_assert_eq!(given.load().unwrap().instance.door, Some(Door { endpoint, master: false }));
    }
}
