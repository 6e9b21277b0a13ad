//! What the answer of each tool must be, by what the raw socket said before and after it.

use std::collections::{BTreeMap, BTreeSet};

use haproxy_mcp_testkit::{Haproxy, until};
use serde_json::{Map, Value, json};

use crate::oracle::{self, Fields, Object, Span, Typed};

/// Columns that `show_stat` adds up whatever is asked for.
const SUMMED: [&str; 15] = [
    "qcur", "scur", "stot", "rate", "req_tot", "bin", "bout", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx",
    "hrsp_5xx", "dreq", "econ", "eresp", "wretr",
];

/// What HAProxy says at one moment.
pub(crate) struct Moment {
    pub(crate) information: Fields,
    pub(crate) statistics: Vec<Object>,
    pub(crate) states: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    /// Replies of further commands, by the command.
    pub(crate) replies: BTreeMap<&'static str, String>,
}

impl Moment {
    pub(crate) fn of(haproxy: &Haproxy) -> Self {
        let statistics = oracle::statistics(haproxy);
        let states = statistics
            .iter()
            .filter(|object| object.kind() == "backend")
            .map(|object| object.text("pxname"))
            .map(|backend| (backend.clone(), oracle::states(haproxy, &backend)))
            .collect();
        Self {
            information: oracle::information(haproxy),
            statistics,
            states,
            replies: crate::topology::COMMANDS
                .into_iter()
                .chain(crate::process::COMMANDS)
                .chain(crate::logs::COMMANDS)
                .chain(crate::maps::COMMANDS)
                .chain(crate::tables::COMMANDS)
                .chain(crate::sessions::COMMANDS)
                .chain(crate::certificates::COMMANDS)
                .map(|command| (command, haproxy.raw_text(command)))
                .collect(),
        }
    }

    pub(crate) fn objects(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.statistics
            .iter()
            .filter(move |object| object.kind() == kind)
    }
}

/// Asks for an answer, with the raw socket before and after it, until nothing is objected to. What moves by itself
/// (checks, rates) may have moved back in between; what is wrong stays wrong until the deadline, and is then shown.
pub(crate) fn agree(haproxy: &Haproxy, what: &str, ask: impl Fn() -> Vec<(String, Value, Value)>) {
    until(
        &format!(
            "{what} to be what HAProxy {} says",
            haproxy.binary().version
        ),
        || {
            let before = Moment::of(haproxy);
            let asked = ask();
            let after = Moment::of(haproxy);
            let objections: Vec<String> = asked
                .iter()
                .flat_map(|(tool, arguments, answer)| {
                    let place = format!("{tool} {arguments}");
                    objections(tool, arguments, answer, &before, &after)
                        .into_iter()
                        .map(move |objection| format!("{place}: {objection}"))
                })
                .collect();
            if objections.is_empty() {
                Ok(())
            } else {
                Err(objections.join("\n"))
            }
        },
    );
}

/// Everything in the answer that HAProxy does not say, and everything that it says and the answer does not.
fn objections(
    tool: &str,
    arguments: &Value,
    answer: &Value,
    before: &Moment,
    after: &Moment,
) -> Vec<String> {
    let mut check = Check {
        before,
        after,
        objections: Vec::new(),
    };
    match tool {
        "show_info" => check.show_info(arguments, answer),
        "show_stat" => check.show_stat(arguments, answer),
        "list_backends" => check.list_backends(answer),
        "list_servers" => check.list_servers(answer),
        "get_server" => check.get_server(answer),
        other => {
            let known = crate::topology::check(&mut check, other, arguments, answer)
                || crate::rates::check(&mut check, other, arguments, answer)
                || crate::process::check(&mut check, other, arguments, answer)
                || crate::servers::check(&mut check, other, arguments, answer)
                || crate::logs::check(&mut check, other, answer)
                || crate::maps::check(&mut check, other, arguments, answer)
                || crate::tables::check(&mut check, other, arguments, answer)
                || crate::sessions::check(&mut check, other, arguments, answer)
                || crate::certificates::check(&mut check, other, arguments, answer);
            assert!(known, "nobody has written down what `{other}` must answer");
        }
    }
    check.objections
}

pub(crate) struct Check<'a> {
    pub(crate) before: &'a Moment,
    pub(crate) after: &'a Moment,
    objections: Vec<String>,
}

