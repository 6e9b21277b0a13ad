//! Every command of the Runtime API of HAProxy 2.6 to 3.4, once for each form that differs in what it may do.
//!
//! Sources: HAProxy's Management Guide, section 9.3 ("Unix Socket commands") and 9.4 (the master's), its
//! sources where the guide is silent, and the `help` of each version, against which the tests compare.

use super::access::Access;
use super::command::{
    CommandSpec, NeverReason, Payload, Reveals, Rights, Step, Subject,
    Success::{Containing, Line, Notice, Quiet, SilentOr, Text},
};
use super::grammar::Part::{self, Object, OneOf, Optional, Repeated, Rest, Secret, Value, Word};
use super::grammar::Value as V;
use super::object::Object as O;
use super::words::MASTER;

const fn read(path: &'static [&'static str], args: &'static [Part]) -> CommandSpec {
    CommandSpec::new(path, args, Rights::Granted(Access::Read)).dump()
}

const fn operate(path: &'static [&'static str], args: &'static [Part]) -> CommandSpec {
    CommandSpec::new(path, args, Rights::Granted(Access::Operate))
}

const fn admin(path: &'static [&'static str], args: &'static [Part]) -> CommandSpec {
    CommandSpec::new(path, args, Rights::Granted(Access::Admin))
}

const fn never(
    path: &'static [&'static str],
    args: &'static [Part],
    reason: NeverReason,
) -> CommandSpec {
    CommandSpec::new(path, args, Rights::Never(reason))
}

const VERSION: Part = Optional(&[Object(O::Version)]);
const SERVER: Part = Object(O::Server);
const STAT_FLAG: Part = Optional(&[OneOf(&["typed", "json", "desc", "up", "no-maint"])]);
const STAT_DOMAIN: Part = Optional(&[Word("domain"), OneOf(&["proxy", "resolvers", "dns"])]);
/// HAProxy compiles in 4 filters on the data of a table, and refuses more.
const DATA_FILTERS: Part = Optional(&[
    Value(V::Data),
    Value(V::Operator),
    Value(V::Long),
    Optional(&[
        Value(V::Data),
        Value(V::Operator),
        Value(V::Long),
        Optional(&[
            Value(V::Data),
            Value(V::Operator),
            Value(V::Long),
            Optional(&[Value(V::Data), Value(V::Operator), Value(V::Long)]),
        ]),
    ]),
]);
const SESSION_FILTERS: Part = Repeated(&[
    &[Word("show-uri")],
    &[Word("susp")],
    &[Word("older"), Value(V::Duration)],
    &[Word("server"), SERVER],
    &[Word("backend"), Object(O::Backend)],
    &[Word("frontend"), Object(O::Frontend)],
]);
const COUNTER_FILTERS: Part = Repeated(&[&[OneOf(&["all", "bug", "cnt", "chk", "glt", "show"])]]);
const PORT: Part = Optional(&[Word("port"), Value(V::Text)]);

/// `show info`, by which the host learns version and process.
pub(super) const SHOW_INFO: CommandSpec = read(
    &["show", "info"],
    &[Repeated(&[&[OneOf(&["typed", "json", "desc", "float"])]])],
);
/// `show version`.
pub(super) const SHOW_VERSION: CommandSpec = read(&["show", "version"], &[]).says(Text);
/// `show cli level`: what the socket is good for.
pub(super) const SHOW_CLI_LEVEL: CommandSpec = read(&["show", "cli", "level"], &[]).says(Text);
/// `show proc`: the master, and its workers.
pub(super) const SHOW_PROC: CommandSpec =
    read(&["show", "proc"], &[Optional(&[Word("debug")])]).master();
/// `help`, by which the host learns what this instance can do.
pub(super) const HELP: CommandSpec = read(&["help"], &[Repeated(&[&[Value(V::Text)]])]);

const fn clear_version(
    subject: Subject,
    path: &'static [&'static str],
    args: &'static [Part],
) -> CommandSpec {
    admin(path, args).step(Step::Abandon(subject))
}

pub(super) const CLEAR_MAP_VERSION: CommandSpec = clear_version(
    Subject::Map,
    &["clear", "map"],
    &[Object(O::Version), Object(O::Map)],
);
pub(super) const CLEAR_ACL_VERSION: CommandSpec = clear_version(
    Subject::Acl,
    &["clear", "acl"],
    &[Object(O::Version), Object(O::Acl)],
);
pub(super) const ABORT_CERT: CommandSpec = admin(&["abort", "ssl", "cert"], &[Object(O::Cert)])
    .says(Notice)
    .step(Step::Abandon(Subject::Cert));
