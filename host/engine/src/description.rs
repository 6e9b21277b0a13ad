//! What a module says of itself: the record `module-description` of the contract.
//!
//! Read from untyped component values, so that the build script can ask a built-in module the same question in the
//! same way as the host asks any other.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use wasmtime::AsContextMut;
use wasmtime::component::{Component, Func, Instance, Val};

use crate::TOOLS_INTERFACE;

/// How far a tool may go, as its module declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WantedAccess {
    /// Changes nothing in HAProxy.
    Read,
    /// Day-to-day work on what exists.
    Operate,
    /// What exists and where traffic goes.
    Admin,
}

/// One tool, as its module describes it. Schemas and `meta` are JSON text that nobody has checked yet.
///
/// Text is borrowed where it is part of the binary.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "each field is documented in the contract, `wit/tools.wit`"
)]
pub struct ToolDescription {
    pub name: Cow<'static, str>,
    pub title: Cow<'static, str>,
    pub description: Cow<'static, str>,
    pub input_schema: Cow<'static, str>,
    pub output_schema: Cow<'static, str>,
    pub access: WantedAccess,
    pub toolset: Cow<'static, str>,
    pub meta: Cow<'static, str>,
}

/// A module, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "each field is documented in the contract, `wit/tools.wit`"
)]
pub struct ModuleDescription {
    pub name: Cow<'static, str>,
    pub version: Cow<'static, str>,
    pub tools: Cow<'static, [ToolDescription]>,
    pub meta: Cow<'static, str>,
}

/// Why a module's description cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// The component has another shape than the contract's.
    #[error("the module does not export `describe` of `{TOOLS_INTERFACE}`")]
    NotExported,
    /// The value has another shape than the contract's.
    #[error("what `describe` returned is not a `module-description`: {0}")]
    Shape(#[from] serde_json::Error),
    /// A value that JSON cannot hold.
    #[error("what `describe` returned holds a value of an unexpected type: {0}")]
    Type(&'static str),
    /// The guest ended abnormally.
    #[error("`describe` ended abnormally")]
    Trap(#[source] wasmtime::Error),
}

impl ModuleDescription {
    /// Asks an instance, without a fiber: for the build, where nothing can make it wait.
    pub fn ask(
        mut store: impl AsContextMut,
        component: &Component,
        instance: &Instance,
    ) -> Result<Self, DescriptionError> {
        let function = describe(&mut store, component, instance)?;
        let mut results = [Val::Bool(false)];
        function
            .call(&mut store, &[], &mut results)
            .map_err(DescriptionError::Trap)?;
        Self::from_results(&results)
    }

    /// Asks an instance, on a fiber, so that a guest that spins yields and can be stopped.
    pub async fn ask_async(
        mut store: impl AsContextMut<Data: Send>,
        component: &Component,
        instance: &Instance,
    ) -> Result<Self, DescriptionError> {
        let function = describe(&mut store, component, instance)?;
        let mut results = [Val::Bool(false)];
        function
            .call_async(&mut store, &[], &mut results)
            .await
            .map_err(DescriptionError::Trap)?;
        Self::from_results(&results)
    }

    fn from_results(results: &[Val]) -> Result<Self, DescriptionError> {
        let value = results.first().map_or(Ok(Value::Null), to_json)?;
        Ok(serde_json::from_value(value)?)
    }
}

fn describe(
    store: impl AsContextMut,
    component: &Component,
    instance: &Instance,
) -> Result<Func, DescriptionError> {
    component
        .get_export_index(None, TOOLS_INTERFACE)
        .and_then(|interface| component.get_export_index(Some(&interface), "describe"))
        .and_then(|index| instance.get_func(store, index))
        .ok_or(DescriptionError::NotExported)
}

fn to_json(value: &Val) -> Result<Value, DescriptionError> {
    Ok(match value {
        Val::String(text) => Value::from(text.as_str()),
        Val::Enum(case) => Value::from(case.as_str()),
        Val::List(items) => Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Val::Record(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Ok((String::clone(name), to_json(value)?)))
                .collect::<Result<_, DescriptionError>>()?,
        ),
        Val::Bool(_) => return Err(DescriptionError::Type("bool")),
        Val::Variant(..) => return Err(DescriptionError::Type("variant")),
        Val::Resource(_) => return Err(DescriptionError::Type("resource")),
        _ => return Err(DescriptionError::Type("other")),
    })
}
