//! Compiles the built-in modules ahead of time: guest workspace → core modules → components → machine code, and asks
//! each what it describes. `cargo build` alone thereby gives the complete binary.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by the environment, runs cargo and writes files: none of it is in the binary"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use haproxy_mcp_engine::{ModuleDescription, ToolDescription, configuration};
use sha2::{Digest, Sha256};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};
use wit_component::ComponentEncoder;

/// Families of tools: each a package `haproxy-<family>` of the guest workspace, and a component.
const FAMILIES: &[&str] = &[
    "process",
    "logs",
    "stats",
    "metrics",
    "topology",
    "certificates",
    "master",
    "servers",
    "frontends",
    "backends",
    "maps",
    "acls",
    "tables",
    "sessions",
    "config",
    "doctor",
];

const GUEST_TARGET: &str = "wasm32-unknown-unknown";

fn main() -> Result<()> {
    // Asked when it runs, and relative below: checkouts that share a target folder share this program, too.
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let guests = root.join("guest-tools");
    for input in [
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
        "sdk",
        "replies",
        "configuration",
        "listing",
        "asking",
        "patterns",
    ]
    .iter()
    .chain(FAMILIES)
    {
        println!("cargo:rerun-if-changed=../../guest-tools/{input}");
    }
    println!("cargo:rerun-if-changed=../../wit");

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let core_modules = build_guests(&guests, &guest_target_folder(&out)?)?;

    let target = env::var("TARGET")?;
    let engine = Engine::new(&configuration(Some(&target))?)?;
    // Describing needs code for the machine that builds, which can be another one.
    let describing = Engine::new(&configuration(None)?)?;

    let mut table = String::from("&[\n");
    for family in FAMILIES {
        let core = fs::read(core_modules.join(format!("haproxy_{family}.wasm")))
            .with_context(|| format!("reading the core module of `{family}`"))?;
        let component = ComponentEncoder::default()
            .module(&core)?
            .validate(true)
            .encode()
            .with_context(|| format!("encoding `{family}` as a component"))?;
        let digest = format!("sha256:{:x}", Sha256::digest(&component));
        let (imports, description) = describe(&describing, &component)
            .with_context(|| format!("asking `{family}` for its description"))?;
        let artifact = engine
            .precompile_component(&component)
            .map_err(anyhow::Error::from)
            .with_context(|| format!("compiling `{family}` for `{target}`"))?;

        fs::write(out.join(format!("{family}.cwasm")), artifact)?;
        let description =
            written(&description).with_context(|| format!("reading what `{family}` describes"))?;
        writeln!(
            table,
            "    Builtin {{ family: {family:?}, digest: {digest:?}, imports: &{imports:?}, \
             description: {description}, \
             artifact: &Paged(*include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{family}.cwasm\"))).0 }},"
        )?;
    }
    table.push_str("]\n");
    fs::write(out.join("modules.rs"), table)?;
    Ok(())
}

/// One target folder for the guests of all profiles of the host: they are compiled the same way for each.
fn guest_target_folder(out: &Path) -> Result<PathBuf> {
    // <target>/<profile>/build/<package>-<hash>/out
    let target = out
        .ancestors()
        .nth(4)
        .context("`OUT_DIR` is not where cargo puts it")?;
    Ok(target.join("guest-tools"))
}

fn build_guests(workspace: &Path, target_folder: &Path) -> Result<PathBuf> {
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo
        .current_dir(workspace)
        .args([
            "build",
            "--release",
            "--target",
            GUEST_TARGET,
            "--target-dir",
        ])
        .arg(target_folder);
    for family in FAMILIES {
        cargo.args(["-p", &format!("haproxy-{family}")]);
    }
    // What the outer cargo set is meant for the host.
    for (name, _) in env::vars_os() {
        let outer = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_") && name != "CARGO_HOME" && !name.starts_with("CARGO_NET_")
                || [
                    "RUSTFLAGS",
                    "RUSTC_WRAPPER",
                    "RUSTC_WORKSPACE_WRAPPER",
                    "RUSTC",
                    "RUSTDOC",
                ]
                .contains(&name)
        });
        if outer {
            cargo.env_remove(name);
        }
    }
    let status = cargo
        .status()
        .context("running cargo for the built-in modules")?;
    if !status.success() {
        bail!(
            "the built-in modules did not compile; if the target is missing: \
             `rustup target add {GUEST_TARGET}`"
        );
    }
    Ok(target_folder.join(GUEST_TARGET).join("release"))
}

/// What a module imports and what it describes. Every import traps: a description needs none.
fn describe(engine: &Engine, component: &[u8]) -> Result<(Vec<String>, ModuleDescription)> {
    let component = Component::new(engine, component)?;
    let imports: Vec<String> = component
        .component_type()
        .imports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    for import in &imports {
        ensure!(
            import.starts_with("haproxy:module/"),
            "a built-in module imports `{import}`, which is not of the contract"
        );
    }
    let mut linker = Linker::new(engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = linker.instantiate(&mut store, &component)?;
    let description = ModuleDescription::ask(&mut store, &component, &instance)?;
    Ok((imports, description))
}

/// A description as a Rust expression. The host reads the JSON in it when it first needs it, and takes it for JSON.
fn written(description: &ModuleDescription) -> Result<String> {
    let object = |text: &str| {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).map(drop)
    };
    let ModuleDescription {
        name,
        version,
        tools,
        meta,
    } = description;
    object(meta)?;
    let mut text = format!(
        "ModuleDescription {{ name: Cow::Borrowed({name:?}), version: Cow::Borrowed({version:?}), \
         meta: Cow::Borrowed({meta:?}), tools: Cow::Borrowed(&["
    );
    for tool in tools.iter() {
        let ToolDescription {
            name,
            title,
            description,
            input_schema,
            output_schema,
            access,
            toolset,
            meta,
        } = tool;
        for json in [input_schema, output_schema, meta] {
            object(json)
                .with_context(|| format!("`{name}` has what is not a JSON object: {json}"))?;
        }
        write!(
            text,
            "ToolDescription {{ name: Cow::Borrowed({name:?}), title: Cow::Borrowed({title:?}), \
             description: Cow::Borrowed({description:?}), input_schema: Cow::Borrowed({input_schema:?}), \
             output_schema: Cow::Borrowed({output_schema:?}), access: WantedAccess::{access:?}, \
             toolset: Cow::Borrowed({toolset:?}), meta: Cow::Borrowed({meta:?}) }}, "
        )?;
    }
    text.push_str("]) }");
    Ok(text)
}
