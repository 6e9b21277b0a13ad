//! The table of tools of a module.

use crate::bindings::exports::haproxy::module::tools::{
    ModuleDescription, Tool as DescribedTool, ToolError,
};
use crate::bindings::haproxy::module::invocation;
pub use crate::bindings::haproxy::module::types::AccessLevel as Access;
use crate::call::{Call, Outcome};
use crate::failure::Failure;

/// One tool: what clients see of it, and the function that runs it.
pub struct Tool {
    /// `^[a-z][a-z0-9_]{1,39}$`.
    pub name: &'static str,
    /// A short name for people.
    pub title: &'static str,
    /// What it does and when to use it; at most 1,024 characters.
    pub description: &'static str,
    /// JSON Schema 2020-12 of the arguments: an object.
    pub input_schema: &'static str,
    /// JSON Schema 2020-12 of the answer: an object; the host checks every answer against it.
    pub output_schema: &'static str,
    /// The most that its commands need; the host refuses more.
    pub access: Access,
    /// The set that it is listed with.
    pub toolset: &'static str,
    /// Whether what it does cannot be taken back.
    pub destructive: bool,
    /// Whether doing it twice is the same as doing it once.
    pub idempotent: bool,
    /// Whether what a successful call prepared or drafted in HAProxy stays there on purpose.
    pub leaves_open: bool,
    /// How long a call may take, in seconds, waiting included: 60 unless said otherwise, at most 3,600.
    pub longest_seconds: u32,
    /// Bytes that the arguments may have: 65,536 unless said otherwise, at most 4,194,304.
    pub argument_bytes: u32,
    /// The ways to HAProxy any of which it can work with: `runtime`, `master`, `stats`, `metrics`, `config`, `log`. It is
    /// listed where one of them is configured; where there is none in the list, always.
    pub doors: &'static [&'static str],
    /// Runs one call.
    pub run: fn(&Call<'_>) -> Result<Outcome, Failure>,
}

impl Tool {
    /// What most tools leave as it is: `..Tool::USUAL` behind all that a tool says of itself.
    pub const USUAL: Self = Self {
        name: "",
        title: "",
        description: "",
        input_schema: "{}",
        output_schema: "{}",
        access: Access::Read,
        toolset: "",
        destructive: false,
        idempotent: false,
        leaves_open: false,
        longest_seconds: 60,
        argument_bytes: 65_536,
        doors: &["runtime"],
        run: |_| Err(Failure::other("this tool does nothing")),
    };
}

/// Describes a table of tools to the host.
pub fn describe(name: &str, version: &str, tools: &[Tool]) -> ModuleDescription {
    ModuleDescription {
        name: name.to_owned(),
        version: version.to_owned(),
        tools: tools
            .iter()
            .map(|tool| DescribedTool {
                name: tool.name.to_owned(),
                title: tool.title.to_owned(),
                description: tool.description.to_owned(),
                input_schema: tool.input_schema.to_owned(),
                output_schema: tool.output_schema.to_owned(),
                access: tool.access,
                toolset: tool.toolset.to_owned(),
                meta: format!(
                    r#"{{"destructive":{},"idempotent":{},"leaves-open":{},"longest-seconds":{},"argument-bytes":{},"doors":{:?}}}"#,
                    tool.destructive,
                    tool.idempotent,
                    tool.leaves_open,
                    tool.longest_seconds,
                    tool.argument_bytes,
                    // names of letters, so that it is JSON
                    tool.doors
                ),
            })
            .collect(),
        meta: "{}".to_owned(),
    }
}

/// Runs the tool that the request names.
pub fn run(
    request: &invocation::Request,
    tools: &[Tool],
) -> Result<invocation::Outcome, ToolError> {
    let name = request.tool();
    let Some(tool) = tools.iter().find(|tool| tool.name == name) else {
        return Err(Failure::other(format!("this module has no tool `{name}`")).into());
    };
    let outcome = (tool.run)(&Call::new(request))?;
    Ok(outcome.into_wit())
}
