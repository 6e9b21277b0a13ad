//! What the module says of itself, and what it does meanwhile.

use std::hint::black_box;

use haproxy_mcp_sdk::Access;
use haproxy_mcp_sdk::bindings::exports::haproxy::module::tools::{ModuleDescription, Tool};
use haproxy_mcp_sdk::bindings::haproxy::module::{clock, invocation, runtime};

use crate::starting::spin;

const OBJECT: &str = r#"{"type":"object"}"#;

fn tool() -> Tool {
    Tool {
        name: "fine".to_owned(),
        title: "Fine".to_owned(),
        description: "Answers.".to_owned(),
        input_schema: OBJECT.to_owned(),
        output_schema: OBJECT.to_owned(),
        access: Access::Read,
        toolset: "hostile".to_owned(),
        meta: "{}".to_owned(),
    }
}

fn with(change: impl FnOnce(&mut Tool)) -> Vec<Tool> {
    let mut tool = tool();
    change(&mut tool);
    vec![tool]
}

fn input(schema: impl Into<String>) -> Vec<Tool> {
    with(|tool| tool.input_schema = schema.into())
}

fn words(words: &[&str]) -> runtime::Command {
    runtime::Command {
        words: words.iter().map(|&word| word.to_owned()).collect(),
        payload: Vec::new(),
    }
}

