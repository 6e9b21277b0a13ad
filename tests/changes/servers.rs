use serde_json::json;

use crate::cases::{Case, Site};

pub(crate) fn cases() -> Vec<Case> {
    vec![Case {
        tool: "set_weight",
        access: "operate",
        site: Site::usual,
        succeeds: |_| json!({ "backend": "be_app", "server": "app1", "weight": 17 }),
        seen: |site| site.haproxy.raw_text("get weight be_app/app1"),
        refused: |_| json!({ "backend": "be_app", "server": "app9", "weight": 17 }),
        because: "not-found",
        since: None,
    }]
}