impl Check<'_> {
    pub(crate) fn wrong(&mut self, objection: impl Into<String>) {
        self.objections.push(objection.into());
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "most of what is compared is made for it"
    )]
    pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        said: T,
        expected: T,
    ) {
        if said != expected {
            self.wrong(format!("{what} is {said:?}, and by HAProxy {expected:?}"));
        }
    }

    fn show_info(&mut self, arguments: &Value, answer: &Value) {
        let span = Span {
            before: self.before.information.clone(),
            after: self.after.information.clone(),
        };
        for (key, field) in [
            ("version", "Version"),
            ("uptime_sec", "Uptime_sec"),
            ("node", "node"),
        ] {
            self.objections.extend(span.objection(field, &answer[key]));
        }
        let fields = object(&answer["fields"]);
        for (name, value) in fields {
            self.objections.extend(span.objection(name, value));
        }
        let there = span.before.iter().filter(|(_, value)| !value.is_empty());
        let there: BTreeSet<&str> = there.map(|(name, _)| name.as_str()).collect();
        if arguments["fields"] == json!(["all"]) {
            self.same("the set of fields", names(fields), there);
            self.same("what is left out", &answer["left_out"], &Value::Null);
        } else {
            let left_out = answer["left_out"]["fields"].as_u64().unwrap_or(0);
            if left_out == 0 {
                self.wrong(format!(
                    "{} of {} fields, and nothing left out",
                    fields.len(),
                    there.len()
                ));
            }
        }
    }

    fn show_stat(&mut self, arguments: &Value, answer: &Value) {
        let everything = arguments["fields"] == json!(["all"]);
        for row in rows(answer) {
            let Some(span) = self.span(&text(row, "pxname"), &text(row, "svname")) else {
                continue;
            };
            self.fields(row, &span);
            if everything {
                let there = span.before.iter().filter(|(_, value)| !value.is_empty());
                let there: BTreeSet<&str> = there.map(|(name, _)| name.as_str()).collect();
                self.same("the set of columns", names(row), there);
            }
        }
        let matching = |object: &&Object| {
            let is = |argument: &str, field: &str| {
                arguments
                    .get(argument)
                    .is_none_or(|wanted| *wanted == json!(object.text(field)))
            };
            is("proxy", "pxname")
                && is("server", "svname")
                && arguments
                    .get("type")
                    .is_none_or(|wanted| *wanted == json!(object.kind()))
        };
        let before: Vec<&Object> = self.before.statistics.iter().filter(matching).collect();
        let after: Vec<&Object> = self.after.statistics.iter().filter(matching).collect();
        self.same(
            "matched",
            answer["matched"].as_u64(),
            Some(before.len() as u64),
        );
        if answer.get("next_cursor").is_none() {
            self.same("the number of rows", rows(answer).count(), before.len());
        }
        for kind in ["frontend", "backend", "server", "listener"] {
            let of_kind = |objects: &[&Object]| -> Vec<Object> {
                objects
                    .iter()
                    .filter(|object| object.kind() == kind)
                    .map(|object| (*object).clone())
                    .collect()
            };
            self.totals(
                kind,
                &answer["totals"][kind],
                &of_kind(&before),
                &of_kind(&after),
            );
        }
    }

    fn totals(&mut self, kind: &str, said: &Value, before: &[Object], after: &[Object]) {
        if before.is_empty() {
            return self.same(&format!("totals of {kind}"), said, &Value::Null);
        }
        self.same(
            &format!("rows of {kind}"),
            said["rows"].as_u64(),
            Some(before.len() as u64),
        );
        let states = [states(before), states(after)];
        if !states.iter().any(|states| json!(states) == said["states"]) {
            self.wrong(format!(
                "states of {kind} are {}, and by HAProxy {states:?}",
                said["states"]
            ));
        }
        let sums: BTreeSet<&str> = names(object(said))
            .into_iter()
            .filter(|name| !["rows", "states"].contains(name))
            .collect();
        let has = |name: &&str| {
            before
                .iter()
                .any(|object| object.fields.contains_key(*name))
        };
        let missing: Vec<&str> = SUMMED
            .into_iter()
            .filter(has)
            .filter(|name| !sums.contains(name))
            .collect();
        self.same(&format!("what totals of {kind} lack"), missing, Vec::new());
        let span = Span {
            before: summed(before, &sums),
            after: summed(after, &sums),
        };
        for name in sums {
            self.objections.extend(
                span.objection(name, &said[name])
                    .map(|objection| format!("totals of {kind}: {objection}")),
            );
        }
    }

    fn list_backends(&mut self, answer: &Value) {
        for row in rows(answer) {
            let backend = text(row, "pxname");
            let Some(span) = self.span(&backend, "BACKEND") else {
                continue;
            };
            let mut columns = row.clone();
            columns.remove("servers");
            self.fields(&columns, &span);
            let of_backend = |object: &&Object| object.text("pxname") == backend;
            self.counts(&backend, &row["servers"], of_backend);
        }
        let said: Vec<String> = rows(answer).map(|row| text(row, "pxname")).collect();
        let expected: Vec<String> = self
            .before
            .objects("backend")
            .map(|object| object.text("pxname"))
            .collect();
        self.same("the backends", said, expected.clone());
        self.same(
            "matched",
            answer["matched"].as_u64(),
            Some(expected.len() as u64),
        );
        self.same(
            "totals",
            answer["totals"]["backends"].as_u64(),
            Some(expected.len() as u64),
        );
        let down = self
            .before
            .objects("backend")
            .filter(|object| object.text("status") != "UP")
            .count();
        self.same(
            "backends that are not up",
            answer["totals"]["not_up"].as_u64(),
            Some(down as u64),
        );
        self.counts("all backends", &answer["totals"]["servers"], |_| true);
    }

    fn list_servers(&mut self, answer: &Value) {
        let backend = answer["backend"].as_str().unwrap_or_default().to_owned();
        let servers = |object: &&Object| object.text("pxname") == backend;
        for row in rows(answer) {
            let server = text(row, "svname");
            let Some(span) = self.span(&backend, &server) else {
                continue;
            };
            let mut columns = row.clone();
            let (address, admin) = (columns.remove("addr"), columns.remove("admin_state"));
            self.fields(&columns, &span);
            self.place(&backend, &server, address.as_ref(), admin.as_ref());
        }
        let said: Vec<String> = rows(answer).map(|row| text(row, "svname")).collect();
        let expected: Vec<Object> = self
            .before
            .objects("server")
            .filter(servers)
            .cloned()
            .collect();
        let names: Vec<String> = expected
            .iter()
            .map(|object| object.text("svname"))
            .collect();
        self.same("the servers", said, names);
        self.same(
            "matched",
            answer["matched"].as_u64(),
            Some(expected.len() as u64),
        );
        self.counts(&backend, &answer["totals"]["servers"], servers);
        let later: Vec<Object> = self
            .after
            .objects("server")
            .filter(servers)
            .cloned()
            .collect();
        let sums = BTreeSet::from(["qcur", "scur", "stot"]);
        let span = Span {
            before: summed(&expected, &sums),
            after: summed(&later, &sums),
        };
        for name in sums {
            let said = &answer["totals"][name];
            if expected.is_empty() {
                self.same(name, said, &json!(0));
            } else {
                self.objections.extend(span.objection(name, said));
            }
        }
    }

    fn get_server(&mut self, answer: &Value) {
        let name = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let (backend, server) = (name("backend"), name("server"));
        let Some(span) = self.span(&backend, &server) else {
            return;
        };
        self.objections
            .extend(span.objection("status", &answer["status"]));
        self.fields(object(&answer["stat"]), &span);
        self.place(
            &backend,
            &server,
            answer.get("addr"),
            Some(&answer["admin_state"]),
        );
        let state = object(&answer["state"]);
        let (before, after) = (
            &self.before.states[&backend][&server],
            &self.after.states[&backend][&server],
        );
        let mut span = Span {
            before: Fields::new(),
            after: Fields::new(),
        };
        for (name, value) in state {
            let typed = |text: &str| match value {
                Value::Number(_) => Typed::Number(text.to_owned()),
                _ => Typed::Text(text.to_owned()),
            };
            for (fields, words) in [(&mut span.before, before), (&mut span.after, after)] {
                if let Some(word) = words.get(name) {
                    fields.insert(name.clone(), typed(word));
                }
            }
            self.objections.extend(span.objection(name, value));
        }
        let there = before.iter().filter(|(name, word)| {
            !["be_name", "srv_name"].contains(&name.as_str()) && *word != "-"
        });
        self.same(
            "the set of state's fields",
            names(state),
            there.map(|(name, _)| name.as_str()).collect(),
        );
    }

    /// Address, port and administrative state, which HAProxy says in `show servers state`.
    fn place(
        &mut self,
        backend: &str,
        server: &str,
        address: Option<&Value>,
        admin: Option<&Value>,
    ) {
        let state = &self.before.states[backend][server];
        let expected = format!("{}:{}", state["srv_addr"], state["srv_port"]);
        self.same(
            &format!("addr of {server}"),
            address.and_then(Value::as_str),
            Some(&expected),
        );
        // SRV_ADMF_CMAINT is 4 and SRV_ADMF_FMAINT 1: all that the tests' servers have.
        let bits = match state["srv_admin_state"].as_str() {
            "0" => json!([]),
            "1" => json!(["fmaint"]),
            "4" => json!(["cmaint"]),
            "5" => json!(["fmaint", "cmaint"]),
            other => panic!("an administrative state that the tests do not make: {other}"),
        };
        self.same(
            &format!("admin_state of {server}"),
            admin.unwrap_or(&json!([])),
            &bits,
        );
    }

    pub(crate) fn counts(&mut self, what: &str, said: &Value, which: impl Fn(&&Object) -> bool) {
        let counted = |moment: &Moment| {
            let mut counts = BTreeMap::from(
                ["total", "up", "down", "maint", "drain", "no_check"].map(|name| (name, 0)),
            );
            for object in moment.objects("server").filter(&which) {
                let status = object.text("status");
                let name = match status.split(' ').next().unwrap_or_default() {
                    "UP" => "up",
                    "DOWN" => "down",
                    "MAINT" => "maint",
                    "DRAIN" | "NOLB" => "drain",
                    _ if status == "no check" => "no_check",
                    other => panic!("a status that the tests do not make: {other}"),
                };
                *counts.get_mut("total").unwrap() += 1;
                *counts.get_mut(name).unwrap() += 1;
            }
            json!(counts)
        };
        let counted = [counted(self.before), counted(self.after)];
        // A state that no server has may be left out.
        let mut whole = json!({ "maint": 0, "drain": 0, "no_check": 0 });
        whole.as_object_mut().unwrap().extend(object(said).clone());
        if !counted.contains(&whole) {
            self.wrong(format!(
                "servers of {what} are {said}, and by HAProxy {counted:?}"
            ));
        }
    }

    pub(crate) fn fields(&mut self, row: &Map<String, Value>, span: &Span) {
        for (name, value) in row {
            self.objections.extend(span.objection(name, value));
        }
        if row.len() < 3 {
            self.wrong(format!("a row that says nothing: {row:?}"));
        }
    }

    pub(crate) fn span(&mut self, proxy: &str, server: &str) -> Option<Span> {
        let find = |moment: &Moment| {
            let name = (proxy.to_owned(), server.to_owned());
            Some(
                moment
                    .statistics
                    .iter()
                    .find(|object| object.name() == name)?
                    .fields
                    .clone(),
            )
        };
        let span = find(self.before).zip(find(self.after));
        if span.is_none() {
            self.wrong(format!("HAProxy has no `{proxy}/{server}`"));
        }
        span.map(|(before, after)| Span { before, after })
    }
}