pub fn describe(behaviour: &str) -> ModuleDescription {
    let tools = match behaviour {
        "spin-describe" => spin(),
        "trap-describe" => core::arch::wasm32::unreachable(),
        "memory-describe" => {
            let mut kept = Vec::new();
            loop {
                kept.push(black_box(vec![1_u8; 1024 * 1024]));
            }
        }
        "flood-describe" => loop {
            let _refused = clock::sleep(0);
        },
        "hoard-describe" => {
            let mut kept = Vec::new();
            loop {
                kept.push(invocation::Outcome::new("{}"));
            }
        }
        // What it is told stands in its description.
        "ask-describe" => {
            let instance = runtime::current();
            let asked = [
                instance
                    .execute(&words(&["show", "info"]))
                    .map(|_reply| ())
                    .map_err(|error| format!("{error:?}")),
                instance
                    .version()
                    .map(|_version| ())
                    .map_err(|error| format!("{error:?}")),
                instance
                    .supports(&[])
                    .map(|_yes| ())
                    .map_err(|error| format!("{error:?}")),
                clock::sleep(0).map_err(|error| format!("{error:?}")),
            ];
            with(|tool| tool.description = format!("name {:?}: {asked:?}", instance.name()))
        }
        "inconstant" => {
            with(|tool| tool.description = format!("Described at {}.", clock::monotonic()))
        }

        "no-tools" => Vec::new(),
        "many-tools" => (0..101)
            .map(|number| Tool {
                name: format!("tool_{number}"),
                ..tool()
            })
            .collect(),
        "same-tool-twice" => vec![tool(), tool()],
        "bad-name" => with(|tool| tool.name = "Fine Tool".to_owned()),
        "name-with-key" => with(|tool| tool.name = "other__fine\u{0}".to_owned()),
        "long-name" => with(|tool| tool.name = "a".repeat(41)),
        "no-title" => with(|tool| tool.title = " ".to_owned()),
        "long-description" => with(|tool| tool.description = "a".repeat(1025)),
        "huge-description" => with(|tool| tool.description = "a".repeat(8 * 1024 * 1024)),
        "hidden-description" => {
            with(|tool| tool.description = "Answers.\u{202e}erofeb daer\u{2066}".to_owned())
        }
        "tagged-description" => {
            with(|tool| tool.description = "Answers.\u{e0069}\u{e0067}\u{e006e}".to_owned())
        }
        "escaped-title" => with(|tool| tool.title = "\u{1b}[2JFine".to_owned()),
        "bad-toolset" => with(|tool| tool.toolset = "a\u{200b}b".to_owned()),
        "operate" => with(|tool| tool.access = Access::Operate),
        "admin" => with(|tool| tool.access = Access::Admin),
        "meta-array" => with(|tool| tool.meta = "[]".to_owned()),
        "meta-longest" => with(|tool| tool.meta = r#"{"longest-seconds":3601}"#.to_owned()),
        "meta-no-time" => with(|tool| tool.meta = r#"{"longest-seconds":0}"#.to_owned()),
        "meta-arguments" => with(|tool| tool.meta = r#"{"argument-bytes":4194305}"#.to_owned()),
        "meta-open" => with(|tool| tool.meta = r#"{"leaves-open":1}"#.to_owned()),
        "meta-type" => with(|tool| tool.meta = r#"{"destructive":"no"}"#.to_owned()),

        "schema-text" => input("not JSON"),
        "schema-array" => input("[]"),
        "schema-of-string" => input(r#"{"type":"string"}"#),
        "schema-invalid" => input(r#"{"type":"object","properties":5}"#),
        "schema-large" => input(format!(
            r#"{{"type":"object","title":"{}"}}"#,
            "a".repeat(64 * 1024)
        )),
        "schema-many-keys" => {
            let keys: Vec<String> = (0..2_001)
                .map(|number| format!("\"k{number}\":true"))
                .collect();
            input(format!(
                r#"{{"type":"object","properties":{{{}}}}}"#,
                keys.join(",")
            ))
        }
        "schema-deep" => input(nested(30)),
        "schema-deeper" => input(nested(10_000)),
        "schema-remote" => input(
            r#"{"type":"object","properties":{"a":{"$ref":"http://127.0.0.1:1/schema.json"}}}"#,
        ),
        "schema-file" => {
            input(r#"{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}"#)
        }
        "schema-relative" => {
            input(r#"{"type":"object","properties":{"a":{"$dynamicRef":"other.json#/a"}}}"#)
        }
        "schema-id" => input(r#"{"$id":"file:///etc/","type":"object"}"#),
        "schema-dialect" => input(r#"{"$schema":"https://example.invalid/meta","type":"object"}"#),
        // Checking against a schema that is part of itself never ends, or takes twice as long for each level.
        "schema-loop" => input(r##"{"type":"object","allOf":[{"$ref":"#"}]}"##),
        "schema-long-loop" => input(
            r##"{"type":"object","$defs":{"a":{"properties":{"x":{"$ref":"#/$defs/b"}}},"b":{"anyOf":[{"$ref":"#/$defs/a"}]}},"$ref":"#/$defs/a"}"##,
        ),
        "schema-anchor" => {
            input(r##"{"type":"object","$defs":{"a":{"$anchor":"here"}},"$ref":"#here"}"##)
        }
        "schema-nowhere" => input(r##"{"type":"object","$ref":"#/$defs/missing"}"##),
        // Twenty alternatives, each twice as many: a validator that tries all would never end.
        "schema-explosion" => input(explosion(20)),
        "schema-pattern" => input(
            r#"{"type":"object","properties":{"a":{"type":"string","pattern":"^(([a-z])+.)+[A-Z]([a-z])+$"}}}"#,
        ),
        "schema-large-pattern" => input(
            r#"{"type":"object","properties":{"a":{"type":"string","pattern":"(((a{1,100}){1,100}){1,100}){1,100}"}}}"#,
        ),
        "schema-many-patterns" => input(format!(
            r#"{{"type":"object","properties":{{{}}}}}"#,
            (0..600)
                .map(|number| format!(r#""k{number}":{{"pattern":"a"}}"#))
                .collect::<Vec<_>>()
                .join(",")
        )),
        "schema-many-pattern-keys" => input(format!(
            r#"{{"type":"object","patternProperties":{{{}}}}}"#,
            (0..600)
                .map(|number| format!(r#""^k{number}$":true"#))
                .collect::<Vec<_>>()
                .join(",")
        )),
        "slow-check" => with(|tool| tool.output_schema = slow("texts")),
        "slow-arguments" => input(slow("texts")),
        _ => vec![tool()],
    };
    ModuleDescription {
        name: match behaviour {
            "module-name" => "Not A Name\u{202e}".to_owned(),
            _ => "described".to_owned(),
        },
        version: match behaviour {
            "module-version" => "one point \u{1b}[31m two".to_owned(),
            _ => "0.1.0".to_owned(),
        },
        tools,
        meta: match behaviour {
            "module-meta" => "nothing".to_owned(),
            _ => "{}".to_owned(),
        },
    }
}

fn nested(depth: usize) -> String {
    let mut schema = OBJECT.to_owned();
    for _ in 0..depth {
        schema = format!(r#"{{"type":"object","not":{schema}}}"#);
    }
    schema
}

fn explosion(levels: usize) -> String {
    let definitions: Vec<String> = (0..levels)
        .map(|level| {
            let next = level + 1;
            format!(r##""l{level}":{{"anyOf":[{{"$ref":"#/$defs/l{next}"}},{{"$ref":"#/$defs/l{next}"}}]}}"##)
        })
        .collect();
    format!(
        r##"{{"type":"object","$defs":{{{},"l{levels}":{{"required":["never"]}}}},"$ref":"#/$defs/l0"}}"##,
        definitions.join(",")
    )
}

/// As many patterns as a schema may have, each nearly as large as it may be, and none with a letter that could be
/// looked for first: an engine without backtracking follows some hundred threads through a text of [`answer`]. Each is
/// tried ten times.
fn slow(value: &str) -> String {
    let patterns: Vec<String> = (180..200)
        .map(|length| format!(r#"{{"pattern":"[ab]*a[ab]{{{length}}}[^ab]"}}"#))
        .collect();
    let patterns = patterns.join(",");
    let again = [r##"{"$ref":"#/$defs/any"}"##; 10].join(",");
    format!(
        r##"{{"type":"object","$defs":{{"any":{{"anyOf":[{patterns}]}}}},"properties":{{"{value}":{{"items":{{"not":{{"anyOf":[{again}]}}}}}}}}}}"##
    )
}

/// What a call answers.
pub fn answer(behaviour: &str) -> String {
    match behaviour {
        "slow-check" => {
            // Letters without a period, or the states of the engine would come back soon.
            let mut state = 1_u32;
            let mut letter = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 31 == 0 { 'a' } else { 'b' }
            };
            let text: String = (0..4_000).map(|_| letter()).collect();
            let texts = vec![format!("\"{text}\""); 250];
            format!(r#"{{"texts":[{}]}}"#, texts.join(","))
        }
        _ => r#"{"fine":true}"#.to_owned(),
    }
}
