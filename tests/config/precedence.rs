use crate::sources::given;
use haproxy_mcp::catalogue::selection::{Names, Selection};
use haproxy_mcp::config::{LogLevel, Setting, Transport};
use haproxy_mcp::haproxy::endpoint::{AddressFamily, Door, Endpoint};
use haproxy_mcp::policy::Access;
use std::time::Duration;

#[test]
fn nothing_set_is_the_default_of_each_setting() {
    let settings = given().load().unwrap();
    assert_eq!(settings.instance.name, "haproxy");
    let door = Endpoint::Tcp {
        host: "127.0.0.1".to_owned(),
        port: 9999,
        family: AddressFamily::Any,
    };
    let expected = Door {
        endpoint: door,
        master: false,
    };
    assert_eq!(settings.instance.door, Some(expected));
    assert_eq!(settings.instance.master, None);
    assert_eq!(settings.instance.timeout, Duration::from_secs(10));
    assert_eq!(settings.access, Access::Read);
    assert_eq!(settings.transport, Transport::Stdio);
    assert_eq!(settings.log_level, LogLevel::Info);
    assert!(settings.modules.is_empty());
    assert_eq!(settings.selection, Selection::default());
}

#[test]
fn the_file_sets_everything() {
    let settings = given()
        .file(
            r#"
            access = "operate"
            toolsets = ["default", "process"]
            tools = "show_info, show_stat"
            exclude_tools = ["show_errors"]
            transport = "stdio"
            log_level = "debug"

            [instance]
            name = "edge"
            host = "lb1"
            port = 9998
            runtime_mode = "tcp4"
            runtime_timeout = 3
            master_socket = "/run/master.sock"
            "#,
        )
        .load()
        .unwrap();
    assert_eq!(settings.instance.name, "edge");
    let door = Endpoint::Tcp {
        host: "lb1".to_owned(),
        port: 9998,
        family: AddressFamily::V4,
    };
    assert_eq!(settings.instance.door.unwrap().endpoint, door);
    assert_eq!(
        settings.instance.master,
        Some(Endpoint::Unix("/run/master.sock".into()))
    );
    assert_eq!(settings.instance.timeout, Duration::from_secs(3));
    assert_eq!(settings.access, Access::Operate);
    assert_eq!(settings.log_level, LogLevel::Debug);
    let names = |names: Option<Names>| names.map(|names| names.names.join(" "));
    let Selection {
        toolsets,
        tools,
        excluded,
    } = settings.selection;
    assert_eq!(names(toolsets).as_deref(), Some("default process"));
    assert_eq!(names(tools).as_deref(), Some("show_info show_stat"));
    assert_eq!(names(excluded).as_deref(), Some("show_errors"));
}

#[test]
fn a_stronger_choice_of_tools_replaces_a_weaker_one_and_is_named_as_its_origin() {
    let given = given()
        .file("toolsets = 'all'\nexclude_tools = 'show_errors'")
        .variable("HAPROXY_MCP_TOOLSETS", "process")
        .flag(Setting::Tools, "show_info");
    let selection = given.load().unwrap().selection;
    let toolsets = selection.toolsets.unwrap();
    assert_eq!(toolsets.names, ["process"]);
    assert_eq!(
        toolsets.origin,
        "environment variable `HAPROXY_MCP_TOOLSETS`"
    );
    assert_eq!(selection.tools.unwrap().origin, "flag `--tools`");
    assert_eq!(selection.excluded.unwrap().names, ["show_errors"]);
}

#[test]
fn environment_comes_before_the_file_and_flags_before_both() {
    let file =
        given().file("access = 'read'\nlog_level = 'error'\n[instance]\nruntime_timeout = 1");
    let settings = file.load().unwrap();
    assert_eq!(
        (settings.access, settings.log_level),
        (Access::Read, LogLevel::Error)
    );
    assert_eq!(settings.instance.timeout, Duration::from_secs(1));

    let environment = file
        .variable("HAPROXY_MCP_ACCESS", "operate")
        .variable("LOG_LEVEL", "Warning")
        .variable("HAPROXY_RUNTIME_TIMEOUT", "2");
    let settings = environment.load().unwrap();
    assert_eq!(
        (settings.access, settings.log_level),
        (Access::Operate, LogLevel::Warn)
    );
    assert_eq!(settings.instance.timeout, Duration::from_secs(2));

    let flags = environment
        .flag(Setting::Access, "admin")
        .flag(Setting::LogLevel, "trace")
        .flag(Setting::RuntimeTimeout, "3");
    let settings = flags.load().unwrap();
    assert_eq!(
        (settings.access, settings.log_level),
        (Access::Admin, LogLevel::Trace)
    );
    assert_eq!(settings.instance.timeout, Duration::from_secs(3));
}

#[test]
fn an_empty_variable_is_unset() {
    let names = Setting::all().filter_map(Setting::environment).chain([
        "HAPROXY_MCP_CONFIG",
        "XDG_CONFIG_HOME",
        "HOME",
    ]);
    let settings = names
        .fold(given(), |given, name| given.variable(name, ""))
        .load()
        .unwrap();
    assert_eq!(settings, given().load().unwrap());
}

#[test]
fn an_empty_flag_is_a_wrong_value() {
    for setting in Setting::all().filter(|setting| setting.flag().is_some()) {
        assert!(
            given().flag(setting, "").load().is_err(),
            "{setting} takes an empty flag"
        );
    }
}

/// Lowering access must be as easy as raising it.
#[test]
fn a_flag_may_lower_what_the_file_allows() {
    let settings = given()
        .file("access = 'admin'")
        .flag(Setting::Access, "read")
        .load()
        .unwrap();
    assert_eq!(settings.access, Access::Read);
}
