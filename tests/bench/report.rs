//! `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use haproxy_mcp_testkit::Binary;

use crate::floor;
use crate::served::{Memory, Peer};

/// The times of one thing.
#[derive(Default)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time that this part of all samples does not exceed, in milliseconds.
    fn quantile(&self, part: f64) -> f64 {
        let mut times = self.0.clone();
        times.sort_unstable();
        let last = times.len() - 1;
        times[((last as f64) * part).round() as usize].as_secs_f64() * 1_000.0
    }

    fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    fn shown(&self) -> String {
        format!("{:.3} ({:.3})", self.median(), self.quantile(0.99))
    }
}

/// The tables, in the order in which they were measured.
pub(crate) struct Report {
    machine: String,
    text: String,
}

impl Report {
    pub(crate) fn new(haproxy: &Binary) -> Self {
        let machine = format!(
            "{} cores, {}; HAProxy {}; wasmtime 48, {}",
            std::thread::available_parallelism().unwrap(),
            processor(),
            haproxy.version,
            if cfg!(debug_assertions) {
                "debug build: these numbers mean nothing"
            } else {
                "release build"
            },
        );
        Self {
            machine,
            text: String::new(),
        }
    }

    fn table(&mut self, title: &str, head: &str, rows: &[String]) {
        let columns = head.matches('|').count() - 1;
        writeln!(
            self.text,
            "\n## {title}\n\n{head}\n|{}",
            "---|".repeat(columns)
        )
        .unwrap();
        for row in rows {
            writeln!(self.text, "{row}").unwrap();
        }
    }

    pub(crate) fn start(&mut self, peers: &[Peer], samples: &[Sample]) {
        let rows: Vec<String> = peers
            .iter()
            .zip(samples)
            .map(|(peer, sample)| {
                format!(
                    "| {} | {} | {} |",
                    peer.name,
                    sample.shown(),
                    sample.0.len()
                )
            })
            .collect();
        self.table(
            "Start: from `exec` to the answer of `initialize`",
            "| server | ms: median (p99) | runs |",
            &rows,
        );
    }

    pub(crate) fn show_info(&mut self, peer: &Peer, raw: &Sample, sample: &Sample) {
        let row = format!(
            "| {} | {} | {} | {:+.3} | {:.2} |",
            peer.name,
            raw.shown(),
            sample.shown(),
            sample.median() - raw.median(),
            sample.median() / raw.median(),
        );
        if self.text.contains("## `show_info`") {
            writeln!(self.text, "{row}").unwrap();
        } else {
            self.table(
                "`show_info` over stdio",
                "| server | raw socket, ms: median (p99) | server, ms | above the raw socket, ms | ratio |",
                &[row],
            );
        }
    }

    pub(crate) fn show_stat(
        &mut self,
        servers: usize,
        bytes: usize,
        raw: &Sample,
        ours: &Sample,
        memory: &Memory,
    ) {
        let row = format!(
            "| {servers} | {:.1} | {} | {} | {:.2} | {:.1} |",
            bytes as f64 / 1e6,
            raw.shown(),
            ours.shown(),
            ours.median() / raw.median(),
            memory.peak as f64 / 1_024.0,
        );
        if self.text.contains("## `show_stat`") {
            writeln!(self.text, "{row}").unwrap();
        } else {
            self.table(
                "`show_stat` of many servers, summarised, over stdio",
                "| servers | dump, MB | raw socket, ms: median (p99) | ours, ms | ratio | peak RSS of the server, MiB |",
                &[row],
            );
        }
    }

    pub(crate) fn show_page(
        &mut self,
        servers: usize,
        bytes: usize,
        raw: &Sample,
        curl: &Sample,
        ours: &Sample,
        memory: &Memory,
    ) {
        let row = |what: &str, sample: &Sample| {
            format!(
                "| {what} | {} | {:.2} |",
                sample.shown(),
                sample.median() / curl.median()
            )
        };
        let title = format!(
            "`show_stat` from the statistics page: {servers} servers, {:.1} MB, summarised (peak RSS {:.1} MiB)",
            bytes as f64 / 1e6,
            memory.peak as f64 / 1_024.0
        );
        self.table(
            &title,
            "| who reads the page | ms: median (p99) | ratio to `curl` |",
            &[
                row("`curl` into nothing, its process included", curl),
                row("a plain socket, nothing parsed", raw),
                row("ours over stdio, summarised", ours),
            ],
        );
    }

    pub(crate) fn doctor(&mut self, sample: &Sample) {
        self.table(
            "`haproxy-mcp doctor` where all is well: Runtime API, statistics page and exporter",
            "| what | ms: median (p99) |",
            &[format!("| from `exec` to the end | {} |", sample.shown())],
        );
    }

