//! What each built-in module is granted: the commands of its tools, and no other. What the server allows at all is the
//! operator's business; this is the most that each module has where everything is allowed.
//!
//! What shows live traffic (`show errors`, the lines of a ring; `show sess`) is granted to `logs` and to `sessions` alone,
//! by name.

use crate::policy::{Access, Artefact, Grant, Page, Pattern, PatternError};

/// Families, the most access that each has, and the patterns of the commands that it needs.
const GRANTS: &[(&str, Access, &[&str])] = &[
    (
        "process",
        Access::Admin,
        &[
            "show info",
            "show version",
            "show activity",
            "show threads",
            "show pools",
            "show cli sockets",
            "debug counters show",
            "debug counters show *",
            "help",
            "echo *",
            "get var *",
            "clear counters",
            "clear counters all",
            "set maxconn global *",
            "set rate-limit *",
            // what the counters are before and after
            "show stat",
        ],
    ),
    (
        "logs",
        Access::Read,
        &[
            "show errors *",
            "show events",
            "show events *",
            "show startup-logs",
            // the names of proxies, for one that does not exist
            "show stat -1 3 -1",
        ],
    ),
    (
        "stats",
        Access::Read,
        &["show stat", "show stat *", "show info", "dump stats-file"],
    ),
    // speaks to the exporter alone
    ("metrics", Access::Read, &[]),
    (
        "topology",
        Access::Read,
        &[
            "show stat *",
            "show backend",
            "show servers state",
            "show servers state *",
            "show servers conn",
            "show servers conn *",
            "show resolvers",
            "show resolvers *",
            "show peers",
            "show peers *",
            "show cache",
        ],
    ),
    (
        "certificates",
        Access::Admin,
        &[
            "show ssl cert",
            "show ssl cert *",
            "show ssl ca-file",
            "show ssl ca-file *",
            "show ssl crl-file",
            "show ssl crl-file *",
            "show ssl crt-list",
            "show ssl crt-list -n *",
            "show ssl sni",
            "show ssl ocsp-response",
            "show ssl ocsp-response *",
            "show ssl ocsp-updates",
            "acme status",
            "new ssl cert *",
            "set ssl cert * *",
            "commit ssl cert *",
            "abort ssl cert *",
            "del ssl cert *",
            "new ssl ca-file *",
            "set ssl ca-file * *",
            "add ssl ca-file * *",
            "commit ssl ca-file *",
            "abort ssl ca-file *",
            // takes back what a call made and could not fill
            "del ssl ca-file *",
            "new ssl crl-file *",
            "set ssl crl-file * *",
            "commit ssl crl-file *",
            "abort ssl crl-file *",
            "del ssl crl-file *",
            "add ssl crt-list * *",
            "del ssl crt-list *",
            "set ssl ocsp-response *",
            "acme renew *",
        ],
    ),
    (
        "master",
        Access::Admin,
        &[
            "show proc",
            "@master show startup-logs",
            "reload",
            // after a reload: which worker answers, and what it said
            "show info",
            "show startup-logs",
        ],
    ),
    (
        "servers",
        Access::Admin,
        &[
            "get weight *",
            "set server * state *",
            "set server * weight *",
            "set maxconn server *",
            "enable health *",
            "disable health *",
            "set server * health *",
            "enable agent *",
            "disable agent *",
            "set server * agent *",
            "set server * addr *",
            "set server * fqdn *",
            "set server * ssl *",
            "add server *",
            "del server *",
            "wait * srv-removable *",
            // its state, and its sessions and errors
            "show servers state *",
            "show stat *",
            // the names of backends, for one that does not exist
            "show backend",
        ],
    ),
    (
        "frontends",
        Access::Admin,
        &[
            "set maxconn frontend *",
            "enable frontend *",
            "disable frontend *",
            "shutdown frontend *",
            "show stat *",
        ],
    ),
    (
        "backends",
        Access::Admin,
        &[
            "publish backend *",
            "unpublish backend *",
            "add backend *",
            "del backend *",
            "wait * be-removable *",
            "show stat *",
            // the names of backends, for one that does not exist
            "show backend",
        ],
    ),
    (
        "maps",
        Access::Admin,
        &[
            "show map",
            "show map *",
            "get map *",
            "add map *",
            "set map *",
            "del map *",
            "clear map *",
            "prepare map *",
            "commit map *",
        ],
    ),
    (
        "acls",
        Access::Admin,
        &[
            "show acl",
            "show acl *",
            "get acl *",
            "add acl *",
            "del acl *",
            "clear acl *",
            "prepare acl *",
            "commit acl *",
        ],
    ),
    (
        "tables",
        Access::Admin,
        &[
            "show table",
            "show table *",
            "set table * key *",
            "clear table *",
        ],
    ),
    (
        "sessions",
        Access::Admin,
        &[
            "show sess",
            "show sess *",
            "shutdown session *",
            "shutdown sessions server *",
            // how many sessions there were, to tell old ones from new ones
            "show info",
            // the names of frontends, backends and servers, for one that does not exist
            "show stat -1 1 -1",
            "show servers state",
            "show servers state *",
            "show backend",
        ],
    ),
    (
        "config",
        Access::Read,
        &[
            // what is seen of risks in the HAProxy that runs
            "show info",
            "show cli sockets",
            "show startup-logs",
            "show ssl sni",
            "show ssl cert",
            "show ssl cert *",
        ],
    ),
    // what HAProxy said of a page that it ignores
    ("doctor", Access::Read, &["show startup-logs"]),
];

