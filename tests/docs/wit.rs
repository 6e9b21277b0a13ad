//! `wit/` as Markdown, from what the parser of WebAssembly's own tools reads.

use std::fmt::Write as _;

use haproxy_mcp_testkit::generated::root;
use wit_parser::{
    Docs, Function, FunctionKind, Handle, Interface, InterfaceId, Package, Resolve, Type, TypeDef,
    TypeDefKind, TypeId, World, WorldItem, WorldKey,
};

/// The contract, read.
struct Contract {
    resolve: Resolve,
    package: wit_parser::PackageId,
}

fn contract() -> Contract {
    let mut resolve = Resolve::default();
    let (package, _files) = resolve.push_dir(root().join("wit")).unwrap();
    Contract { resolve, package }
}

/// The whole reference.
pub(crate) fn reference() -> String {
    let contract = contract();
    let package = contract.package();
    let mut text = format!(
        "# The contract `{}`\n\nWritten from the comments in `wit/`; `make docs` writes it anew.\n",
        package.name
    );
    paragraph(&mut text, &package.docs);
    text.push_str("\n## Worlds\n");
    for id in package.worlds.values() {
        contract.world(&mut text, &contract.resolve.worlds[*id]);
    }
    for id in package.interfaces.values() {
        contract.interface(&mut text, &contract.resolve.interfaces[*id]);
    }
    text
}

/// Items without a comment.
pub(crate) fn undocumented() -> Vec<String> {
    let contract = contract();
    let mut found = Vec::new();
    let mut note = |docs: &Docs, name: String| {
        if docs.contents.is_none() {
            found.push(name);
        }
    };
    let package = contract.package();
    note(&package.docs, "the package".to_owned());
    for id in package.worlds.values() {
        let world = &contract.resolve.worlds[*id];
        note(&world.docs, format!("world {}", world.name));
    }
    for (name, id) in &package.interfaces {
        let interface = &contract.resolve.interfaces[*id];
        note(&interface.docs, name.clone());
        for (kind, id) in &interface.types {
            let kind_docs = &contract.resolve.types[*id];
            if !contract.is_used(kind_docs) {
                note(&kind_docs.docs, format!("{name}.{kind}"));
            }
        }
        for (function, item) in &interface.functions {
            note(&item.docs, format!("{name}.{function}"));
        }
    }
    found
}

fn paragraph(text: &mut String, docs: &Docs) {
    if let Some(contents) = &docs.contents {
        // A heading in a comment is below that of its item.
        let lines = contents
            .trim()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(heading) => format!("**{}**", heading.trim()),
                None => line.to_owned(),
            });
        let contents: Vec<String> = lines.collect();
        // Markdown wants an empty line between a heading and a list.
        write!(
            text,
            "\n{}\n",
            contents.join("\n").replace("**\n- ", "**\n\n- ")
        )
        .unwrap();
    }
}