/// How many objects have each state, by the first word of it.
fn states(objects: &[Object]) -> BTreeMap<String, u64> {
    let mut states = BTreeMap::new();
    for status in objects
        .iter()
        .map(|object| object.text("status"))
        .filter(|status| !status.is_empty())
    {
        let first = if status == "no check" {
            &status
        } else {
            status.split(' ').next().unwrap()
        };
        *states.entry(first.to_owned()).or_insert(0) += 1;
    }
    states
}

fn summed(objects: &[Object], names: &BTreeSet<&str>) -> Fields {
    names
        .iter()
        .filter_map(|name| {
            let values = objects
                .iter()
                .filter_map(|object| object.fields.get(*name)?.number());
            let sum = values.reduce(|sum, value| sum + value)?;
            Some(((*name).to_owned(), Typed::Number(sum.to_string())))
        })
        .collect()
}

pub(crate) fn rows(answer: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    answer["rows"].as_array().expect("rows").iter().map(object)
}

pub(crate) fn object(value: &Value) -> &Map<String, Value> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("an object was expected: {value}"))
}

pub(crate) fn names(object: &Map<String, Value>) -> BTreeSet<&str> {
    object.keys().map(String::as_str).collect()
}

pub(crate) fn text(row: &Map<String, Value>, name: &str) -> String {
    row.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
