//! `show_cli_sockets`.

use haproxy_listing::cut;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::columns::Columns;
use serde::Serialize;

use crate::list::Arguments;

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 30;

/// Characters of an address.
const ADDRESS: usize = 200;

#[derive(Serialize)]
struct Row {
    socket: String,
    level: String,
    processes: String,
}

pub(crate) fn show_cli_sockets(call: &Call<'_>) -> Result<Outcome, Failure> {
    let part = call
        .arguments::<Arguments>()?
        .part("show_cli_sockets", LIMIT)?;
    let reply = call.instance().ask(&["show", "cli", "sockets"])?.bytes()?;
    let table = Columns::read(&reply, ' ').map_err(Failure::unparsable)?;
    let places = [
        table.require("socket").map_err(Failure::unparsable)?,
        table.require("lvl").map_err(Failure::unparsable)?,
        table.require("processes").map_err(Failure::unparsable)?,
    ];
    let rows = table.rows.iter().map(|row| {
        let [socket, level, processes] = places.map(|place| {
            let text = row.get(place).map_or("", String::as_str);
            cut(text, ADDRESS).into_owned()
        });
        Row {
            socket,
            level,
            processes,
        }
    });
    let pages = part.of(rows.filter(|row| part.holds([row.socket.as_str(), row.level.as_str()])));
    let written = part.write(&pages)?;
    let line = format!("{} of {} stats sockets", written.shown, written.matched);
    Ok(Outcome::of(&written.alone())?.text(line))
}
