//! One tool, as its module describes it, checked.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use haproxy_mcp_engine::{ModuleDescription, ToolDescription, WantedAccess};
use serde_json::{Map, Value};

use super::schema::{Schema, SchemaError};
use crate::doors::DoorName;
use crate::policy::Access;
use crate::sandbox::{Module, limits};
use crate::visible::hidden;

/// Characters of a tool's name, with the module's key in front. Several clients accept no more.
pub(super) const NAME_CHARACTERS: usize = 64;

/// Characters of a tool's own name.
pub(super) const OWN_NAME_CHARACTERS: usize = 40;

/// Characters of a title.
pub(super) const TITLE_CHARACTERS: usize = 80;

/// Characters of a description.
pub(super) const DESCRIPTION_CHARACTERS: usize = 1_024;

/// What is wrong with a tool's description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// The name cannot be used.
    #[error("the name is not `^[a-z][a-z0-9_]{{1,39}}$`, or too long with the module's key: {0:?}")]
    Name(String),
    /// A text is empty, too long, or hides something.
    #[error("the {what} of `{tool}` {problem}")]
    Text {
        /// The tool.
        tool: String,
        /// `title`, `description` or `toolset`.
        what: &'static str,
        /// Why.
        problem: TextProblem,
    },
    /// A schema cannot be used.
    #[error("the {what} schema of `{tool}` cannot be used: {source}")]
    Schema {
        /// The tool.
        tool: String,
        /// `input` or `output`.
        what: &'static str,
        /// Why.
        source: SchemaError,
    },
    /// The `meta` is not an object, or a known key has another type.
    #[error(
        "the `meta` of `{tool}` is not an object whose `destructive`, `idempotent` and `leaves-open` are booleans, \
         whose `longest-seconds` and `argument-bytes` are within their limits, and whose `doors` are names"
    )]
    Meta {
        /// The tool.
        tool: String,
    },
    /// It declares more than its module was granted.
    #[error("`{tool}` declares access `{declared}`; its module is granted `{granted}`")]
    Access {
        /// The tool.
        tool: String,
        /// What it declares.
        declared: Access,
        /// What its module has.
        granted: Access,
    },
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Too much.
    #[error("is longer than the limit: {0} characters")]
    TooLong(usize),
    /// What a person does not see.
    #[error("holds control or invisible characters")]
    Hidden,
}

/// One tool.
pub struct Tool {
    /// As clients name it.
    pub name: String,
    /// As its module names it.
    pub own_name: String,
    /// For people.
    pub title: String,
    /// What it does and when to use it.
    pub description: String,
    /// What it takes.
    pub input: Arc<Schema>,
    /// What it answers.
    pub output: Arc<Schema>,
    /// The most that its commands need.
    pub access: Access,
    /// The set that it is listed with.
    pub toolset: String,
    /// Whether what it does cannot be taken back.
    pub destructive: bool,
    /// Whether doing it twice is doing it once.
    pub idempotent: bool,
    /// Whether what a successful call opened in HAProxy stays open on purpose.
    pub leaves_open: bool,
    /// How long a call may take, waiting included.
    pub longest: Duration,
    /// Bytes that its arguments may have.
    pub argument_bytes: usize,
    /// The doors any of which it can work with; none where it needs none.
    pub doors: Vec<DoorName>,
    /// Who runs it.
    pub module: Arc<Module>,
}