pub(super) const ABORT_CA_FILE: CommandSpec =
    admin(&["abort", "ssl", "ca-file"], &[Object(O::CaFile)])
        .says(Notice)
        .step(Step::Abandon(Subject::CaFile));
pub(super) const ABORT_CRL_FILE: CommandSpec =
    admin(&["abort", "ssl", "crl-file"], &[Object(O::CrlFile)])
        .says(Notice)
        .step(Step::Abandon(Subject::CrlFile));
pub(super) const DEL_CERT: CommandSpec = admin(&["del", "ssl", "cert"], &[Object(O::Cert)])
    .says(Notice)
    .step(Step::Delete(Subject::Cert));
pub(super) const DEL_CA_FILE: CommandSpec = admin(&["del", "ssl", "ca-file"], &[Object(O::CaFile)])
    .says(Notice)
    .step(Step::Delete(Subject::CaFile));
pub(super) const DEL_CRL_FILE: CommandSpec =
    admin(&["del", "ssl", "crl-file"], &[Object(O::CrlFile)])
        .says(Notice)
        .step(Step::Delete(Subject::CrlFile));

/// The table: what is not in it is denied.
pub const COMMANDS: &[CommandSpec] = &[
    // -- process --
    SHOW_INFO,
    SHOW_VERSION,
    SHOW_CLI_LEVEL,
    HELP,
    read(&["show", "cli", "sockets"], &[]),
    read(&["show", "schema", "json"], &[]),
    read(&["show", "activity"], &[Optional(&[Value(V::Integer)])]),
    read(&["show", "anon"], &[])
        .says(Text)
        .since(2, 7)
        .reveals(Reveals::AnonymisingKey),
    read(&["show", "cache"], &[]),
    read(&["show", "dev"], &[]).since(2, 9),
    read(
        &["show", "fd"],
        &[Optional(&[Value(V::Text), Optional(&[Value(V::Text)])])],
    ),
    read(&["show", "libs"], &[]),
    read(
        &["show", "pools"],
        &[Repeated(&[
            &[OneOf(&["byname", "bysize", "byusage", "detailed"])],
            &[Word("match"), Value(V::Text)],
            &[Value(V::Number)],
        ])],
    ),
    read(
        &["show", "profiling"],
        &[Repeated(&[
            &[OneOf(&[
                "all", "status", "tasks", "memory", "byaddr", "bytime", "byctx", "aggr",
            ])],
            &[Value(V::Number)],
        ])],
    ),
    read(
        &["show", "quic"],
        &[Optional(&[Value(V::Text), Optional(&[Value(V::Text)])])],
    )
    .since(2, 8),
    read(&["show", "startup-logs"], &[]).reveals(Reveals::Configuration),
    read(&["show", "tasks"], &[]),
    read(&["show", "threads"], &[]),
    read(&["show", "trace"], &[Optional(&[Object(O::TraceSource)])]),
    read(&["show", "resolvers"], &[Optional(&[Object(O::Resolvers)])]),
    read(
        &["show", "peers"],
        &[
            Optional(&[OneOf(&["dict", "-"])]),
            Optional(&[Object(O::Peers)]),
        ],
    ),
    read(&["get", "var"], &[Object(O::Variable)]).says(Text),
    read(&["echo"], &[Repeated(&[&[Value(V::Text)]])])
        .says(Text)
        .since(3, 1),
    read(&["dump", "stats-file"], &[]).since(3, 0),
    read(&["debug", "counters"], &[COUNTER_FILTERS]).since(3, 0),
    admin(
        &["debug", "counters"],
        &[
            COUNTER_FILTERS,
            OneOf(&["reset", "on", "off"]),
            COUNTER_FILTERS,
        ],
    )
    .since(3, 0),
    read(&["wait"], &[Value(V::Duration)])
        .says(Line("Done."))
        .since(3, 0),
    read(
        &["wait"],
        &[Value(V::Duration), Word("srv-removable"), SERVER],
    )
    .says(Line("Done."))
    .since(3, 0),
    read(
        &["wait"],
        &[Value(V::Duration), Word("be-removable"), Object(O::Backend)],
    )
    .says(Line("Done."))
    .since(3, 4),
    operate(&["clear", "counters"], &[]),
    admin(&["clear", "counters", "all"], &[]),
    admin(&["set", "maxconn", "global"], &[Value(V::Number)]),
    admin(
        &["set", "rate-limit"],
        &[
            OneOf(&[
                "connections",
                "sessions",
                "ssl-sessions",
                "http-compression",
            ]),
            Word("global"),
            Value(V::Number),
        ],
    ),
    admin(
        &["set", "profiling", "tasks"],
        &[OneOf(&[
            "auto",
            "on",
            "off",
            "lock",
            "no-lock",
            "memory",
            "no-memory",
        ])],
    ),
    admin(&["set", "profiling", "memory"], &[OneOf(&["on", "off"])]),
    // -- proxies and statistics --
    read(&["show", "stat"], &[STAT_DOMAIN, STAT_FLAG, STAT_FLAG]),
    // From three words on, HAProxy takes the first three for this selection, whatever they are.
    read(
        &["show", "stat"],
        &[
            STAT_DOMAIN,
            Object(O::Proxy),
            Value(V::Integer),
            Object(O::ServerId),
            Repeated(&[&[OneOf(&["typed", "json", "desc", "up", "no-maint"])]]),
        ],
    ),
    read(&["show", "backend"], &[]),
    read(
        &["show", "errors"],
        &[Optional(&[
            Object(O::Proxy),
            Optional(&[OneOf(&["request", "response"])]),
        ])],
    )
    .reveals(Reveals::Traffic),
    read(&["show", "events"], &[]).says(Text),
    read(
        &["show", "events"],
        &[Object(O::Sink), Repeated(&[&[OneOf(&["-n", "-0"])]])],
    )
    .reveals(Reveals::Traffic),
    never(
        &["show", "events"],
        &[
            Object(O::Sink),
            Repeated(&[&[OneOf(&["-n", "-0"])]]),
            OneOf(&["-w", "-nw", "-wn"]),
            Rest,
        ],
        NeverReason::NeverEnds,
    ),
    // -- servers --
    read(
        &["show", "servers", "state"],
        &[Optional(&[Object(O::Backend)])],
    ),
    read(
        &["show", "servers", "conn"],
        &[Optional(&[Object(O::Backend)])],
    ),
    read(&["get", "weight"], &[SERVER]).says(Text),
    operate(&["enable", "server"], &[SERVER]),
    operate(&["disable", "server"], &[SERVER]),
    operate(&["enable", "health"], &[SERVER]),
    operate(&["disable", "health"], &[SERVER]),
    operate(&["enable", "agent"], &[SERVER]),
    operate(&["disable", "agent"], &[SERVER]),
    operate(&["set", "weight"], &[SERVER, Value(V::Weight)]),
    operate(&["set", "maxconn", "server"], &[SERVER, Value(V::Number)]),
    operate(
        &["set", "server"],
        &[SERVER, Word("state"), OneOf(&["ready", "drain", "maint"])],
    ),
    operate(
        &["set", "server"],
        &[SERVER, Word("weight"), Value(V::Weight)],
    ),
    operate(
        &["set", "server"],
        &[SERVER, Word("health"), OneOf(&["up", "stopping", "down"])],
    ),
    operate(
        &["set", "server"],
        &[SERVER, Word("agent"), OneOf(&["up", "down"])],
    ),
    // Severity 4 here is success or failure: only the text tells.
    admin(
        &["set", "server"],
        &[SERVER, Word("addr"), Value(V::Text), PORT],
    )
    .says(Containing(&[
        "changed from",
        "nothing changed",
        "no need to change",
    ])),
    admin(
        &["set", "server"],
        &[SERVER, Word("agent-addr"), Value(V::Text), PORT],
    ),
    admin(
        &["set", "server"],
        &[SERVER, Word("agent-port"), Value(V::Number)],
    ),
    admin(
        &["set", "server"],
        &[SERVER, Word("agent-send"), Value(V::Text)],
    ),
    admin(
        &["set", "server"],
        &[SERVER, Word("check-addr"), Value(V::Text), PORT],
    ),
    admin(
        &["set", "server"],
        &[SERVER, Word("check-port"), Value(V::Number)],
    ),
    admin(&["set", "server"], &[SERVER, Word("fqdn"), Value(V::Text)])
        .says(Containing(&["changed its FQDN", "no need to change"])),
    // `server ssl setting not supported.` bears the same severity.
    admin(
        &["set", "server"],
        &[SERVER, Word("ssl"), OneOf(&["on", "off"])],
    )
    .says(Containing(&["server ssl setting updated"])),
    admin(
        &["add", "server"],
        &[SERVER, Value(V::Text), Repeated(&[&[Value(V::Text)]])],
    )
    .says(Containing(&["New server registered."])),
    admin(&["del", "server"], &[SERVER]).says(Containing(&["Server deleted."])),
    admin(
        &["enable", "dynamic-cookie", "backend"],
        &[Object(O::Backend)],
    ),
    admin(
        &["disable", "dynamic-cookie", "backend"],
        &[Object(O::Backend)],
    ),
    admin(
        &["set", "dynamic-cookie-key", "backend"],
        &[Object(O::Backend), Secret],
    ),
    // -- frontends and backends --
    // `Frontend was previously shut down, cannot disable.` is a notice as well.
    operate(
        &["set", "maxconn", "frontend"],
        &[Object(O::Frontend), Value(V::Number)],
    ),
    operate(&["enable", "frontend"], &[Object(O::Frontend)]).says(SilentOr(&["already"])),
    operate(&["disable", "frontend"], &[Object(O::Frontend)]).says(SilentOr(&["already"])),
    admin(&["shutdown", "frontend"], &[Object(O::Frontend)]).says(SilentOr(&["already"])),
    operate(&["publish", "backend"], &[Object(O::Backend)])
        .says(Notice)
        .since(3, 4),
    operate(&["unpublish", "backend"], &[Object(O::Backend)])
        .says(Notice)
        .since(3, 4),
    admin(
        &["add", "backend"],
        &[
            Object(O::Backend),
            Word("from"),
            Value(V::Text),
            Repeated(&[
                &[Word("mode"), OneOf(&["tcp", "http"])],
                &[Word("guid"), Value(V::Text)],
            ]),
        ],
    )
    // With a reason in brackets where its balancing takes no servers at run time.
    .says(Containing(&["New backend registered"]))
    .since(3, 4),
    admin(&["del", "backend"], &[Object(O::Backend)])
        .says(Notice)
        .since(3, 4),
    // -- sessions --
    read(&["show", "sess"], &[SESSION_FILTERS]).reveals(Reveals::Traffic),
    read(&["show", "sess"], &[Word("all"), SESSION_FILTERS]).reveals(Reveals::Traffic),
    read(&["show", "sess"], &[Object(O::Session), SESSION_FILTERS]).reveals(Reveals::Traffic),
    operate(&["shutdown", "session"], &[Object(O::Session)]),
    operate(&["shutdown", "sessions", "server"], &[SERVER]),
    // -- maps --
    read(&["show", "map"], &[]),
    read(&["show", "map"], &[VERSION, Object(O::Map)]),
    read(&["get", "map"], &[Object(O::Map), Value(V::Text)]),
    operate(
        &["add", "map"],
        &[VERSION, Object(O::Map), Value(V::Text), Value(V::Text)],
    ),
    operate(&["add", "map"], &[VERSION, Object(O::Map)]).payload(Payload::Entries),
    operate(
        &["set", "map"],
        &[Object(O::Map), Object(O::Entry), Value(V::Text)],
    ),
    operate(&["del", "map"], &[Object(O::Map), Object(O::Entry)]),
    admin(&["clear", "map"], &[Object(O::Map)]),
    CLEAR_MAP_VERSION,
    admin(&["prepare", "map"], &[Object(O::Map)])
        .says(Containing(&["New version created"]))
        .step(Step::Prepare(Subject::Map)),
    admin(&["commit", "map"], &[Object(O::Version), Object(O::Map)])
        .step(Step::Commit(Subject::Map)),
    // -- ACLs: no version of HAProxy reads a payload for them --
    read(&["show", "acl"], &[]),
    read(&["show", "acl"], &[VERSION, Object(O::Acl)]),
    read(&["get", "acl"], &[Object(O::Acl), Value(V::Text)]),
    operate(&["add", "acl"], &[VERSION, Object(O::Acl), Value(V::Text)]),
    operate(&["del", "acl"], &[Object(O::Acl), Object(O::Entry)]),
    admin(&["clear", "acl"], &[Object(O::Acl)]),
    CLEAR_ACL_VERSION,
    admin(&["prepare", "acl"], &[Object(O::Acl)])
        .says(Containing(&["New version created"]))
        .step(Step::Prepare(Subject::Acl)),
    admin(&["commit", "acl"], &[Object(O::Version), Object(O::Acl)])
        .step(Step::Commit(Subject::Acl)),
    // -- stick tables --
    read(&["show", "table"], &[]),
    read(&["show", "table"], &[Object(O::Table), DATA_FILTERS]),
    read(
        &["show", "table"],
        &[Object(O::Table), Word("key"), Object(O::TableKey)],
    ),
    read(
        &["show", "table"],
        &[Object(O::Table), Word("ptr"), Object(O::TablePointer)],
    )
    .since(2, 9),
    operate(
        &["set", "table"],
        &[
            Object(O::Table),
            Word("key"),
            Object(O::TableKey),
            Repeated(&[&[Value(V::Data), Value(V::Text)]]),
        ],
    ),
    operate(
        &["set", "table"],
        &[
            Object(O::Table),
            Word("ptr"),
            Object(O::TablePointer),
            Repeated(&[&[Value(V::Data), Value(V::Text)]]),
        ],
    )
    .since(2, 9),
    operate(
        &["clear", "table"],
        &[Object(O::Table), Word("key"), Object(O::TableKey)],
    ),
    operate(
        &["clear", "table"],
        &[Object(O::Table), Word("ptr"), Object(O::TablePointer)],
    )
    .since(2, 9),
    admin(&["clear", "table"], &[Object(O::Table), DATA_FILTERS]),
    // -- certificates --
    read(&["show", "ssl", "cert"], &[Optional(&[Object(O::Cert)])]),
    read(
        &["show", "ssl", "ca-file"],
        &[Optional(&[Object(O::CaFile)])],
    ),
    read(
        &["show", "ssl", "crl-file"],
        &[Optional(&[Object(O::CrlFile)])],
    ),
    read(
        &["show", "ssl", "crt-list"],
        &[Optional(&[Word("-n")]), Optional(&[Object(O::CrtList)])],
    ),
    read(
        &["show", "ssl", "sni"],
        &[Repeated(&[
            &[Word("-f"), Object(O::Frontend)],
            &[Word("-A")],
            &[Word("-t"), Value(V::Duration)],
        ])],
    )
    .since(3, 2),
    read(
        &["show", "ssl", "ocsp-response"],
        &[Optional(&[
            Optional(&[OneOf(&["text", "base64"])]),
            Value(V::Text),
        ])],
    ),
    read(&["show", "ssl", "ocsp-updates"], &[]).since(2, 8),
    read(&["show", "ssl", "providers"], &[]),
    read(&["show", "ssl", "jwt"], &[]).since(3, 3),
    read(&["acme", "status"], &[]).since(3, 2),
    admin(&["acme", "renew"], &[Object(O::Cert)])
        .says(Quiet)
        .since(3, 2),
    admin(
        &["acme", "challenge_ready"],
        &[Object(O::Cert), Word("domain"), Value(V::Text)],
    )
    .says(Quiet)
    .since(3, 2),
    // Creates an empty store at once: no transaction, so that only deleting it takes it back.
    admin(&["new", "ssl", "cert"], &[Object(O::Cert)])
        .says(Notice)
        .step(Step::Create(Subject::Cert)),
    admin(&["set", "ssl", "cert"], &[Object(O::Cert)])
        .payload(Payload::Secret)
        .says(Notice)
        .step(Step::Draft(Subject::Cert)),
    admin(&["commit", "ssl", "cert"], &[Object(O::Cert)])
        .says(Line("Success!"))
        .step(Step::Commit(Subject::Cert)),
    ABORT_CERT,
    DEL_CERT,
    admin(&["new", "ssl", "ca-file"], &[Object(O::CaFile)])
        .says(Notice)
        .step(Step::Create(Subject::CaFile)),
    // No key belongs into these, but whole PEM files are what people have at hand.
    admin(&["set", "ssl", "ca-file"], &[Object(O::CaFile)])
        .payload(Payload::Secret)
        .says(Notice)
        .step(Step::Draft(Subject::CaFile)),
    admin(&["add", "ssl", "ca-file"], &[Object(O::CaFile)])
        .payload(Payload::Secret)
        .says(Notice)
        .step(Step::Draft(Subject::CaFile))
        .since(2, 7),
    admin(&["commit", "ssl", "ca-file"], &[Object(O::CaFile)])
        .says(Line("Success!"))
        .step(Step::Commit(Subject::CaFile)),
    ABORT_CA_FILE,
    DEL_CA_FILE,
    admin(&["new", "ssl", "crl-file"], &[Object(O::CrlFile)])
        .says(Notice)
        .step(Step::Create(Subject::CrlFile)),
    admin(&["set", "ssl", "crl-file"], &[Object(O::CrlFile)])
        .payload(Payload::Secret)
        .says(Notice)
        .step(Step::Draft(Subject::CrlFile)),
    admin(&["commit", "ssl", "crl-file"], &[Object(O::CrlFile)])
        .says(Line("Success!"))
        .step(Step::Commit(Subject::CrlFile)),
    ABORT_CRL_FILE,
    DEL_CRL_FILE,
    admin(
        &["add", "ssl", "crt-list"],
        &[Object(O::CrtList), Object(O::Cert)],
    )
    .says(Line("Success!")),
    admin(&["add", "ssl", "crt-list"], &[Object(O::CrtList)])
        .payload(Payload::Text)
        .says(Line("Success!")),
    admin(
        &["del", "ssl", "crt-list"],
        &[Object(O::CrtList), Object(O::Cert)],
    )
    .says(Notice),
    admin(&["add", "ssl", "jwt"], &[Object(O::Cert)])
        .says(Quiet)
        .since(3, 3),
    admin(&["del", "ssl", "jwt"], &[Object(O::Cert)])
        .says(Quiet)
        .since(3, 3),
    admin(&["set", "ssl", "ocsp-response"], &[Value(V::Text)]).says(Notice),
    admin(&["set", "ssl", "ocsp-response"], &[])
        .payload(Payload::Text)
        .says(Notice),
    admin(&["update", "ssl", "ocsp-response"], &[Object(O::Cert)])
        .says(Quiet)
        .since(2, 8),
    admin(&["set", "ssl", "tls-key"], &[Value(V::Text), Secret]).says(Notice),
    read(&["show", "tls-keys"], &[]),
    never(
        &["show", "tls-keys"],
        &[Value(V::Text), Rest],
        NeverReason::RevealsSecrets,
    ),
    never(
        &["dump", "ssl", "cert"],
        &[Rest],
        NeverReason::RevealsSecrets,
    )
    .since(3, 1),
    never(&["show", "env"], &[Rest], NeverReason::RevealsSecrets),
    // -- the master process --
    SHOW_PROC,
    read(&[MASTER, "show", "startup-logs"], &[])
        .reveals(Reveals::Configuration)
        .master()
        .since(2, 7),
    // 2.6 closes the connection without a text; later versions say `Success=1` or `Success=0` and the logs.
    admin(&["reload"], &[])
        .says(Text)
        .reveals(Reveals::Configuration)
        .master(),
    admin(&["hard-reload"], &[])
        .says(Text)
        .reveals(Reveals::Configuration)
        .master()
        .since(2, 9),
    never(&["mcli-debug-mode"], &[Rest], NeverReason::ChangesSession).master(),
    // -- never --
    never(&["debug", "dev"], &[Rest], NeverReason::HandsOverProcess),
    never(&["httpclient"], &[Rest], NeverReason::HandsOverProcess),
    never(&["trace"], &[Rest], NeverReason::HandsOverProcess),
    never(&["expert-mode"], &[Rest], NeverReason::HandsOverProcess),
    never(
        &["experimental-mode"],
        &[Rest],
        NeverReason::HandsOverProcess,
    ),
    never(&["set", "var"], &[Rest], NeverReason::NeedsMode),
    never(&["add", "ssl", "ech"], &[Rest], NeverReason::NeedsMode).since(3, 3),
    never(&["del", "ssl", "ech"], &[Rest], NeverReason::NeedsMode).since(3, 3),
    never(&["set", "ssl", "ech"], &[Rest], NeverReason::NeedsMode).since(3, 3),
    never(&["show", "ssl", "ech"], &[Rest], NeverReason::NeedsMode).since(3, 3),
    never(&["set", "anon"], &[Rest], NeverReason::ChangesSession).since(2, 7),
    never(
        &["set", "severity-output"],
        &[Rest],
        NeverReason::ChangesSession,
    ),
    never(&["set", "timeout"], &[Rest], NeverReason::ChangesSession),
    never(&["prompt"], &[Rest], NeverReason::ChangesSession),
    never(&["quit"], &[Rest], NeverReason::ChangesSession),
    never(&["operator"], &[Rest], NeverReason::ChangesSession),
    never(&["user"], &[Rest], NeverReason::ChangesSession),
];
