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

use crate::haproxy::RuntimeApi;
use crate::policy::{Access, Grant, PatternError};
use crate::sandbox::{CallRequest, LoadError, Module, ProgressSink, Sandbox, limits};
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
    /// The choice of tools names what does not exist, or leaves nothing.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The grant of a built-in module is not one.
    #[error("the grant of the built-in module `{family}` cannot be used: {source}")]
    Grant {
        /// The family.
        family: &'static str,
        /// Why.
        source: PatternError,
    },
    /// What the build wrote cannot be read.
    #[error("the description of the built-in module `{family}` cannot be read: {source}")]
    Builtin {
        /// The family.
        family: &'static str,
        /// Why.
        source: serde_json::Error,
    },
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
            Self::Selection(error) => error.hint(),
            Self::Grant { source, .. } => source.hint(),
            Self::Builtin { .. } => "build the binary again".to_owned(),
        }
    }
}

fn described(builtin: &Builtin) -> Result<ModuleDescription, CatalogueError> {
    serde_json::from_str(builtin.description).map_err(|source| CatalogueError::Builtin {
        family: builtin.family,
        source,
    })
}

/// Who calls, for one call.
pub struct Caller {
    /// Cancelled when the caller gives up.
    pub cancel: CancellationToken,
    /// Where progress goes; none where the caller did not ask for it.
    pub progress: Option<ProgressSink>,
}

/// The tools that were chosen, in the order in which they are listed.
pub struct Catalogue {
    sandbox: Sandbox,
    /// Places for checks against schemas of modules from files.
    checks: Arc<Semaphore>,
    instance: Arc<RuntimeApi>,
    ceiling: Access,
    tools: Vec<Tool>,
    by_name: HashMap<String, usize>,
    known: Vec<Candidate>,
}

impl Catalogue {
    /// The built-in tools that are selected, and those of modules from files. Nothing is asked of HAProxy.
    pub async fn load(
        instance: Arc<RuntimeApi>,
        ceiling: Access,
        selection: &Selection,
        files: &[PathBuf],
    ) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            sandbox: Sandbox::default(),
            checks: Arc::new(Semaphore::new(limits::CONCURRENT_CHECKS as usize)),
            instance,
            ceiling,
            tools: Vec::new(),
            by_name: HashMap::new(),
            known: Vec::new(),
        };
        for builtin in haproxy_mcp_builtin::MODULES {
            let description = described(builtin)?;
            let grant = builtin::grant(builtin.family).map_err(|source| CatalogueError::Grant {
                family: builtin.family,
                source,
            })?;
            let module = Sandbox::builtin(builtin, grant);
            catalogue.add(module, description, false, selection)?;
        }
        for path in files {
            let (module, description) = catalogue.sandbox.file(path, Grant::read()).await?;
            tracing::info!(
                module = module.key(),
                version = visible(&description.version, 40).as_ref(),
                tools = description.tools.len(),
                "module loaded from a file"
            );
            catalogue.add(module, description, true, selection)?;
        }
        selection.check(&catalogue.known)?;
        Ok(catalogue)
    }

    /// The names of all built-in tools.
    pub fn builtin_names() -> Result<Vec<String>, CatalogueError> {
        let mut names = Vec::new();
        for builtin in haproxy_mcp_builtin::MODULES {
            names.extend(described(builtin)?.tools.into_iter().map(|tool| tool.name));
        }
        Ok(names)
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

    /// Whether there is a tool of this name that was not chosen.
    pub fn is_unlisted(&self, name: &str) -> bool {
        !self.by_name.contains_key(name) && self.known.iter().any(|tool| tool.name == name)
    }

    /// The server's ceiling.
    pub fn ceiling(&self) -> Access {
        self.ceiling
    }

    fn add(
        &mut self,
        module: Module,
        description: ModuleDescription,
        foreign: bool,
        selection: &Selection,
    ) -> Result<(), CatalogueError> {
        let module = Arc::new(module);
        let key = module.key().to_owned();
        if let Some(what) = tool::module_problem(&description) {
            return Err(CatalogueError::Module { key, what });
        }
        let count = description.tools.len();
        if !(1..=TOOLS_OF_A_MODULE).contains(&count) {
            return Err(CatalogueError::Count { key, count });
        }
        for described in description.tools {
            let wrong = |source| CatalogueError::Tool {
                key: key.clone(),
                source,
            };
            let prefix = foreign.then_some(&*key);
            let candidate = Candidate {
                name: tool::listed_name(prefix, &described.name),
                toolset: described.toolset.clone(),
                foreign,
            };
            let listed = selection.lists(&candidate);
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
        if tool.access > self.ceiling {
            return Err(Refused::AboveCeiling {
                tool: tool.name.clone(),
                needs: tool.access,
                ceiling: self.ceiling,
            });
        }
        let request = CallRequest {
            tool: tool.own_name.clone(),
            arguments,
            access: tool.access,
            ceiling: self.ceiling,
            instance: Arc::clone(&self.instance),
            deadline: Instant::now() + limits::WALL_CLOCK,
            cancel: caller.cancel,
            progress: caller.progress,
        };
        let result = self.sandbox.call(&tool.module, request).await?;
        let answer = answer::read_result(&result)?;
        if tool.module.is_foreign() {
            answer::check_foreign_result(&self.checks, tool, answer).await
        } else {
            answer::check_result(tool, answer)
        }
    }
}
