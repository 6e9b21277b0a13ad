//! Every number of `docs/benchmarks.md`, as medians and ratios of one run on one machine: `make bench`.
//!
//! What is compared is taken in turns, so that whatever else the machine does hits both. The floor of everything that
//! asks HAProxy is its raw socket: one write, one read loop with a large buffer. The floor of a call is wasmtime
//! itself with the same settings and a host that does nothing ([`bare`]); of reading, native csv-core.
//!
//! Beside this server stands one of the same kind in Python (`peer.py`), for start and `show_info`, where `BENCH_PYTHON`
//! is an interpreter that has the SDK; `BENCH_PEER='name=command line'` puts another MCP server that speaks stdio there,
//! too. `BENCH_QUICK=1` makes a short run, whose numbers are for looking only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark fails by panicking, and its numbers are far from the limits of a float"
)]

mod bare;
mod calls;
mod floor;
mod recorder;
mod report;
mod served;

use std::sync::Arc;
use std::time::{Duration, Instant};

use haproxy_mcp_testkit::{Binary, Haproxy, newest};

use recorder::Recorder;
use report::{Report, Sample};
use served::{Peer, Served};

fn main() {
    let quick = floor::set("BENCH_QUICK");
    let rounds = |full: usize| if quick { full / 10 + 1 } else { full };
    let binary = newest();
    let mut report = Report::new(&binary);
    let own = Peer::own();
    let peers: Vec<Peer> = std::iter::once(own.clone())
        .chain(Peer::python())
        .chain(Peer::from_environment())
        .collect();

    start(&mut report, &peers, rounds(101));
    show_info(&mut report, &peers, &Haproxy::start(&binary), rounds(1_000));
    for servers in [1_000, 10_000, 50_000] {
        let haproxy = Haproxy::builder(&binary).servers(servers).start();
        show_stat(
            &mut report,
            &own,
            &haproxy,
            servers,
            rounds(if servers > 10_000 { 15 } else { 51 }),
        );
        if servers == 10_000 {
            let bytes = floor::ask(&haproxy.admin_socket(), "show stat");
            parsing(&mut report, &bytes, rounds(101));
        }
    }
    let paged = Haproxy::builder(&binary).servers(10_000).page("").start();
    show_page(&mut report, &paged, 10_000, rounds(51));
    drop(paged);
    doctor(
        &mut report,
        &Haproxy::builder(&binary).page("").start(),
        rounds(51),
    );
    show_table(&mut report, &binary, rounds(51));
    instances(&mut report, rounds(3_000));
    each_tool(&mut report, &Haproxy::start(&binary), rounds(200));
    let master = Haproxy::builder(&binary).master_worker().start();
    let everything = Peer::own_with_all_tools().with_master(&master.master_socket());
    memory(&mut report, &everything, &master);
    report.write(quick);
}

