//! The tools of all modules: what clients see of them, and how a call of one reaches its module and comes back.

mod answer;
mod builtin;
pub mod manual;
mod reference;
mod schema;
pub mod selection;
mod tool;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use haproxy_mcp_builtin::Builtin;
use haproxy_mcp_engine::ModuleDescription;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use answer::{Answer, Refused};
pub use schema::{Schema, SchemaError, Violation};
pub use tool::{TextProblem, Tool, ToolError};

use selection::{Candidate, Selection, SelectionError};

use crate::audit::{Audit, AuditError, Event, Verdict};
use crate::doors::{DoorName, Doors};
use crate::policy::{Access, Grant, Page};
use crate::sandbox::{
    Acts, CallRequest, CallResult, LoadError, Module, ProgressSink, Record, Sandbox, limits,
};
use crate::visible::visible;

/// Tools of one module.
pub const TOOLS_OF_A_MODULE: usize = 100;

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A module cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A module offers nothing, or too much.
    #[error("module `{key}` describes {count} tools; the limit is 1 to {TOOLS_OF_A_MODULE}")]
    Count {
        /// The module.
        key: String,
        /// How many.
        count: usize,
    },
    /// What a module says of itself is not what the contract wants.
    #[error("module `{key}`: its {what}")]
    Module {
        /// The module.
        key: String,
        /// What of it, and why.
        what: &'static str,
    },
    /// A tool cannot be listed.
    #[error("module `{key}`: {source}")]
    Tool {
        /// The module.
        key: String,
        /// Why.
        source: ToolError,
    },
    /// Two tools have one name.
    #[error("module `{key}` describes a tool that exists already: `{name}`")]
    Clash {
        /// The module.
        key: String,
        /// The name.
        name: String,
    },
    /// There is no place for the audit.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The choice of tools names what does not exist, or leaves nothing.
    #[error(transparent)]
    Selection(#[from] SelectionError),
}

impl CatalogueError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Load(error) => error.hint(),
            Self::Count { .. } | Self::Module { .. } | Self::Tool { .. } => {
                "correct what the module's `describe` returns; the limits are in `wit/tools.wit`"
                    .to_owned()
            }
            Self::Clash { .. } => {
                "give each module file another name, and each tool of a module, too".to_owned()
            }
            Self::Audit(_) => {
                "name a file in a folder that this user may write to, with `--audit-file`"
                    .to_owned()
            }
            Self::Selection(error) => error.hint(),
        }
    }
}

/// What a built-in module is granted: nothing at all, should its patterns be wrong, which a test excludes.
fn granted(family: &str) -> Grant {
    builtin::grant(family).unwrap_or_else(|error| {
        tracing::error!(module = family, "its grant cannot be used: {error}");
        Grant::none()
    })
}

/// Who calls, for one call.
pub struct Caller {
    /// Cancelled when the caller gives up.
    pub cancel: CancellationToken,
    /// Where progress goes; none where the caller did not ask for it.
    pub progress: Option<ProgressSink>,
    /// Who it is, for the audit.
    pub principal: &'static str,
}

/// Why a tool is not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlisted {
    /// The operator chose others.
    NotChosen,
    /// It needs more access than this server allows.
    AboveCeiling {
        /// What it needs.
        needs: Access,
    },
    /// None of the doors that it could work with is configured.
    NoDoor {
        /// Any of these would do.
        doors: Vec<DoorName>,
    },
}

/// The tools that were chosen, in the order in which they are listed.
pub struct Catalogue {
    sandbox: Sandbox,
    /// Places for checks against schemas of modules from files.
    checks: Arc<Semaphore>,
    doors: Arc<Doors>,
    ceiling: Access,
    audit: Audit,
    tools: Vec<Tool>,
    by_name: HashMap<String, usize>,
    known: Vec<Candidate>,
}

