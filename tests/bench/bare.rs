//! wasmtime alone: the same settings, the same components, and a host that does nothing but answer from memory. No
//! policy, no limits, no counting.

#![expect(
    unsafe_code,
    reason = "loads the same ahead-of-time components as the binary, from the same table of the same build"
)]

use std::sync::Arc;

use haproxy_mcp_builtin::MODULES;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker, Resource, ResourceTable};
use wasmtime::{Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated; every item is documented in the contract"
)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "full-module",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "haproxy:module/runtime.instance": super::Nothing,
            "haproxy:module/runtime.reply": super::Bytes,
            "haproxy:module/pages.body": super::Nothing,
            "haproxy:module/invocation.request": super::Nothing,
            "haproxy:module/invocation.outcome": super::Answer,
        },
    });
}

use bindings::haproxy::module::{clock, invocation, log, pages, progress, runtime, types};

#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Nothing;
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Bytes(usize);
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Answer(
    #[expect(dead_code, reason = "held until the call ends, as in the sandbox")] String,
);

struct Call {
    resources: ResourceTable,
    tool: String,
    arguments: String,
    reply: Arc<[u8]>,
}

/// An engine as in the sandbox.
pub(crate) struct Host {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
}

impl Host {
    pub(crate) fn new() -> Self {
        let mut pool = PoolingAllocationConfig::default();
        pool.linear_memory_keep_resident(320 * 1024)
            .table_keep_resident(8 * 1024)
            .max_unused_warm_slots(2)
            .total_component_instances(16)
            .total_stacks(16);
        let mut config = haproxy_mcp_engine::configuration(None).unwrap();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            engine: Engine::new(&config).unwrap(),
        }
    }

    /// A built-in module, linked.
    pub(crate) fn module(&self, family: &str) -> Linked {
        let builtin = MODULES
            .iter()
            .find(|module| module.family == family)
            .unwrap();
        // SAFETY: the table of `haproxy-mcp-builtin` holds what the engine of the same build made.
        let component = unsafe { Component::deserialize(&self.engine, builtin.artifact) }.unwrap();
        let mut linker = Linker::<Call>::new(&self.engine);
        link(&mut linker).unwrap();
        Linked(linker.instantiate_pre(&component).unwrap())
    }

    /// A fresh instance, one call whose every command is answered with `reply`, and the end of it.
    pub(crate) fn call(&self, module: &Linked, tool: &str, arguments: &str, reply: &Arc<[u8]>) {
        self.runtime.block_on(async {
            let mut store = Store::new(
                &self.engine,
                Call {
                    resources: ResourceTable::new(),
                    tool: tool.to_owned(),
                    arguments: arguments.to_owned(),
                    reply: Arc::clone(reply),
                },
            );
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = module.0.instantiate_async(&mut store).await.unwrap();
            let module = bindings::FullModule::new(&mut store, &instance).unwrap();
            let request = store.data_mut().resources.push(Nothing).unwrap();
            let answer = module
                .haproxy_module_tools()
                .call_call(&mut store, request)
                .await
                .unwrap();
            assert_eq!(answer.is_ok(), tool != "absent", "{:?}", answer.err());
        });
    }
}

/// A module that is ready for calls.
pub(crate) struct Linked(InstancePre<Call>);

impl types::Host for Call {}

impl clock::Host for Call {
    async fn monotonic(&mut self) -> wasmtime::Result<u64> {
        Ok(0)
    }

    async fn wall(&mut self) -> wasmtime::Result<u64> {
        Ok(0)
    }

    async fn sleep(&mut self, _: u32) -> wasmtime::Result<Result<(), types::HostError>> {
        Ok(Ok(()))
    }
}

