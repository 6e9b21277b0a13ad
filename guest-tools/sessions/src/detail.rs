//! One session: what HAProxy says of it at length, and whether an id still means it.

use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::dates;
use haproxy_replies::sessions::{Block, BlocksReader};
use serde::Serialize;

use crate::SHOW;

/// What tells a session from others, also from one that got its id after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Named {
    pub(crate) id: String,
    /// HAProxy counts sessions from its start: no other has had this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proto: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) frontend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
}

impl Named {
    fn of(block: &Block) -> Self {
        let field = |name: &str| {
            let value = block.field(name)?;
            (!matches!(value, "<none>" | "<NONE>" | "?" | "")).then(|| value.to_owned())
        };
        Self {
            id: block.id.clone(),
            number: block.field("id").and_then(|number| number.parse().ok()),
            began: block.began().map(str::to_owned),
            proto: field("proto"),
            source: field("source"),
            frontend: field("frontend"),
            backend: field("backend"),
            server: field("server"),
        }
    }

    /// Whether two are the same session: the id alone may have been given to another.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.number == other.number && self.began == other.began
    }
}

/// What HAProxy says of a session; none where there is none of this id.
pub(crate) fn look(instance: &Instance, id: &str) -> Result<Option<(Named, Block)>, Failure> {
    let reply = match SHOW.ask(instance, &[id]) {
        Ok(reply) => reply,
        Err(failure) if failure.rejection() == Some("no-such-session") => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let mut reader = BlocksReader::default();
    let mut found: Option<Block> = None;
    let mut keep = |block: Block| {
        found.get_or_insert(block);
    };
    reply.for_each(|chunk| reader.push(chunk, &mut keep).map_err(Failure::unparsable))?;
    reader.finish(keep).map_err(Failure::unparsable)?;
    Ok(found.map(|block| (Named::of(&block), block)))
}

/// The failure for an id that no session has.
pub(crate) fn unknown(id: &str) -> Failure {
    Failure::not_found(format!("there is no such session: `{id}`"))
        .hint("it may have ended; show_sess lists those that there are")
        .argument("/session")
}

#[derive(Serialize)]
struct Answer<'a> {
    session: Session<'a>,
}

#[derive(Serialize)]
struct Session<'a> {
    #[serde(flatten)]
    named: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    lines: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// `show_sess` with `session`.
pub(crate) fn show(call: &Call<'_>, id: &str) -> Result<Outcome, Failure> {
    let Some((named, block)) = look(&call.instance(), id)? else {
        return Err(unknown(id));
    };
    let age_seconds = block
        .field("age")
        .and_then(|age| dates::span(age.as_bytes()));
    let shown = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    let line = format!(
        "{id}: from {} by {} to {}/{}",
        shown(&named.source),
        shown(&named.frontend),
        shown(&named.backend),
        shown(&named.server)
    );
    let answer = Answer {
        session: Session {
            named,
            age_seconds,
            lines: &block.lines,
            cut: block.cut,
        },
    };
    Ok(Outcome::of(&answer)?.text(line))
}
