//! A call of each tool that the server lists, whatever modules there are: what a tool wants is taken from its schema, and
//! a call that is refused fails the benchmark, so that no tool is left out without a word.

use serde_json::{Map, Value, json};

/// What tools want, by the names of their arguments: things that the site of the testkit has.
fn usual(argument: &str) -> Option<Value> {
    Some(match argument {
        "acl" => json!("blocked.acl"),
        "backend" | "proxy" | "table" => json!("be_app"),
        "content" => json!("www.example.test be_app\nnew.example.test be_tcp\n"),
        "frontend" => json!("fe_http"),
        "map" => json!("hosts.map"),
        "seconds" => json!(1),
        "server" => json!("app1"),
        "text" => json!("hello"),
        _ => return None,
    })
}

/// What single tools want besides, or otherwise.
fn of_tool(tool: &str) -> Value {
    match tool {
        "get_acl" => json!({ "key": "/secret" }),
        "get_backend" => json!({ "backend": "be_app" }),
        "get_map" => json!({ "key": "www.example.test" }),
        "get_table_entry" => json!({ "key": "192.0.2.7" }),
        "get_var" => json!({ "name": "proc.site" }),
        // What it does otherwise is wait.
        "sample_stat" => json!({ "seconds": 1 }),
        _ => json!({}),
    }
}

/// A tool, as the server lists it, and arguments that it takes.
pub(crate) fn call(listed: &Value) -> (String, String) {
    let name = listed["name"].as_str().unwrap();
    let mut arguments: Map<String, Value> = serde_json::from_value(of_tool(name)).unwrap();
    let schema = &listed["inputSchema"];
    for wanted in schema["required"].as_array().into_iter().flatten() {
        let wanted = wanted.as_str().unwrap();
        if !arguments.contains_key(wanted) {
            let first = schema["properties"][wanted]["enum"].get(0).cloned();
            let value = usual(wanted).or(first).unwrap_or_else(|| {
                panic!("`{name}` wants `{wanted}`: say in tests/bench/calls.rs what that may be")
            });
            arguments.insert(wanted.to_owned(), value);
        }
    }
    (name.to_owned(), Value::Object(arguments).to_string())
}