impl Tool {
    /// Checks a description. `prefix` is put in front of the name, with `__` between.
    pub fn new(
        described: &ToolDescription,
        module: &Arc<Module>,
        prefix: Option<&str>,
    ) -> Result<Self, ToolError> {
        // Whoever built this binary has checked the tools that are in it, and weighed what they take up.
        let foreign = module.is_foreign();
        if foreign {
            check(described, prefix)?;
        }
        let tool = &*described.name;
        let access = access(described.access);
        let granted = module.access();
        if access > granted {
            return Err(ToolError::Access {
                tool: tool.to_owned(),
                declared: access,
                granted,
            });
        }
        let meta = Meta::read(&described.meta).ok_or_else(|| ToolError::Meta {
            tool: tool.to_owned(),
        })?;
        let (longest, argument_bytes) = if foreign {
            (limits::WALL_CLOCK, limits::ARGUMENT_BYTES)
        } else {
            (meta.longest, meta.argument_bytes)
        };
        let schema = |what: &'static str, text: Cow<'static, str>| {
            if !foreign {
                return Ok(Schema::built(text));
            }
            Schema::parse(&text).map_err(|source| ToolError::Schema {
                tool: tool.to_owned(),
                what,
                source,
            })
        };
        Ok(Self {
            input: Arc::new(schema("input", described.input_schema.clone())?),
            output: Arc::new(schema("output", described.output_schema.clone())?),
            name: listed_name(prefix, tool),
            title: described.title.clone().into_owned(),
            description: described.description.clone().into_owned(),
            access,
            toolset: described.toolset.clone().into_owned(),
            destructive: meta.destructive,
            idempotent: meta.idempotent,
            leaves_open: meta.leaves_open,
            longest,
            argument_bytes,
            doors: meta.doors,
            module: Arc::clone(module),
            own_name: tool.to_owned(),
        })
    }

    /// Whether doing it twice is doing it once: said of a tool that only reads, too.
    pub fn is_idempotent(&self) -> bool {
        self.idempotent || self.access == Access::Read
    }

    /// Compiles both schemas now. For modules that nobody here has built.
    pub fn compile(&self) -> Result<(), ToolError> {
        for (what, schema) in [("input", &self.input), ("output", &self.output)] {
            schema.compile().map_err(|source| ToolError::Schema {
                tool: self.own_name.clone(),
                what,
                source,
            })?;
        }
        Ok(())
    }
}

/// What a tool declares to need.
pub(super) fn access(wanted: WantedAccess) -> Access {
    match wanted {
        WantedAccess::Read => Access::Read,
        WantedAccess::Operate => Access::Operate,
        WantedAccess::Admin => Access::Admin,
    }
}

/// A tool's name as clients see it.
pub(super) fn listed_name(prefix: Option<&str>, own_name: &str) -> String {
    match prefix {
        Some(prefix) => format!("{prefix}__{own_name}"),
        None => own_name.to_owned(),
    }
}

/// Checks the names and texts of a tool.
fn check(described: &ToolDescription, prefix: Option<&str>) -> Result<(), ToolError> {
    let name = listed_name(prefix, &described.name);
    if !is_name(&described.name) || name.len() > NAME_CHARACTERS {
        return Err(ToolError::Name(described.name.chars().take(80).collect()));
    }
    let tool = &described.name;
    check_text(tool, "title", &described.title, TITLE_CHARACTERS)?;
    check_text(
        tool,
        "description",
        &described.description,
        DESCRIPTION_CHARACTERS,
    )?;
    check_text(tool, "toolset", &described.toolset, OWN_NAME_CHARACTERS)
}

fn is_name(name: &str) -> bool {
    (2..=OWN_NAME_CHARACTERS).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|character| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
        })
}

fn check_text(tool: &str, what: &'static str, text: &str, limit: usize) -> Result<(), ToolError> {
    let problem = if text.trim().is_empty() {
        TextProblem::Empty
    } else if text.chars().count() > limit {
        TextProblem::TooLong(limit)
    } else if text
        .chars()
        .any(|character| hidden(character) && character != '\n')
    {
        TextProblem::Hidden
    } else {
        return Ok(());
    };
    Err(ToolError::Text {
        tool: tool.to_owned(),
        what,
        problem,
    })
}