/// A comment on one line.
fn inline(docs: &Docs) -> String {
    let contents = docs.contents.as_deref().unwrap_or_default();
    contents.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Contract {
    fn package(&self) -> &Package {
        &self.resolve.packages[self.package]
    }

    fn world(&self, text: &mut String, world: &World) {
        write!(text, "\n### `{}`\n", world.name).unwrap();
        paragraph(text, &world.docs);
        text.push('\n');
        for (word, items) in [("imports", &world.imports), ("exports", &world.exports)] {
            for (key, item) in items {
                let docs = match item {
                    WorldItem::Interface { docs, .. } => inline(docs),
                    WorldItem::Function(function) => inline(&function.docs),
                    WorldItem::Type { .. } => String::new(),
                };
                let name = match key {
                    WorldKey::Name(name) => name.clone(),
                    WorldKey::Interface(id) => self.name_of(*id),
                };
                let about = if docs.is_empty() {
                    String::new()
                } else {
                    format!(": {docs}")
                };
                writeln!(text, "- {word} `{name}`{about}").unwrap();
            }
        }
    }

    fn name_of(&self, id: InterfaceId) -> String {
        self.resolve.interfaces[id].name.clone().unwrap_or_default()
    }

    fn interface(&self, text: &mut String, interface: &Interface) {
        write!(
            text,
            "\n## Interface `{}`\n",
            interface.name.as_deref().unwrap_or_default()
        )
        .unwrap();
        paragraph(text, &interface.docs);
        for (name, id) in &interface.types {
            let definition = &self.resolve.types[*id];
            if !self.is_used(definition) {
                self.definition(text, interface, name, *id);
            }
        }
        for function in interface.functions.values() {
            if matches!(function.kind, FunctionKind::Freestanding) {
                write!(
                    text,
                    "\n### `{}`\n",
                    self.signature(&function.name, function, 0)
                )
                .unwrap();
                paragraph(text, &function.docs);
            }
        }
    }

    /// Whether a type is another interface's, by `use`.
    fn is_used(&self, definition: &TypeDef) -> bool {
        match definition.kind {
            TypeDefKind::Type(Type::Id(other)) => {
                self.resolve.types[other].owner != definition.owner
            }
            _ => false,
        }
    }

    fn definition(&self, text: &mut String, interface: &Interface, name: &str, id: TypeId) {
        let definition = &self.resolve.types[id];
        let kind = definition.kind.as_str();
        match &definition.kind {
            TypeDefKind::Type(other) => {
                write!(text, "\n### type `{name}` = `{}`\n", self.kind(other)).unwrap();
            }
            _ => write!(text, "\n### {kind} `{name}`\n").unwrap(),
        }
        paragraph(text, &definition.docs);
        let mut items: Vec<(String, String)> = Vec::new();
        match &definition.kind {
            TypeDefKind::Record(record) => items.extend(record.fields.iter().map(|field| {
                (
                    format!("{}: {}", field.name, self.kind(&field.ty)),
                    inline(&field.docs),
                )
            })),
            TypeDefKind::Variant(variant) => items.extend(variant.cases.iter().map(|case| {
                let held = case.ty.as_ref().map(|ty| format!("({})", self.kind(ty)));
                (
                    format!("{}{}", case.name, held.unwrap_or_default()),
                    inline(&case.docs),
                )
            })),
            TypeDefKind::Enum(cases) => {
                items.extend(
                    cases
                        .cases
                        .iter()
                        .map(|case| (case.name.clone(), inline(&case.docs))),
                );
            }
            TypeDefKind::Flags(flags) => {
                items.extend(
                    flags
                        .flags
                        .iter()
                        .map(|flag| (flag.name.clone(), inline(&flag.docs))),
                );
            }
            _ => {}
        }
        if !items.is_empty() {
            text.push('\n');
        }
        for (item, docs) in items {
            let about = if docs.is_empty() {
                String::new()
            } else {
                format!(": {docs}")
            };
            writeln!(text, "- `{item}`{about}").unwrap();
        }
        for function in interface.functions.values() {
            let (name, skipped) = match function.kind {
                FunctionKind::Method(of) if of == id => (function.item_name().to_owned(), 1),
                FunctionKind::Static(of) if of == id => {
                    (format!("static {}", function.item_name()), 0)
                }
                FunctionKind::Constructor(of) if of == id => ("constructor".to_owned(), 0),
                _ => continue,
            };
            write!(
                text,
                "\n#### `{}`\n",
                self.signature(&name, function, skipped)
            )
            .unwrap();
            paragraph(text, &function.docs);
        }
    }

    fn signature(&self, name: &str, function: &Function, skipped: usize) -> String {
        let params: Vec<String> = function
            .params
            .iter()
            .skip(skipped)
            .map(|param| format!("{}: {}", param.name, self.kind(&param.ty)))
            .collect();
        let result = function
            .result
            .as_ref()
            .map(|ty| format!(" -> {}", self.kind(ty)));
        format!(
            "{name}({}){}",
            params.join(", "),
            result.unwrap_or_default()
        )
    }

    /// A type as WIT writes it.
    fn kind(&self, ty: &Type) -> String {
        let Type::Id(id) = ty else {
            return format!("{ty:?}").to_lowercase();
        };
        let definition = &self.resolve.types[*id];
        if let Some(name) = &definition.name {
            return name.clone();
        }
        let either = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), |ty| self.kind(ty));
        let named = |id: &TypeId| self.kind(&Type::Id(*id));
        match &definition.kind {
            TypeDefKind::Option(ty) => format!("option<{}>", self.kind(ty)),
            TypeDefKind::List(ty) => format!("list<{}>", self.kind(ty)),
            TypeDefKind::Result(result) => match (&result.ok, &result.err) {
                (None, None) => "result".to_owned(),
                (Some(ok), None) => format!("result<{}>", self.kind(ok)),
                (ok, err) => format!("result<{}, {}>", either(ok), either(err)),
            },
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<String> = tuple.types.iter().map(|ty| self.kind(ty)).collect();
                format!("tuple<{}>", types.join(", "))
            }
            TypeDefKind::Handle(Handle::Own(id)) => named(id),
            TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", named(id)),
            other => panic!(
                "the reference does not know how to write this type: {}",
                other.as_str()
            ),
        }
    }
}