impl progress::Host for Call {
    async fn report(&mut self, _: u32, _: u32, _: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl log::Host for Call {
    async fn write(&mut self, _: log::Level, _: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl invocation::Host for Call {}

impl invocation::HostRequest for Call {
    async fn tool(&mut self, _: Resource<Nothing>) -> wasmtime::Result<String> {
        Ok(self.tool.clone())
    }

    async fn arguments(&mut self, _: Resource<Nothing>) -> wasmtime::Result<String> {
        Ok(self.arguments.clone())
    }

    async fn cancelled(&mut self, _: Resource<Nothing>) -> wasmtime::Result<bool> {
        Ok(false)
    }

    async fn drop(&mut self, resource: Resource<Nothing>) -> wasmtime::Result<()> {
        self.resources.delete(resource)?;
        Ok(())
    }
}

impl invocation::HostOutcome for Call {
    async fn new(&mut self, structured: String) -> wasmtime::Result<Resource<Answer>> {
        Ok(self.resources.push(Answer(structured))?)
    }

    async fn add_text(&mut self, _: Resource<Answer>, _: String) -> wasmtime::Result<()> {
        Ok(())
    }

    async fn drop(&mut self, resource: Resource<Answer>) -> wasmtime::Result<()> {
        self.resources.delete(resource)?;
        Ok(())
    }
}

/// What the modules that are measured import.
fn link(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    type Own = HasSelf<Call>;
    types::add_to_linker::<_, Own>(linker, |call| call)?;
    invocation::add_to_linker::<_, Own>(linker, |call| call)?;
    clock::add_to_linker::<_, Own>(linker, |call| call)?;
    progress::add_to_linker::<_, Own>(linker, |call| call)?;
    log::add_to_linker::<_, Own>(linker, |call| call)?;
    runtime::add_to_linker::<_, Own>(linker, |call| call)?;
    pages::add_to_linker::<_, Own>(linker, |call| call)
}

/// There is a Runtime API, and no page.
impl pages::Host for Call {
    async fn sources(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(vec!["runtime".to_owned()])
    }

    async fn open(
        &mut self,
        _: String,
        _: Vec<pages::Parameter>,
    ) -> wasmtime::Result<Result<Resource<Nothing>, types::HostError>> {
        Ok(Err(types::HostError::Cancelled))
    }

    async fn act(
        &mut self,
        _: String,
        _: String,
        _: Vec<String>,
    ) -> wasmtime::Result<Result<(), pages::ActionError>> {
        Ok(Err(pages::ActionError::Host(types::HostError::Cancelled)))
    }
}

impl pages::HostBody for Call {
    async fn read(
        &mut self,
        _: Resource<Nothing>,
        _: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::HostError>> {
        Ok(Err(types::HostError::Cancelled))
    }

    async fn drop(&mut self, resource: Resource<Nothing>) -> wasmtime::Result<()> {
        self.resources.delete(resource)?;
        Ok(())
    }
}

impl runtime::Host for Call {
    async fn current(&mut self) -> wasmtime::Result<Resource<Nothing>> {
        Ok(self.resources.push(Nothing)?)
    }
}

impl runtime::HostInstance for Call {
    async fn name(&mut self, _: Resource<Nothing>) -> wasmtime::Result<String> {
        Ok(String::new())
    }

    async fn version(
        &mut self,
        _: Resource<Nothing>,
    ) -> wasmtime::Result<Result<String, types::HostError>> {
        Ok(Ok(String::new()))
    }

    async fn supports(
        &mut self,
        _: Resource<Nothing>,
        _: Vec<String>,
    ) -> wasmtime::Result<Result<bool, types::HostError>> {
        Ok(Ok(true))
    }

    async fn execute(
        &mut self,
        _: Resource<Nothing>,
        _: runtime::Command,
    ) -> wasmtime::Result<Result<Resource<Bytes>, runtime::CommandError>> {
        Ok(Ok(self.resources.push(Bytes(0))?))
    }

    async fn execute_all(
        &mut self,
        _: Resource<Nothing>,
        _: Vec<runtime::Command>,
    ) -> wasmtime::Result<Result<(), runtime::BatchError>> {
        Ok(Ok(()))
    }

    async fn drop(&mut self, resource: Resource<Nothing>) -> wasmtime::Result<()> {
        self.resources.delete(resource)?;
        Ok(())
    }
}

impl runtime::HostReply for Call {
    async fn severity(&mut self, _: Resource<Bytes>) -> wasmtime::Result<Option<u8>> {
        Ok(None)
    }

    async fn read(
        &mut self,
        reply: Resource<Bytes>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::HostError>> {
        let place = &mut self.resources.get_mut(&reply)?.0;
        let rest = self.reply.get(*place..).unwrap_or_default();
        let chunk = rest[..rest.len().min(max as usize)].to_vec();
        *place += chunk.len();
        Ok(Ok(chunk))
    }

    async fn drop(&mut self, resource: Resource<Bytes>) -> wasmtime::Result<()> {
        self.resources.delete(resource)?;
        Ok(())
    }
}
