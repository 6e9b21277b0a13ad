//! A call of each tool that the server lists, whatever modules there are: what a tool wants is taken from its schema, and
//! a call that is refused fails the benchmark, so that no tool is left out without a word.

use serde_json::{Map, Value, json};

/// What tools want, by the names of their arguments: things that the site of the testkit has.
fn usual(argument: &str) -> Option<Value> {
    Some(match argument {
        "acl" => json!("blocked.acl"),
        "backend" | "proxy" | "table" => json!("be_app"),
        "cert" => json!("site.pem"),
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

/// The tools, as the server lists them, and arguments that each takes.
pub(crate) fn calls(listed: &[Value]) -> Vec<(String, String)> {
    let mut unknown = Vec::new();
    let mut calls = Vec::new();
    for tool in listed {
        let name = tool["name"].as_str().unwrap();
        let mut arguments: Map<String, Value> = serde_json::from_value(of_tool(name)).unwrap();
        let schema = &tool["inputSchema"];
        for wanted in schema["required"].as_array().into_iter().flatten() {
            let wanted = wanted.as_str().unwrap();
            let first = schema["properties"][wanted]["enum"].get(0).cloned();
            match usual(wanted).or(first) {
                _ if arguments.contains_key(wanted) => {}
                Some(value) => drop(arguments.insert(wanted.to_owned(), value)),
                None => unknown.push(format!("`{wanted}` of `{name}`")),
            }
        }
        calls.push((name.to_owned(), Value::Object(arguments).to_string()));
    }
    assert!(
        unknown.is_empty(),
        "say in tests/bench/calls.rs what these may be: {}",
        unknown.join(", ")
    );
    calls
}
