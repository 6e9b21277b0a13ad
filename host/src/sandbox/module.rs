//! The modules of this server, loaded when first needed.

use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};

use haproxy_mcp_builtin::Builtin;
use haproxy_mcp_engine::ModuleDescription;
use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::Engine;

use super::call::{self, CallResult};
use super::engine::{self, Ticker};
use super::error::{CallError, LoadError};
use super::limits;
use super::load::{self, Linked};
use super::state::{Authority, CallRequest};
use crate::policy::{Access, Grant};

/// The engine and what belongs to it; made when the first module is needed, so that listing tools needs none of it.
pub struct Sandbox {
    started: OnceLock<Started>,
    places: Semaphore,
    /// Places for modules from files, which take one of `places`, too.
    foreign: Semaphore,
}

struct Started {
    engine: Engine,
    ticker: Ticker,
}

/// A module: where its code is, and what it was granted.
pub struct Module {
    key: Arc<str>,
    /// SHA-256 of the component, with `sha256:` in front.
    digest: Arc<str>,
    access: Access,
    grant: LazyGrant,
    code: Code,
}

/// A grant that is made when the first call needs it.
type LazyGrant = LazyLock<Arc<Grant>, Box<dyn FnOnce() -> Arc<Grant> + Send>>;

enum Code {
    Builtin {
        module: &'static Builtin,
        linked: OnceLock<Linked>,
    },
    Loaded(Linked),
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            started: OnceLock::new(),
            places: Semaphore::new(limits::CONCURRENT_CALLS as usize),
            foreign: Semaphore::new(limits::CONCURRENT_FOREIGN_CALLS as usize),
        }
    }
}

impl Sandbox {
    /// A module that the binary carries. Nothing is loaded yet. `grant` says what it was granted, none of which needs
    /// more than `access`.
    pub fn builtin(
        module: &'static Builtin,
        access: Access,
        grant: impl FnOnce() -> Grant + Send + 'static,
    ) -> Module {
        Module {
            key: Arc::from(module.family),
            digest: Arc::from(module.digest),
            access,
            grant: LazyLock::new(Box::new(|| Arc::new(grant()))),
            code: Code::Builtin {
                module,
                linked: OnceLock::new(),
            },
        }
    }

    /// Loads a module from a file, and asks it what it offers.
    pub async fn file(
        &self,
        path: &Path,
        grant: Grant,
    ) -> Result<(Module, ModuleDescription), LoadError> {
        let key = key(path)?;
        let started = self.started()?;
        let load::FromFile {
            linked,
            description,
            digest,
        } = load::file(&started.engine, &started.ticker, &key, path, &grant).await?;
        let module = Module {
            key,
            digest: Arc::from(digest),
            access: grant.access,
            grant: LazyLock::new(Box::new(|| Arc::new(grant))),
            code: Code::Loaded(linked),
        };
        Ok((module, description))
    }

    /// Runs one call of a module, in a fresh instance of it.
    pub async fn call(
        &self,
        module: &Module,
        request: CallRequest,
    ) -> Result<CallResult, CallError> {
        let unusable = |error: LoadError| {
            tracing::error!(module = &*module.key, "{error}");
            CallError::Unusable(error.to_string())
        };
        let started = self.started().map_err(unusable)?;
        let linked = module.linked(&started.engine).map_err(unusable)?;
        let _foreign = if module.is_foreign() {
            Some(place(&self.foreign, &request).await?)
        } else {
            None
        };
        let _place = place(&self.places, &request).await?;
        let authority = Authority {
            request,
            grant: Arc::clone(&module.grant),
        };
        call::run(
            linked,
            Arc::clone(&module.key),
            authority,
            started.ticker.guest(),
        )
        .await
    }

    fn started(&self) -> Result<&Started, LoadError> {
        if let Some(started) = self.started.get() {
            return Ok(started);
        }
        let failed = |reason: String| LoadError::Engine(reason);
        let engine = engine::engine().map_err(|error| failed(format!("{error:#}")))?;
        let ticker = Ticker::start(engine.clone()).map_err(|error| failed(error.to_string()))?;
        Ok(self.started.get_or_init(|| Started { engine, ticker }))
    }
}

impl Module {
    /// The operator's name for it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// SHA-256 of the component, with `sha256:` in front.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The most that it was granted.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether it came from a file, and not with the binary.
    pub fn is_foreign(&self) -> bool {
        matches!(self.code, Code::Loaded(_))
    }

    fn linked(&self, engine: &Engine) -> Result<&Linked, LoadError> {
        match &self.code {
            Code::Loaded(linked) => Ok(linked),
            Code::Builtin { module, linked } => {
                if let Some(linked) = linked.get() {
                    return Ok(linked);
                }
                let fresh = load::builtin(engine, module)?;
                Ok(linked.get_or_init(|| fresh))
            }
        }
    }
}

/// Waits for a place among the calls that run at once.
async fn place<'a>(
    places: &'a Semaphore,
    request: &CallRequest,
) -> Result<SemaphorePermit<'a>, CallError> {
    tokio::select! {
        biased;
        () = request.cancel.cancelled() => Err(CallError::Cancelled),
        place = places.acquire() => place
            .map_err(|closed| CallError::Unusable(closed.to_string())),
        () = tokio::time::sleep_until(request.deadline) => Err(CallError::Busy),
    }
}

/// A file's key is its name without `.wasm`.
fn key(path: &Path) -> Result<Arc<str>, LoadError> {
    let wrong = || LoadError::Key {
        path: path.to_owned(),
    };
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .ok_or_else(wrong)?;
    let fits = stem.len() <= 20
        && stem.starts_with(|first: char| first.is_ascii_alphabetic())
        && stem
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_".contains(character));
    if fits {
        Ok(Arc::from(stem))
    } else {
        Err(wrong())
    }
}
