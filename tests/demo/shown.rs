//! How the demonstration prints what was asked and what was answered.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use haproxy_mcp_testkit::mcp::Response;
use serde_json::{Map, Value, json};

/// Characters of a line; longer ones are broken.
const WIDTH: usize = 100;

pub(crate) fn step(title: &str) {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    println!(
        "\n── {number}. {title} {}",
        "─".repeat(WIDTH.saturating_sub(title.chars().count() + 8))
    );
}

pub(crate) fn command(binary: &Path, socket: &Path, module: &Path) {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    println!(
        "run    {} --runtime-socket {} --module {}",
        name(binary),
        socket.display(),
        name(module)
    );
}

pub(crate) fn asked(what: &str, arguments: &Value) {
    println!("ask    {what} {arguments}");
}

pub(crate) fn tools(result: &Value, took: Duration) {
    let tools = result["tools"].as_array().expect("a list of tools");
    println!("answer {} tools ({})", tools.len(), milliseconds(took));
    for tool in tools {
        let text = |key: &str| tool[key].as_str().unwrap_or_default();
        println!("       {:<26} {}", text("name"), text("title"));
    }
}

/// The text for people first, then what a program would read: lists as tables.
pub(crate) fn answered(response: &Response) {
    let result = response.result();
    let structured = result["structuredContent"]
        .as_object()
        .expect("structured content");
    let took = milliseconds(response.took);
    if result["isError"] == json!(true) {
        println!("error  {} ({took})", quoted(&structured["message"]));
        println!("       code: {}", quoted(&structured["code"]));
        if let Some(hint) = structured.get("hint") {
            println!("       hint: {}", quoted(hint));
        }
        return;
    }
    match response.texts().first() {
        // Without a text of its own the first block is the same JSON.
        Some(text) if !text.starts_with('{') => {
            println!("answer {} ({took})", text.replace('\n', "\n       "));
        }
        _ => println!("answer ({took})"),
    }
    for (key, value) in structured {
        match value.as_array() {
            Some(rows) => table(rows),
            None => println!("       {key}: {}", short(value)),
        }
    }
}

pub(crate) fn configuration(binary: &Path) {
    let binary = binary.display().to_string();
    let socket = "/run/haproxy/admin.sock";
    let server = json!({ "command": binary, "args": ["--runtime-socket", socket] });
    let text = serde_json::to_string_pretty(&json!({ "mcpServers": { "haproxy": server } }));
    println!("{}", text.unwrap());
    println!(
        "\nThe path is the one of the `stats socket` line in your haproxy.cfg. It can only read unless you say otherwise."
    );
}

fn table(rows: &[Value]) {
    let rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    let mut columns: Vec<&str> = Vec::new();
    for key in rows.iter().flat_map(|row| row.keys()) {
        if !columns.contains(&key.as_str()) {
            columns.push(key);
        }
    }
    let cell =
        |row: &Map<String, Value>, column: &str| row.get(column).map_or_else(String::new, quoted);
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| {
            let widest = rows
                .iter()
                .map(|row| cell(row, column).chars().count())
                .max();
            column.len().max(widest.unwrap_or_default())
        })
        .collect();
    let line = |cells: Vec<String>| {
        let padded: Vec<String> = cells
            .into_iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        println!("       {}", padded.join("  ").trim_end());
    };
    line(columns.iter().map(|column| (*column).to_owned()).collect());
    for row in &rows {
        line(columns.iter().map(|column| cell(row, column)).collect());
    }
}

/// A string without its quotes, and whatever else as JSON.
fn quoted(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// On one line; what does not fit is counted.
fn short(value: &Value) -> String {
    let text = quoted(value);
    let fits = WIDTH - 20;
    if text.chars().count() <= fits {
        return text;
    }
    let start: String = text.chars().take(fits).collect();
    format!("{start}… ({} characters in all)", text.chars().count())
}

fn milliseconds(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}
