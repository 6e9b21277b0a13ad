//! Commands made from the rows of the table.

use haproxy_mcp::policy::{
    Access, Authority, COMMANDS, Command, CommandSpec, Denial, DenialReason, Grant, InstanceId,
    Object, Part, Payload, Permit, Refusal, Rights, Value, decide,
};

/// A word that can stand for this object and is its name.
pub(crate) fn name(object: Object) -> &'static str {
    match object {
        Object::Server => "be_app/app1",
        Object::Frontend => "fe_http",
        Object::Backend | Object::Proxy => "be_app",
        Object::ServerId => "7",
        Object::Map => "/etc/haproxy/hosts.map",
        Object::Acl => "/etc/haproxy/ips.acl",
        Object::Version => "@3",
        Object::Entry => "www.example.test",
        Object::Table => "st_src",
        Object::TableKey => "192.0.2.1",
        Object::TablePointer | Object::Session => "0x7f5027240270",
        Object::Cert => "/etc/haproxy/site.pem",
        Object::CaFile => "ca.crt",
        Object::CrlFile => "ca.crl",
        Object::CrtList => "/etc/haproxy/crtlist.txt",
        Object::Peers => "mypeers",
        Object::Resolvers => "mydns",
        Object::Sink => "buf0",
        Object::Variable => "proc.x",
        Object::TraceSource => "h1",
    }
}

fn value(value: Value) -> &'static str {
    match value {
        Value::Text => "text",
        Value::Number => "12",
        Value::Integer => "-1",
        Value::Long => "-9223372036854775807",
        Value::Weight => "50%",
        Value::Duration => "2s",
        Value::Data => "data.gpc0",
        Value::Operator => "gt",
    }
}

/// The word that stands for a secret in samples.
pub(crate) const SECRET: &str = "hunter2";

fn fill(parts: &[Part], optional: bool, words: &mut Vec<String>) {
    for part in parts {
        match *part {
            Part::Word(word) => words.push(word.into()),
            Part::OneOf(choices) => words.push(choices[0].into()),
            Part::Object(object) => words.push(name(object).into()),
            Part::Value(form) => words.push(value(form).into()),
            Part::Secret => words.push(SECRET.into()),
            Part::Optional(parts) if optional => fill(parts, optional, words),
            Part::Repeated(choices) if optional => {
                for choice in choices {
                    fill(choice, optional, words);
                }
            }
            Part::Rest if optional => words.extend(["and".into(), "more".into()]),
            Part::Optional(_) | Part::Repeated(_) | Part::Rest => {}
        }
    }
}

/// A command of this row: with nothing that may be left out, or with all of it.
pub(crate) fn command(spec: &CommandSpec, optional: bool) -> Command {
    let mut words: Vec<String> = spec.path.iter().copied().map(Into::into).collect();
    fill(spec.args, optional, &mut words);
    Command::new(words).with_payload(match spec.payload {
        Payload::None => Vec::new(),
        Payload::Entries => vec!["a.test be_app", "b.test be_api"],
        Payload::Text => vec!["some text", "more text"],
        Payload::Secret => vec!["-----BEGIN PRIVATE KEY-----", SECRET],
    })
}

/// Both commands of each row.
pub(crate) fn commands() -> impl Iterator<Item = (&'static CommandSpec, Command)> {
    COMMANDS
        .iter()
        .flat_map(|spec| [(spec, command(spec, false)), (spec, command(spec, true))])
}

/// Each row that can be granted, with its access and both commands.
pub(crate) fn granted() -> impl Iterator<Item = (&'static CommandSpec, Access, Command)> {
    commands().filter_map(|(spec, command)| match spec.rights {
        Rights::Granted(access) => Some((spec, access, command)),
        Rights::Never(_) => None,
    })
}

pub(crate) fn here() -> InstanceId {
    InstanceId::new("edge")
}

/// Decides under a server, a tool and a grant, each of this access: the grant is of all commands, or of this one by
/// name where a grant of all commands does not cover it.
pub(crate) fn at(access: Access, command: &Command) -> Result<Permit, Refusal> {
    match under(&Grant::all(access), access, command) {
        Err(Refusal::Denied(Denial {
            reason: DenialReason::NotGranted { pattern },
            ..
        })) => {
            let named = Grant::only(access, vec![pattern.parse().unwrap()]);
            under(&named, access, command)
        }
        decided => decided,
    }
}

/// Decides under this grant, the server and the tool having this access.
pub(crate) fn under(grant: &Grant, access: Access, command: &Command) -> Result<Permit, Refusal> {
    decide(
        &Authority {
            server: access,
            module: grant,
            tool: access,
        },
        &here(),
        command,
    )
}

/// Splits a line at spaces.
pub(crate) fn say(line: &str) -> Command {
    Command::new(line.split(' '))
}

/// The stable name of the refusal, or `permitted`.
pub(crate) fn verdict(result: &Result<Permit, Refusal>) -> &'static str {
    match result {
        Ok(_) => "permitted",
        Err(refusal) => refusal.code(),
    }
}
