//! Every tool that reads, on every version: what `docs/tools.md` says of it in its table.

use haproxy_mcp_testkit::matrix::{Cell, Matrix};
use haproxy_mcp_testkit::schemas::refused_by;
use haproxy_mcp_testkit::{ScriptedSocket, Step, scripted};
use serde_json::json;

use crate::arguments::schemas;
use crate::cases::cases;
use crate::{busy, program, serve};

haproxy_mcp_testkit::on_each_version! {
    fn every_tool_that_reads(binary: &Binary) {
        let mut matrix = Matrix::default();
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let folder = tempfile::tempdir().unwrap();
        let away = program().socket(&scripted::nowhere(folder.path())).start();
        away.stateless();
        let nobody_asked = ScriptedSocket::unix(vec![Step::Close]);
        let apart = program().socket(&nobody_asked.path()).start();
        apart.stateless();
        let schemas = schemas(&apart);
        for case in cases() {
            let tool = case.tool;
            let response = server.call(tool, case.succeeds.clone());
            if case.is_of(binary) || case.since.is_none() {
                assert!(response.answer().is_object(), "{tool}: {}", response.message);
                matrix.seen(tool, Cell::Success);
            } else if response.result()["isError"] == json!(true) {
                assert_eq!(response.code(), "unsupported", "{tool}");
                let (major, minor) = case.since.unwrap();
                matrix.cannot(tool, Cell::Success, &format!("since {major}.{minor}"));
            } else {
                // It answers on older versions, too, in another way.
                assert!(response.answer().is_object(), "{tool}: {}", response.message);
                matrix.seen(tool, Cell::Success);
            }
            if case.refused.is_null() {
                matrix.cannot(tool, Cell::Refusal, "names nothing");
            } else {
                let response = server.call(tool, case.refused);
                let code = response.code();
                assert!(code == case.because.0 || code == "unsupported", "{tool}: {}", response.message);
                matrix.seen(tool, Cell::Refusal);
            }
            for (wrong, pointer) in refused_by(&schemas[tool], &case.succeeds) {
                let response = apart.call(tool, wrong);
                assert_eq!(response.code(), "invalid-argument", "{tool}: {}", response.message);
                let place = &response.error()["details"]["violations"][0]["pointer"];
                assert_eq!(*place, json!(pointer), "{tool}: {}", response.message);
            }
            matrix.seen(tool, Cell::BadArguments);
            let response = away.call(tool, case.succeeds);
            assert_eq!(response.code(), "unreachable", "{tool}: {}", response.message);
            matrix.seen(tool, Cell::Gone);
        }
        assert_eq!(nobody_asked.connections(), 0);
        crate::master::note(binary, &mut matrix);
        crate::doors::note(binary, &mut matrix);
        matrix.assert_current("e2e", binary.label);
    }
}
