//! What a tool's input schema refuses, made from the schema itself.

use serde_json::{Map, Value, json};

/// Longer than any text that a schema of this project allows, but for the contents of files.
const LONG: usize = 10_000;

/// Arguments that this schema refuses, and the place of what is wrong with each: made from the schema itself, so that
/// no tool and no argument is forgotten.
pub fn refused_by(schema: &Value, valid: &Value) -> Vec<(Value, String)> {
    let mut all = Vec::new();
    let with = |name: &str, value: Value| {
        let mut arguments = valid.clone();
        arguments[name] = value;
        arguments
    };
    let nothing = Map::new();
    for (name, property) in schema["properties"].as_object().unwrap_or(&nothing) {
        let pointer = format!("/{name}");
        let mut wrong = vec![json!(null)];
        if property["type"] == "object" {
            // of any names, and of texts
            wrong.extend([json!(5), json!("a"), json!([])]);
            all.push((with(name, json!({ "a": 1 })), format!("{pointer}/a")));
        } else {
            wrong.push(json!({ "a": 1 }));
        }
        if property["type"] != "boolean" {
            wrong.push(json!(true));
        }
        match property["type"].as_str() {
            Some("string") => {
                wrong.extend([json!(5), json!(["a"])]);
                if property.get("enum").is_some() {
                    wrong.extend([json!("something else"), json!("")]);
                } else {
                    assert!(
                        property["maxLength"].is_u64() && property["minLength"].is_u64(),
                        "`{name}` has no bounds"
                    );
                    wrong.push(json!(""));
                    // The content of a file may have megabytes, which a test of each argument does not send.
                    if property["maxLength"].as_u64() < Some(LONG as u64) {
                        wrong.push(json!("a".repeat(LONG)));
                    }
                }
            }
            Some("integer") => {
                let (least, most) = (property["minimum"].as_i64(), property["maximum"].as_i64());
                let (least, most) = least
                    .zip(most)
                    .unwrap_or_else(|| panic!("`{name}` has no bounds"));
                wrong.extend([
                    json!(least - 1),
                    json!(most + 1),
                    json!(1.5),
                    json!("5"),
                    json!(-1),
                    json!(u64::MAX),
                    json!(1e300),
                ]);
            }
            Some("boolean") => wrong.extend([json!(1), json!("true"), json!([true])]),
            Some("array") => {
                assert!(property["maxItems"].is_u64(), "`{name}` has no bounds");
                wrong.extend([json!("a"), json!([]), json!(vec!["a"; LONG])]);
                for item in [
                    json!(5),
                    json!(null),
                    json!(""),
                    json!("a".repeat(LONG)),
                    json!(["a"]),
                ] {
                    all.push((with(name, json!([item])), format!("{pointer}/0")));
                }
            }
            Some("object") => assert!(property["maxProperties"].is_u64(), "`{name}` has no bounds"),
            other => panic!("the type of `{name}` is {other:?}: say here what is wrong for it"),
        }
        all.extend(
            wrong
                .into_iter()
                .map(|value| (with(name, value), pointer.clone())),
        );
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().expect("a name");
        let mut without = valid.clone();
        without.as_object_mut().unwrap().remove(name);
        all.push((without, format!("/{name}")));
    }
    for extra in ["Backend", "backends", "", "a/b~c", "__proto__"] {
        let pointer = format!("/{}", extra.replace('~', "~0").replace('/', "~1"));
        all.push((with(extra, json!("x")), pointer));
    }
    all
}