/// From starting the process to the answer of `initialize`, the list of tools known.
fn start(report: &mut Report, peers: &[Peer], rounds: usize) {
    let mut samples: Vec<Sample> = peers.iter().map(|_| Sample::default()).collect();
    for round in 0..rounds {
        for (number, (peer, sample)) in peers.iter().zip(&mut samples).enumerate() {
            // Others may take seconds.
            if number > 0 && round % 5 > 0 {
                continue;
            }
            let begun = Instant::now();
            let mut served = Served::start(peer, None);
            served.initialize();
            sample.push(begun.elapsed());
            drop(served);
            // Without it, the kernel is still busy with the last process when the next one starts.
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    report.start(peers, &samples);
}

/// `show_info` over stdio beside the raw socket. One server after the other: what one leaves of the processor's caches is
/// not for the next one to bear.
fn show_info(report: &mut Report, peers: &[Peer], haproxy: &Haproxy, rounds: usize) {
    let socket = haproxy.admin_socket();
    for peer in peers {
        let mut served = Served::start(peer, Some(&socket));
        served.initialize();
        let mut raw = Sample::default();
        let mut sample = Sample::default();
        for round in 0..rounds + 20 {
            let floor = floor::timed(|| floor::ask(&socket, "show info"));
            let time = floor::timed(|| served.call("show_info", "{}"));
            // The first calls load the module.
            if round >= 20 {
                raw.push(floor);
                sample.push(time);
            }
        }
        report.show_info(peer, &raw, &sample);
    }
}

/// `show_stat` with its defaults over many servers beside the raw socket, and what memory it takes.
fn show_stat(report: &mut Report, own: &Peer, haproxy: &Haproxy, servers: usize, rounds: usize) {
    let socket = haproxy.admin_socket();
    let mut served = Served::start(own, Some(&socket));
    served.initialize();
    served.call("show_stat", "{}");
    let mut raw = Sample::default();
    let mut ours = Sample::default();
    let mut bytes = 0;
    for _ in 0..rounds {
        raw.push(floor::timed(|| {
            bytes = floor::ask(&socket, "show stat").len();
        }));
        ours.push(floor::timed(|| served.call("show_stat", "{}")));
    }
    report.show_stat(servers, bytes, &raw, &ours, &served.memory());
}

/// `show_stat` with its defaults from the statistics page alone, beside `curl` and beside a plain socket that reads the
/// same page.
fn show_page(report: &mut Report, haproxy: &Haproxy, servers: usize, rounds: usize) {
    let url = haproxy.page_url("/stats");
    let csv = format!("{url};csv;norefresh");
    let mut served = Served::start_with(&Peer::own(), &[("HAPROXY_STATS_URL", &url)]);
    served.initialize();
    served.call("show_stat", "{}");
    let (mut raw, mut curl, mut ours) = (Sample::default(), Sample::default(), Sample::default());
    let mut bytes = 0;
    for _ in 0..rounds {
        raw.push(floor::timed(|| {
            bytes = floor::get(haproxy.page_address(), "/stats;csv;norefresh").len();
        }));
        curl.push(floor::timed(|| floor::curl(&csv)));
        ours.push(floor::timed(|| served.call("show_stat", "{}")));
    }
    report.show_page(servers, bytes, &raw, &curl, &ours, &served.memory());
}

/// `haproxy-mcp doctor`, from the start of the process to its end, on an instance where all is well.
fn doctor(report: &mut Report, haproxy: &Haproxy, rounds: usize) {
    let mut sample = Sample::default();
    for _ in 0..rounds {
        sample.push(floor::timed(|| {
            served::doctor(&haproxy.admin_socket(), &haproxy.page_url("/stats"));
        }));
    }
    report.doctor(&sample);
}

/// `show_table` of a table of 100,000 entries, filtered and sorted, beside the raw socket with the same filter.
fn show_table(report: &mut Report, binary: &Binary, rounds: usize) {
    const TABLE: &str = "
backend visitors
    stick-table type ip size 200k expire 1h store gpc0,gpt0,http_req_cnt,http_req_rate(10s),bytes_out_cnt,conn_cur
";
    let haproxy = Haproxy::builder(binary).config(TABLE).start();
    let socket = haproxy.admin_socket();
    for first in (0..100_000_u32).step_by(200) {
        let entries: Vec<String> = (first..first + 200)
            .map(|n| {
                let key = std::net::Ipv4Addr::from(0x0a00_0000 + n);
                format!(
                    "set table visitors key {key} data.gpc0 {} data.http_req_cnt {}",
                    n % 1000,
                    n % 5000
                )
            })
            .collect();
        floor::ask(&socket, &entries.join(";"));
    }
    let mut served = Served::start(&Peer::own_with_all_tools(), Some(&socket));
    served.initialize();
    let mut rows = Vec::new();
    for (what, least) in [("1,000", 990), ("50,000", 500), ("100,000", 0)] {
        let command = format!("show table visitors data.gpc0 ge {least}");
        let arguments = format!(
            r#"{{"table":"visitors","filter":[{{"type":"gpc0","op":"ge","value":{least}}}],"sort":"http_req_cnt"}}"#
        );
        served.call("show_table", &arguments);
        let (mut raw, mut ours) = (Sample::default(), Sample::default());
        for _ in 0..rounds {
            raw.push(floor::timed(|| floor::ask(&socket, &command).len()));
            ours.push(floor::timed(|| served.call("show_table", &arguments)));
        }
        rows.push((what, raw, ours));
    }
    report.show_table(&rows, &served.memory());
}

/// Each tool that reads beside its own commands, asked over the raw socket one after the other. What waits on purpose, and
/// what the master answers, is left out.
fn each_tool(report: &mut Report, haproxy: &Haproxy, rounds: usize) {
    let socket = haproxy.admin_socket();
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(folder.path(), socket.clone());
    let everything = Peer::own_with_all_tools();
    let mut watched = Served::start(&everything, Some(recorder.path()));
    watched.initialize();
    let calls: Vec<(String, String)> = calls::calls(&watched.list())
        .into_iter()
        .filter(|(tool, _)| {
            !["sample_stat", "show_proc", "show_master_startup_logs"].contains(&&**tool)
        })
        .collect();
    let mut served = Served::start(&everything, Some(&socket));
    served.initialize();
    let mut rows = Vec::new();
    for (tool, arguments) in &calls {
        recorder.take();
        watched.call(tool, arguments);
        // The first call of a tool may ask what HAProxy is; the second asks for its own.
        recorder.take();
        watched.call(tool, arguments);
        let asked: Vec<String> = recorder
            .take()
            .iter()
            .map(|line| String::from_utf8_lossy(line).trim_end().to_owned())
            .collect();
        assert!(!asked.is_empty(), "{tool} asked nothing");
        served.call(tool, arguments);
        let (mut raw, mut ours) = (Sample::default(), Sample::default());
        for _ in 0..rounds {
            raw.push(floor::timed(|| {
                for command in &asked {
                    floor::ask(&socket, command);
                }
            }));
            ours.push(floor::timed(|| served.call(tool, arguments)));
        }
        rows.push((tool.clone(), asked.len(), raw, ours));
    }
    report.each_tool(&rows);
}

/// The `stats` module on a dump that lies in memory beside native csv-core on the same bytes.
fn parsing(report: &mut Report, dump: &[u8], rounds: usize) {
    let host = bare::Host::new();
    let module = host.module("stats");
    // As the host hands it over: without the empty line that ends a reply on the wire.
    let reply: Arc<[u8]> = Arc::from(dump.strip_suffix(b"\n").unwrap());
    let mut native = Sample::default();
    let mut guest = Sample::default();
    for _ in 0..rounds {
        native.push(floor::timed(|| floor::csv_core(dump)));
        guest.push(floor::timed(|| {
            host.call(&module, "show_stat", "{}", &reply);
        }));
    }
    report.parsing(dump.len(), &native, &guest);
}

/// A fresh instance, a call of a tool that the module does not have, and the end of it: through the sandbox, and with
/// wasmtime alone.
fn instances(report: &mut Report, rounds: usize) {
    let host = bare::Host::new();
    let module = host.module("process");
    let nothing: Arc<[u8]> = Arc::from([]);
    let sandboxed = served::Sandboxed::new();
    let mut bare = Sample::default();
    let mut ours = Sample::default();
    for _ in 0..rounds {
        bare.push(floor::timed(|| {
            host.call(&module, "absent", "{}", &nothing);
        }));
        ours.push(sandboxed.call("absent"));
    }
    report.instances(&bare, &ours);
}

/// How long nothing is said to a server that is at rest.
const REST: Duration = Duration::from_secs(2);

/// Resident memory before any call, and after a thousand over all tools that the server has.
fn memory(report: &mut Report, own: &Peer, haproxy: &Haproxy) {
    let mut served = Served::start(own, Some(&haproxy.admin_socket()));
    served.initialize();
    let calls = calls::calls(&served.list());
    std::thread::sleep(REST);
    let idle = served.memory();
    for round in 0..1_000_usize.div_ceil(calls.len()) {
        for (tool, arguments) in &calls {
            // Once is enough of a tool that waits.
            if round == 0 || tool != "sample_stat" {
                served.call(tool, arguments);
            }
        }
    }
    let busy = served.memory();
    std::thread::sleep(REST);
    report.memory(calls.len(), &idle, &busy, &served.memory());
}