/// Families that read pages, and which.
const PAGES: &[(&str, &[Page])] = &[
    ("stats", &[Page::Stats]),
    ("topology", &[Page::Stats]),
    ("servers", &[Page::Stats]),
    ("sessions", &[Page::Stats]),
    ("metrics", &[Page::Metrics]),
];

/// Families that read files, and which.
const FILES: &[(&str, &[Artefact])] = &[
    ("logs", &[Artefact::Log]),
    ("config", &[Artefact::Config]),
    ("doctor", &[Artefact::Config]),
];

/// Families that look at the configured doors.
const DIAGNOSTICS: &[&str] = &["doctor"];

/// The most access that any command of a family needs; the least for one that is not in the table.
pub(super) fn access(family: &str) -> Access {
    let entry = GRANTS.iter().find(|(known, _, _)| *known == family);
    entry.map_or(Access::Read, |(_, access, _)| *access)
}

/// The grant of a family; one that is not in the table has none.
pub(super) fn grant(family: &str) -> Result<Grant, PatternError> {
    let Some((_, access, patterns)) = GRANTS.iter().find(|(known, _, _)| *known == family) else {
        return Ok(Grant::none());
    };
    let patterns: Result<Vec<Pattern>, PatternError> =
        patterns.iter().map(|pattern| pattern.parse()).collect();
    let grant = Grant::only(*access, patterns?)
        .with_pages(of(PAGES, family))
        .with_files(of(FILES, family));
    Ok(if DIAGNOSTICS.contains(&family) {
        grant.with_diagnostics()
    } else {
        grant
    })
}