    pub(crate) fn each_tool(&mut self, rows: &[(String, usize, Sample, Sample)]) {
        let mut rows: Vec<(f64, String)> = rows
            .iter()
            .map(|(tool, commands, raw, ours)| {
                let above = ours.median() - raw.median();
                let row = format!(
                    "| `{tool}` | {commands} | {} | {} | {above:+.3} |",
                    raw.shown(),
                    ours.shown(),
                );
                (above, row)
            })
            .collect();
        rows.sort_by(|one, other| other.0.total_cmp(&one.0));
        let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
        self.table(
            "Each tool that reads, beside its own commands over the raw socket",
            "| tool | commands | raw socket, ms: median (p99) | ours, ms | above the raw socket, ms |",
            &rows,
        );
    }

    pub(crate) fn show_table(&mut self, rows: &[(&str, Sample, Sample)], memory: &Memory) {
        let rows: Vec<String> = rows
            .iter()
            .map(|(matched, raw, ours)| {
                format!(
                    "| {matched} | {} | {} | {:.2} |",
                    raw.shown(),
                    ours.shown(),
                    ours.median() / raw.median()
                )
            })
            .collect();
        let peak = memory.peak as f64 / 1_024.0;
        self.table(
            &format!("`show_table` of 100,000 entries, filtered and sorted, over stdio (peak RSS {peak:.1} MiB)"),
            "| entries that match | raw socket with the same filter, ms: median (p99) | ours, ms | ratio |",
            &rows,
        );
    }

    pub(crate) fn parsing(&mut self, bytes: usize, native: &Sample, guest: &Sample) {
        let megabytes = bytes as f64 / 1e6;
        let row = |what: &str, sample: &Sample| {
            format!(
                "| {what} | {} | {:.2} | {:.2} |",
                sample.shown(),
                sample.median() / megabytes,
                sample.median() / native.median(),
            )
        };
        // Kept for after the table that is being written row by row.
        let rows = [
            row("native csv-core, all fields, nothing kept", native),
            row(
                "the guest: fresh instance, read, select, sum, sort, answer",
                guest,
            ),
        ];
        let kept = std::mem::take(&mut self.text);
        self.table(
            "Reading `show stat` of 10,000 servers from memory",
            "| what | ms: median (p99) | ms/MB | ratio |",
            &rows,
        );
        let parsing = std::mem::replace(&mut self.text, kept);
        let place = self
            .text
            .find("\n## `show_stat`")
            .unwrap_or(self.text.len());
        self.text.insert_str(place, &parsing);
    }

    pub(crate) fn instances(&mut self, bare: &Sample, ours: &Sample) {
        self.table(
            "A fresh instance, a call, and the end of it",
            "| what | ms: median (p99) | ratio |",
            &[
                format!(
                    "| wasmtime alone, the same settings | {} | 1.00 |",
                    bare.shown()
                ),
                format!(
                    "| the sandbox: limits, deadlines, authority | {} | {:.2} |",
                    ours.shown(),
                    ours.median() / bare.median()
                ),
            ],
        );
    }

    pub(crate) fn memory(&mut self, tools: usize, idle: &Memory, busy: &Memory, rest: &Memory) {
        let row = |when: &str, memory: &Memory| {
            format!(
                "| {when} | {:.1} | {:.1} |",
                memory.resident as f64 / 1_024.0,
                memory.peak as f64 / 1_024.0
            )
        };
        self.table(
            "Memory of the server",
            "| when | RSS, MiB | peak (VmHWM), MiB |",
            &[
                row(
                    "at rest for 2 s, after the handshake and the list of tools",
                    idle,
                ),
                row(
                    &format!("right after 1,000 calls over all {tools} tools that read"),
                    busy,
                ),
                row("at rest for 2 s after these", rest),
            ],
        );
    }

    /// Writes the document, or prints it where the run was a short one.
    #[expect(
        clippy::disallowed_methods,
        reason = "the document is what this program is for"
    )]
    pub(crate) fn write(&self, quick: bool) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        let notes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/bench/notes.md");
        let notes = std::fs::read_to_string(notes).unwrap();
        let document = format!(
            "# Benchmarks\n\nWritten by `make bench`; do not edit. {}. What is compared was measured in turns, in one run.\n{}\n{notes}",
            self.machine, self.text
        );
        if quick || cfg!(debug_assertions) {
            floor::print(&document);
        } else {
            std::fs::write(path, document).unwrap();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "reads what the kernel says of the machine"
)]
fn processor() -> String {
    std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|info| {
            let line = info.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