/// What is wrong with what a module says of itself.
pub(super) fn module_problem(description: &ModuleDescription) -> Option<&'static str> {
    let ModuleDescription {
        name,
        version,
        meta,
        ..
    } = description;
    let plain = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
    };
    if name.len() > OWN_NAME_CHARACTERS
        || !name.starts_with(|first: char| first.is_ascii_lowercase())
        || !name.chars().all(plain)
    {
        return Some("name is not `^[a-z][a-z0-9-]{0,39}$`");
    }
    if !is_version(version) {
        return Some("version is not a semantic version such as `1.2.3`");
    }
    if serde_json::from_str::<Map<String, Value>>(meta).is_err() {
        return Some("`meta` is not a JSON object");
    }
    None
}

/// Three numbers, and what may follow them (Semantic Versioning 2.0.0, sections 2, 9 and 10).
fn is_version(version: &str) -> bool {
    let plain = |text: &str| {
        text.chars()
            .all(|character| character.is_ascii_alphanumeric() || ".-".contains(character))
    };
    let (version, build) = version.split_once('+').unwrap_or((version, ""));
    let (numbers, pre) = version.split_once('-').unwrap_or((version, ""));
    let numbers: Vec<&str> = numbers.split('.').collect();
    numbers.len() == 3
        && numbers
            .iter()
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        && plain(build)
        && plain(pre)
        && version.len() + build.len() <= TITLE_CHARACTERS
}

/// The known keys of a tool's `meta`.
struct Meta {
    destructive: bool,
    idempotent: bool,
    leaves_open: bool,
    longest: Duration,
    argument_bytes: usize,
    doors: Vec<DoorName>,
}

/// The doors that a tool's `meta` names, any of which is enough; none where it needs none, or where the text is not what
/// it should be. A door of a later version is passed over.
pub(super) fn doors(meta: &str) -> Vec<DoorName> {
    serde_json::from_str(meta)
        .ok()
        .and_then(|meta| named_doors(&meta))
        .unwrap_or_default()
}

fn named_doors(meta: &Map<String, Value>) -> Option<Vec<DoorName>> {
    let Some(doors) = meta.get("doors") else {
        return Some(Vec::new());
    };
    let names: Option<Vec<&str>> = doors.as_array()?.iter().map(Value::as_str).collect();
    Some(names?.into_iter().filter_map(DoorName::named).collect())
}

impl Meta {
    /// None where the text is not what it should be.
    fn read(text: &str) -> Option<Self> {
        let meta: Map<String, Value> = serde_json::from_str(text).ok()?;
        let flag = |key: &str| meta.get(key).map_or(Some(false), Value::as_bool);
        let number = |key: &str, usual: u64, most: u64| match meta.get(key) {
            None => Some(usual),
            Some(value) => value.as_u64().filter(|number| (1..=most).contains(number)),
        };
        let seconds = number(
            "longest-seconds",
            limits::WALL_CLOCK.as_secs(),
            limits::LONGEST_WALL_CLOCK.as_secs(),
        )?;
        let bytes = number(
            "argument-bytes",
            limits::ARGUMENT_BYTES as u64,
            limits::LARGEST_ARGUMENT_BYTES as u64,
        )?;
        Some(Self {
            destructive: flag("destructive")?,
            idempotent: flag("idempotent")?,
            leaves_open: flag("leaves-open")?,
            longest: Duration::from_secs(seconds),
            argument_bytes: usize::try_from(bytes).ok()?,
            doors: named_doors(&meta)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the host takes for granted of its own tools.
    #[test]
    fn the_tools_that_are_built_in_pass_what_those_of_files_must() {
        for builtin in haproxy_mcp_builtin::MODULES {
            let description = &builtin.description;
            assert_eq!(module_problem(description), None, "{}", builtin.family);
            for tool in description.tools.iter() {
                assert_eq!(check(tool, None), Ok(()));
                for schema in [&tool.input_schema, &tool.output_schema] {
                    let parsed = Schema::parse(schema);
                    assert_eq!(
                        parsed.and_then(|schema| schema.compile()),
                        Ok(()),
                        "{}",
                        tool.name
                    );
                }
            }
        }
    }
}
