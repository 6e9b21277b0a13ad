//! `get_var`.

use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use serde::{Deserialize, Serialize};

const GET: Need = Need {
    command: &["get", "var"],
    since: None,
    level: Some("operator"),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Answer<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    value: Variable<'a>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Variable<'a> {
    Number(i64),
    Truth(bool),
    Text(&'a str),
}

/// The tool.
pub(crate) fn get_var(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { name } = call.arguments()?;
    let reply = match GET.ask(&call.instance(), &[&name]) {
        Ok(reply) => reply.text()?,
        Err(failure) if failure.rejection() == Some("no-such-variable") => {
            return Err(Failure::not_found(format!(
                "this HAProxy has no variable: `{name}`"
            ))
            .hint(
                "only variables of the process have a value here (`proc.…`, of `set-var` in the `global` section); \
                 HAProxy cannot list them",
            )
            .argument("/name"));
        }
        Err(failure) => return Err(failure),
    };
    let Some(answer) = read(&reply, &name) else {
        return Err(Failure::unparsable(format!(
            "`get var` does not answer with a variable: `{}`",
            reply.trim()
        )));
    };
    let line = reply.trim().to_owned();
    Ok(Outcome::of(&answer)?.text(line))
}

/// `proc.x: type=sint value=<42>`; in a text HAProxy writes a dot for what cannot be printed.
fn read<'a>(reply: &'a str, wanted: &str) -> Option<Answer<'a>> {
    let (name, rest) = reply.trim().split_once(": type=")?;
    let (kind, rest) = rest.split_once(' ')?;
    let value = rest.strip_prefix("value=<")?.strip_suffix('>')?;
    if name != wanted {
        return None;
    }
    let value = match kind {
        "sint" => value
            .parse()
            .map_or(Variable::Text(value), Variable::Number),
        "bool" => match value {
            "0" => Variable::Truth(false),
            "1" => Variable::Truth(true),
            _ => Variable::Text(value),
        },
        _ => Variable::Text(value),
    };
    Some(Answer { name, kind, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_types() {
        for (reply, kind, value) in [
            ("v: type=sint value=<42>\n", "sint", Variable::Number(42)),
            ("v: type=sint value=<-1>\n\n", "sint", Variable::Number(-1)),
            ("v: type=bool value=<1>\n", "bool", Variable::Truth(true)),
            ("v: type=str value=<a b>c>", "str", Variable::Text("a b>c")),
            ("v: type=str value=<>", "str", Variable::Text("")),
        ] {
            let answer = read(reply, "v");
            assert_eq!(
                answer,
                Some(Answer {
                    name: "v",
                    kind,
                    value
                }),
                "{reply}"
            );
        }
    }

    #[test]
    fn what_is_no_variable_is_not_read() {
        for reply in [
            "",
            "v",
            "v: type=sint",
            "v: type=sint value=42",
            "w: type=sint value=<42>",
        ] {
            assert_eq!(read(reply, "v"), None, "{reply}");
        }
    }
}
