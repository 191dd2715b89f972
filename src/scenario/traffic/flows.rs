//! A list of flows: `arrivals = { flows = { file = "flows.csv", fabric = "main" } }`.
//!
//! One row a message: when it starts, how large it is, and which route it takes. It goes one way,
//! over links that are shared fairly, and arrives after the propagation of its route: an exact
//! fluid replay. `connection = "new"` gives each a connection of its own, with the round trip of a
//! TCP handshake, slow start and headers as every new connection has them; `tcp = { ... }` of the
//! workload switches each of these on or off by itself.

use std::sync::Arc;

use crate::plan::{Connections, FlowRow, RouteId, Timeouts};
use crate::scenario::context::Context;
use crate::scenario::data::MOST_ROWS;
use crate::scenario::diagnostic::{Diagnostic, nearest};
use crate::scenario::kinds::fabric::Names;
use crate::scenario::kinds::{Specs, Thing};
use crate::scenario::lowering::Lowering;
use crate::scenario::reader::Reader;
use crate::scenario::table::{self, Column, fixed};
use crate::units::{Bytes, Span};

/// As written; the routes are not yet those of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Flows {
    pub(crate) rows: Arc<Vec<FlowRow>>,
    fabric: Option<String>,
    handshake_rtts: u32,
}

/// Round trips before the first byte.
const CONNECTIONS: &[(&str, u32)] = &[("new", 1), ("open", 0)];

impl Flows {
    /// Reads `{ file, fabric, connection }`.
    pub(super) fn read(r: &Reader<'_>, specs: &Specs) -> Option<Self> {
        let file = r.req::<String>("file");
        let given = r.has("fabric");
        let fabric = r.reference("fabric", &["fabric"]).map(|fabric| fabric.name);
        let handshake_rtts = r.word("connection", CONNECTIONS).unwrap_or(0);
        let file = file?;
        let rows =
            match &fabric {
                // What could not be read has been complained about.
                Some(name) => read_rows(&file, r, &specs.fabric.get(name)?.spec.names)?,
                None if given => return None,
                None => {
                    let names = Names::new(specs.route.keys().cloned().collect());
                    if names.all().next().is_none() {
                        let message = "there is no route that the flows could take";
                        r.cx.complain(Diagnostic::error("missing-key", r.place, message).help(
                            "add fabric = \"name\" and a [fabric.name], or declare [route.x]",
                        ));
                        return None;
                    }
                    read_rows(&file, r, &names)?
                }
            };
        Some(Self { rows: Arc::new(rows), fabric, handshake_rtts })
    }

    /// The routes that rows name by position.
    pub(crate) fn routes(&self, l: &mut Lowering<'_>) -> Vec<RouteId> {
        match &self.fabric {
            Some(name) => l.specs.fabric[name].routes(l),
            None => l.specs.route.values().map(|route: &Thing<_>| route.id(l)).collect(),
        }
    }

    /// Whether the flows' connections are taken to be open, and to have no limits of their own.
    pub(super) const fn are_open(&self) -> bool {
        self.handshake_rtts == 0
    }

    /// Each flow has a connection of its own.
    pub(super) fn connections(&self) -> Connections {
        Connections {
            reuse: false,
            per_client: None,
            idle_timeout: Span::ZERO,
            max_age: None,
            handshake_rtts: self.handshake_rtts,
        }
    }

    /// Nobody gives up, unless the scenario says when.
    pub(super) const fn timeouts() -> Timeouts {
        let never = Span::from_nanos(u64::MAX);
        Timeouts { name: never, name_attempts: 1, connect: never, request: never }
    }
}

/// Rows in order of start; those of one start stay in the order of the file.
fn read_rows(file: &str, r: &Reader<'_>, routes: &Names) -> Option<Vec<FlowRow>> {
    const START: Column = Column { names: &["start_s", "start", "start_ns"], needed: true };
    const SIZE: Column = Column { names: &["size_bytes", "size", "bytes"], needed: true };
    const ROUTE: Column = Column { names: &["path_id", "route_id", "route"], needed: true };
    let cx: &Context = r.cx;
    let mut number = 0;
    let columns = [START, SIZE, ROUTE];
    let mut rows = table::read(file, r.place_of("file"), cx, &columns, MOST_ROWS, |row| {
        let at =
            row.read(0, "seconds with up to nine decimals, or whole ns in `start_ns`", |cell| {
                match row.name(0) {
                    "start_ns" => fixed(cell, 0),
                    _ => fixed(cell, 9),
                }
            })?;
        let bytes = row.read(1, "whole bytes, or a size such as \"20 kB\"", |cell| {
            match cell.ends_with(|c: char| c.is_ascii_alphabetic()) {
                true => cell.parse::<Bytes>().map(Bytes::get).map_err(|e| e.to_string()),
                false => fixed(cell, 0),
            }
            .and_then(|bytes| match bytes < 1 << 53 {
                true => Ok(bytes),
                false => Err(format!("`{cell}` is more than 9 PB")),
            })
        })?;
        let route = row.read(2, "the name of a route", |cell| {
            routes.find(cell).ok_or_else(|| {
                let guess = nearest(cell, routes.all().take(10_000));
                let guess = guess.map_or(String::new(), |g| format!(": did you mean `{g}`?"));
                format!("there is no route `{cell}`{guess}")
            })
        })?;
        number += 1;
        Ok(FlowRow { at: Span::from_nanos(at), bytes, route, number: number - 1 })
    })?;
    rows.sort_by_key(|row| row.at);
    Some(rows)
}