impl Catalogue {
    /// The built-in tools that are selected, and those of modules from files. Nothing is asked of HAProxy.
    pub async fn load(
        doors: Arc<Doors>,
        ceiling: Access,
        selection: &Selection,
        files: &[PathBuf],
        audit: Audit,
    ) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            sandbox: Sandbox::default(),
            checks: Arc::new(Semaphore::new(limits::CONCURRENT_CHECKS as usize)),
            doors,
            ceiling,
            audit,
            tools: Vec::new(),
            by_name: HashMap::new(),
            known: Vec::new(),
        };
        for builtin in haproxy_mcp_builtin::MODULES {
            let access = builtin::access(builtin.family);
            let module = Sandbox::builtin(builtin, access, || granted(builtin.family));
            catalogue.add(module, &builtin.description, selection)?;
        }
        for path in files {
            // What shows no more than the commands do.
            let grant = Grant::read().with_pages(&Page::ALL);
            let (module, description) = catalogue.sandbox.file(path, grant).await?;
            tracing::info!(
                module = module.key(),
                version = visible(&description.version, 40).as_ref(),
                tools = description.tools.len(),
                "module loaded from a file"
            );
            catalogue.add(module, &description, selection)?;
        }
        let doors = &catalogue.doors;
        selection.check(&catalogue.known, ceiling, |door| doors.has(door))?;
        Ok(catalogue)
    }

    /// The names of all built-in tools.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        let tools = |builtin: &'static Builtin| builtin.description.tools.iter();
        haproxy_mcp_builtin::MODULES
            .iter()
            .flat_map(tools)
            .map(|tool| &*tool.name)
    }

    /// The tools that are listed.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The tool of this name, if it is listed.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.by_name
            .get(name)
            .and_then(|&index| self.tools.get(index))
    }

    /// Why the tool of this name is not listed; none where it is, and where there is no such tool.
    pub fn unlisted(&self, name: &str) -> Option<Unlisted> {
        if self.by_name.contains_key(name) {
            return None;
        }
        let tool = self.known.iter().find(|tool| tool.name == name)?;
        Some(if tool.access > self.ceiling {
            Unlisted::AboveCeiling { needs: tool.access }
        } else if let Some(doors) = tool.missing(|door| self.doors.has(door)) {
            Unlisted::NoDoor { doors }
        } else {
            Unlisted::NotChosen
        })
    }

    /// Refuses a tool that is not listed since it needs more access than this server allows, and records that.
    pub fn refuse(&self, name: &str, needs: Access, principal: &str) -> Refused {
        let refused = Refused::AboveCeiling {
            tool: name.to_owned(),
            needs,
            ceiling: self.ceiling,
        };
        let module = self.known.iter().find(|tool| tool.name == name);
        let reason = refused.to_string();
        let event = Event {
            principal,
            tool: name,
            module: module.map_or("", |tool| &*tool.module),
            digest: module.map_or("", |tool| &*tool.digest),
            instance: self.doors.runtime.name().as_str(),
            record: &Record::default(),
            before: None,
            after: None,
            verdict: Verdict::Failed("denied"),
            reason: Some(&reason),
        };
        // Nothing was done that would have to be recorded, and the log says that it was not.
        let _ = self.audit.record(&event);
        refused
    }

    /// The server's ceiling.
    pub fn ceiling(&self) -> Access {
        self.ceiling
    }

    fn add(
        &mut self,
        module: Module,
        description: &ModuleDescription,
        selection: &Selection,
    ) -> Result<(), CatalogueError> {
        let module = Arc::new(module);
        let key = module.key().to_owned();
        let foreign = module.is_foreign();
        if let Some(what) = tool::module_problem(description) {
            return Err(CatalogueError::Module { key, what });
        }
        let count = description.tools.len();
        if !(1..=TOOLS_OF_A_MODULE).contains(&count) {
            return Err(CatalogueError::Count { key, count });
        }
        for described in description.tools.iter() {
            let wrong = |source| CatalogueError::Tool {
                key: key.clone(),
                source,
            };
            let prefix = foreign.then_some(&*key);
            let candidate = Candidate {
                name: tool::listed_name(prefix, &described.name),
                toolset: described.toolset.clone().into_owned(),
                access: tool::access(described.access),
                module: key.clone(),
                digest: module.digest().to_owned(),
                foreign,
                meta: described.meta.clone(),
            };
            let listed = candidate.access <= self.ceiling
                && selection.lists(&candidate)
                && candidate.missing(|door| self.doors.has(door)).is_none();
            // Whoever built this binary has checked the tools that are in it.
            let tool = if listed || foreign {
                let tool = Tool::new(described, &module, prefix).map_err(wrong)?;
                if foreign {
                    tool.compile().map_err(wrong)?;
                }
                Some(tool)
            } else {
                None
            };
            if self.known.iter().any(|other| other.name == candidate.name) {
                let name = candidate.name;
                return Err(CatalogueError::Clash { key, name });
            }
            self.known.push(candidate);
            if let Some(tool) = tool.filter(|_| listed) {
                self.by_name.insert(tool.name.clone(), self.tools.len());
                self.tools.push(tool);
            }
        }
        Ok(())
    }

    /// Calls a tool: checks the arguments, runs the module, checks the result.
    pub async fn call(
        &self,
        tool: &Tool,
        arguments: serde_json::Map<String, serde_json::Value>,
        caller: Caller,
    ) -> Result<Answer, Refused> {
        let arguments = if tool.module.is_foreign() {
            answer::check_foreign_arguments(&self.checks, tool, arguments).await?
        } else {
            answer::check_arguments(tool, arguments)?
        };
        // None that is listed does; this is for the day when callers differ.
        if tool.access > self.ceiling {
            return Err(self.refuse(&tool.name, tool.access, caller.principal));
        }
        let acts = Acts::default();
        let request = CallRequest {
            tool: tool.own_name.clone(),
            arguments,
            access: tool.access,
            ceiling: self.ceiling,
            doors: Arc::clone(&self.doors),
            deadline: Instant::now() + tool.longest,
            wall_clock: tool.longest,
            cancel: caller.cancel,
            progress: caller.progress,
            leaves_open: tool.leaves_open,
            acts: acts.clone(),
        };
        let result = match self.sandbox.call(&tool.module, request).await {
            Ok(result) => self.checked(tool, &result).await,
            Err(error) => Err(error.into()),
        };
        self.record(tool, caller.principal, &acts.record(), result)
    }

    async fn checked(&self, tool: &Tool, result: &CallResult) -> Result<Answer, Refused> {
        let answer = answer::read_result(result)?;
        if tool.module.is_foreign() {
            answer::check_foreign_result(&self.checks, tool, answer).await
        } else {
            answer::check_result(tool, answer)
        }
    }

    /// Records what was done and refused. A change that could not be recorded is told as one.
    fn record(
        &self,
        tool: &Tool,
        principal: &str,
        record: &Record,
        result: Result<Answer, Refused>,
    ) -> Result<Answer, Refused> {
        let failure = result.as_ref().err().map(Refused::failure);
        let known = match (&result, &failure) {
            (Ok(answer), _) => answer.structured.as_object(),
            (Err(_), Some(failure)) => failure.details.as_ref(),
            (Err(_), None) => None,
        };
        let event = Event {
            principal,
            tool: &tool.name,
            module: tool.module.key(),
            digest: tool.module.digest(),
            instance: self.doors.runtime.name().as_str(),
            record,
            before: known.and_then(|known| known.get("before")),
            after: known.and_then(|known| known.get("after")),
            verdict: failure
                .as_ref()
                .map_or(Verdict::Done, |failure| Verdict::Failed(&failure.code)),
            reason: failure.as_ref().map(|failure| &*failure.message),
        };
        match self.audit.record(&event) {
            Err(reason) if result.is_ok() && record.sent_in_all > 0 => {
                Err(Refused::NotRecorded { reason })
            }
            // What failed is told as that; the log says that it was not recorded.
            Ok(()) | Err(_) => result,
        }
    }
}