/// What a table says of a family.
fn of<T>(table: &'static [(&str, &[T])], family: &str) -> &'static [T] {
    let entry = table.iter().find(|(known, _)| *known == family);
    entry.map_or(&[], |(_, granted)| *granted)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::policy::{Authority, COMMANDS, Command, InstanceId, Refusal, Reveals, decide};

    fn may(family: &str, command: &str) -> Result<(), Refusal> {
        let grant = grant(family).unwrap();
        let authority = Authority {
            server: Access::Admin,
            module: &grant,
            tool: Access::Admin,
        };
        let command = Command::new(command.split(' '));
        decide(&authority, &InstanceId::new("default"), &command).map(drop)
    }

    #[test]
    fn every_module_that_is_built_in_has_its_grant_and_every_grant_its_module() {
        let mut families: Vec<&str> = GRANTS.iter().map(|(family, _, _)| *family).collect();
        let built: Vec<&str> = haproxy_mcp_builtin::MODULES
            .iter()
            .map(|builtin| builtin.family)
            .collect();
        families.sort_by_key(|family| built.iter().position(|built| built == family));
        assert_eq!(families, built);
        assert_eq!(grant("unknown").unwrap(), Grant::none());
    }

    /// One command of each tool, and the only families that may say it.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a line for each command")]
    fn no_module_may_say_the_commands_of_another() {
        let all: &[(&str, &[&str])] = &[
            (
                "show info",
                &["process", "stats", "master", "sessions", "config"],
            ),
            ("show version", &["process"]),
            ("show activity", &["process"]),
            ("show threads", &["process"]),
            ("show pools", &["process"]),
            ("show cli sockets", &["process", "config"]),
            ("debug counters show all", &["process"]),
            ("help", &["process"]),
            ("echo text", &["process"]),
            ("show errors", &[]),
            ("show errors -1", &["logs"]),
            ("show errors be_app response", &["logs"]),
            ("show events", &["logs"]),
            ("show events myring", &["logs"]),
            ("show startup-logs", &["logs", "master", "config", "doctor"]),
            ("@master show startup-logs", &["master"]),
            ("show proc", &["master"]),
            ("show proc debug", &[]),
            ("reload", &["master"]),
            ("hard-reload", &[]),
            ("acme status", &["certificates"]),
            ("acme renew www.pem", &["certificates"]),
            ("acme challenge_ready www.pem domain www.test", &[]),
            ("show ssl cert", &["certificates", "config"]),
            ("show ssl cert *www.pem", &["certificates", "config"]),
            ("show ssl ca-file ca.crt", &["certificates"]),
            ("show ssl crl-file ca.crl", &["certificates"]),
            ("show ssl crt-list", &["certificates"]),
            ("show ssl crt-list -n list.txt", &["certificates"]),
            ("show ssl crt-list list.txt", &[]),
            ("show ssl sni", &["certificates", "config"]),
            ("show ssl sni -f fe_https", &[]),
            ("show ssl ocsp-response", &["certificates"]),
            ("show ssl ocsp-response www.pem", &["certificates"]),
            ("show ssl ocsp-updates", &["certificates"]),
            ("show ssl providers", &[]),
            ("show ssl jwt", &[]),
            ("new ssl cert www.pem", &["certificates"]),
            ("commit ssl cert www.pem", &["certificates"]),
            ("abort ssl cert www.pem", &["certificates"]),
            ("del ssl cert www.pem", &["certificates"]),
            ("new ssl ca-file ca.crt", &["certificates"]),
            ("commit ssl ca-file ca.crt", &["certificates"]),
            ("abort ssl ca-file ca.crt", &["certificates"]),
            ("del ssl ca-file ca.crt", &["certificates"]),
            ("new ssl crl-file ca.crl", &["certificates"]),
            ("commit ssl crl-file ca.crl", &["certificates"]),
            ("abort ssl crl-file ca.crl", &["certificates"]),
            ("del ssl crl-file ca.crl", &["certificates"]),
            ("add ssl crt-list list.txt www.pem", &["certificates"]),
            ("del ssl crt-list list.txt www.pem:2", &["certificates"]),
            ("add ssl jwt www.pem", &[]),
            ("set ssl ocsp-response AAAA", &["certificates"]),
            ("update ssl ocsp-response www.pem", &[]),
            ("set ssl tls-key keys AAAA", &[]),
            ("dump ssl cert www.pem", &[]),
            ("show stat", &["process", "stats"]),
            (
                "show stat be_app 4 -1",
                &["stats", "topology", "servers", "frontends", "backends"],
            ),
            (
                "show stat -1 3 -1",
                &[
                    "logs",
                    "stats",
                    "topology",
                    "servers",
                    "frontends",
                    "backends",
                ],
            ),
            (
                "show backend",
                &["topology", "servers", "backends", "sessions"],
            ),
            (
                "show servers state be_app",
                &["topology", "servers", "sessions"],
            ),
            ("get weight be_app/app1", &["servers"]),
            ("set server be_app/app1 weight 5", &["servers"]),
            ("set server be_app/app1 health up", &["servers"]),
            ("set server be_app/app1 agent down", &["servers"]),
            (
                "set server be_app/app1 addr 192.0.2.7 port 80",
                &["servers"],
            ),
            ("set server be_app/app1 fqdn app.test", &["servers"]),
            ("set server be_app/app1 ssl on", &["servers"]),
            ("set server be_app/app1 agent-addr 192.0.2.7", &[]),
            ("set server be_app/app1 check-port 80", &[]),
            ("set maxconn server be_app/app1 5", &["servers"]),
            ("enable health be_app/app1", &["servers"]),
            ("disable health be_app/app1", &["servers"]),
            ("enable agent be_app/app1", &["servers"]),
            ("disable agent be_app/app1", &["servers"]),
            ("add server be_app/new 192.0.2.7:80 check", &["servers"]),
            ("del server be_app/app1", &["servers"]),
            ("wait 500ms srv-removable be_app/app1", &["servers"]),
            ("wait 500ms", &[]),
            ("set maxconn frontend fe_http 5", &["frontends"]),
            ("enable frontend fe_http", &["frontends"]),
            ("disable frontend fe_http", &["frontends"]),
            ("shutdown frontend fe_http", &["frontends"]),
            ("publish backend be_app", &["backends"]),
            ("unpublish backend be_app", &["backends"]),
            ("add backend be_new from web", &["backends"]),
            ("del backend be_app", &["backends"]),
            ("wait 500ms be-removable be_app", &["backends"]),
            ("show servers conn", &["topology"]),
            ("show table", &["tables"]),
            ("show table st_src", &["tables"]),
            ("show table st_src data.gpc0 gt 5", &["tables"]),
            ("show table st_src key 192.0.2.7", &["tables"]),
            ("show table st_src ptr 0x7f0000000000", &["tables"]),
            ("set table st_src key 192.0.2.7 data.gpc0 1", &["tables"]),
            ("set table st_src ptr 0x7f0000000000 data.gpc0 1", &[]),
            ("clear table st_src", &["tables"]),
            ("clear table st_src key 192.0.2.7", &["tables"]),
            ("show sess", &["sessions"]),
            ("show sess 0x7f0000000000", &["sessions"]),
            ("show sess backend be_app", &["sessions"]),
            ("shutdown session 0x7f0000000000", &["sessions"]),
            ("shutdown sessions server be_app/app1", &["sessions"]),
            ("get var proc.x", &["process"]),
            ("show anon", &[]),
            ("show env", &[]),
            ("show tls-keys", &[]),
            ("show map", &["maps"]),
            ("show map @3 hosts.map", &["maps"]),
            ("get map hosts.map x", &["maps"]),
            ("add map hosts.map key value", &["maps"]),
            ("add map @3 hosts.map key value", &["maps"]),
            ("set map hosts.map key value", &["maps"]),
            ("del map hosts.map key", &["maps"]),
            ("clear map hosts.map", &["maps"]),
            ("clear map @3 hosts.map", &["maps"]),
            ("prepare map hosts.map", &["maps"]),
            ("commit map @3 hosts.map", &["maps"]),
            ("show acl", &["acls"]),
            ("show acl @3 #4", &["acls"]),
            ("get acl blocked.acl x", &["acls"]),
            ("add acl blocked.acl x", &["acls"]),
            ("add acl @3 blocked.acl x", &["acls"]),
            ("del acl blocked.acl x", &["acls"]),
            ("clear acl blocked.acl", &["acls"]),
            ("clear acl @3 blocked.acl", &["acls"]),
            ("prepare acl blocked.acl", &["acls"]),
            ("commit acl @3 blocked.acl", &["acls"]),
            ("show events myring -w", &[]),
            ("debug counters reset", &[]),
            ("debug counters", &[]),
            ("debug dev exit", &[]),
            ("clear counters", &["process"]),
            ("clear counters all", &["process"]),
            ("set maxconn global 500", &["process"]),
            ("set rate-limit sessions global 500", &["process"]),
            ("set server be_app/app1 state maint", &["servers"]),
        ];
        for (command, allowed) in all {
            for (family, _, _) in GRANTS {
                assert_eq!(
                    may(family, command).is_ok(),
                    allowed.contains(family),
                    "`{command}` by `{family}`"
                );
            }
        }
    }

    /// Whatever a pattern seems to say: what it covers is for reading, and live traffic is for one module.
    #[test]
    fn no_grant_covers_more_than_reading() {
        for (family, _, patterns) in GRANTS {
            for pattern in *patterns {
                let pattern: Pattern = pattern.parse().unwrap();
                let readable = pattern
                    .rows()
                    .filter(|row| row.access() == Some(Access::Read));
                for row in readable {
                    let allowed: &[&str] = match row.reveals {
                        Reveals::Nothing => continue,
                        Reveals::Traffic => &["logs", "sessions"],
                        Reveals::Configuration => &["logs", "master", "config", "doctor"],
                        Reveals::AnonymisingKey => &[],
                    };
                    assert!(
                        allowed.contains(family),
                        "`{pattern}` of `{family}` shows what `{row}` reveals"
                    );
                }
            }
        }
        assert!(COMMANDS.iter().any(|row| row.reveals != Reveals::Nothing));
    }
}
