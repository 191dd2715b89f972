//! A network in two tables: links, and routes over them, as other tools write them.
//!
//! ```text
//! links.csv: link_id,bytes_per_s      routes.csv: path_id,links        flow ──> 0 ──> 64 ──> 72 ──>
//!            0,250000000                          17,0;64;72;75
//! ```
//!
//! Each link has one direction: what comes back crosses links of its own. Only workloads whose
//! arrivals are a list of flows use the routes. Nothing here fails, is detected or served.

use std::collections::BTreeMap;

use super::{Kind, Thing};
use crate::plan::{self, Capacity, Duplex, Hop, RouteId};
use crate::random::Dist;
use crate::scenario::context::Context;
use crate::scenario::diagnostic::nearest;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::reader::Reader;
use crate::scenario::table::{self, Bad, Column, NAMES, fixed};
use crate::units::{Rate, Span};

/// Most links of one fabric.
const MOST_LINKS: usize = 100_000;
/// Most routes of one fabric, and most links of one route.
const MOST_ROUTES: usize = 1_000_000;
const MOST_HOPS: usize = 1_000;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Fabric {
    links: Vec<Wire>,
    routes: Vec<Vec<u32>>,
    pub(crate) names: RouteNames,
    delay: Span,
}

/// A link of the table.
#[derive(Clone, Debug)]
struct Wire {
    id: String,
    /// What results call it.
    name: String,
    rate: Rate,
    delay: Span,
}

/// Names to positions, quick for the numbers 0, 1, 2, ...
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteNames {
    names: Vec<String>,
    index: BTreeMap<String, u32>,
}

impl RouteNames {
    /// Of names, each once, in order of position.
    pub(crate) fn new(names: Vec<String>) -> Self {
        let index = (0..).zip(&names).map(|(i, name)| (name.clone(), i)).collect();
        Self { names, index }
    }

    /// The position of a name.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let direct = name.parse::<u32>().ok();
        let fits = |i: &u32| self.names.get(*i as usize).is_some_and(|known| known == name);
        direct.filter(fits).or_else(|| self.index.get(name).copied())
    }

    /// All names, by position.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl Kind for Fabric {
    const NAME: &'static str = "fabric";
    const DOC: &'static str = "a network in two tables: links, and routes over them";
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let links = r.req::<String>("links").map(|file| (file, r.place_of("links")));
        let routes = r.req::<String>("routes").map(|file| (file, r.place_of("routes")));
        let delay = r.or("delay", Span::ZERO);
        let ((links, at), (routes, routes_at)) = (links?, routes?);
        let links = read_links(&links, at, r.cx)?;
        let routes = read_routes(&routes, routes_at, &links, r.cx)?;
        let (names, routes) = routes.into_iter().unzip();
        Some(Self { links, routes, names: RouteNames::new(names), delay })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let full = thing.full();
        let delay = |name: String, span: Span, l: &mut Lowering<'_>| {
            #[expect(clippy::cast_precision_loss, reason = "below 104 days")]
            let law = Dist::constant(span.nanos() as f64);
            let hop = |id| Hop::Delay(id);
            (span > Span::ZERO).then(|| hop(l.delay(plan::Delay { name, law, local: None })))
        };
        let common = delay(format!("{full}.delay"), thing.spec.delay, l);
        let mut hops = Vec::with_capacity(thing.spec.links.len());
        for wire in &thing.spec.links {
            let link = l.link(plan::Link {
                name: format!("{full}.{}", wire.name),
                role: "fabric".to_owned(),
                capacity: Capacity::Fixed(wire.rate),
                duplex: Duplex::Half,
                needs: Vec::new(),
                headline: false,
            });
            hops.push((Hop::Link(link), delay(format!("{full}.{}.delay", wire.name), wire.delay, l)));
        }
        let first = RouteId(u32::try_from(l.plan.routes.len()).expect("tables are bounded"));
        for (name, route) in thing.spec.names.all().zip(&thing.spec.routes) {
            let crossed = route.iter().map(|i| hops[*i as usize]);
            let way = crossed.flat_map(|(link, delay)| [Some(link), delay]).chain([common]);
            let hops = way.flatten().collect();
            l.route(plan::Route { name: format!("{full}.route.{name}"), hops });
        }
        l.fabrics.insert(thing.name.clone(), first);
        Fragment::default()
    }
}

impl Thing<Fabric> {
    /// Its routes in the plan, by position.
    pub(crate) fn routes(&self, l: &Lowering<'_>) -> Vec<RouteId> {
        let first = l.fabrics[&self.name].0;
        (first..).take(self.spec.routes.len()).map(RouteId).collect()
    }
}

fn read_links(path: &str, place: crate::scenario::Place, cx: &Context) -> Option<Vec<Wire>> {
    const ID: Column = Column { names: &["link_id", "id", "name"], needed: true };
    const RATE: Column =
        Column { names: &["bytes_per_s", "bps", "rate", "capacity"], needed: true };
    const DELAY: Column = Column { names: &["delay", "delay_s", "delay_ns"], needed: false };
    const NAME: Column = Column { names: &["name"], needed: false };
    let (mut ids, mut names) = (BTreeMap::new(), BTreeMap::new());
    table::read(path, place, cx, &[ID, RATE, DELAY, NAME], MOST_LINKS, |row| {
        let id = row.read(0, NAMES, table::name)?;
        once(&mut ids, id, 0)?;
        let rate = row.read(1, "a rate above 0: 125000000, or \"10 Gbps\" under `rate`", |cell| {
            let rate = match row.name(1) {
                // A byte a second is 8 bit/s: three decimals are whole bits.
                "bytes_per_s" => fixed(cell, 3).map(|x| u128::from(x) * 8 / 1000),
                "bps" => fixed(cell, 0).map(u128::from),
                _ => cell.parse::<Rate>().map(|r| u128::from(r.bps())).map_err(|e| e.to_string()),
            }?;
            match u64::try_from(rate) {
                Ok(bps) if bps > 0 => Ok(Rate::from_bps(bps)),
                _ => Err(format!("`{cell}` is out of range")),
            }
        })?;
        let delay = row.read(2, "a time: \"5 ms\", or a number under `delay_s` or `delay_ns`", |cell| {
            match (cell, row.name(2)) {
                ("", _) => Ok(Span::ZERO),
                (_, "delay_s") => fixed(cell, 9).map(Span::from_nanos),
                (_, "delay_ns") => fixed(cell, 0).map(Span::from_nanos),
                _ => cell.parse::<Span>().map_err(|e| e.to_string()),
            }
        })?;
        let name = match row.cell(3) {
            "" => id,
            _ => row.read(3, NAMES, table::name)?,
        };
        once(&mut names, name, 3)?;
        Ok(Wire { id: id.to_owned(), name: name.to_owned(), rate, delay })
    })
}

fn once(seen: &mut BTreeMap<String, ()>, name: &str, column: usize) -> Result<(), Bad> {
    match seen.insert(name.to_owned(), ()) {
        None => Ok(()),
        Some(()) => {
            let why = format!("`{name}` is there twice");
            Err(Bad { column, why, allowed: "each name once".to_owned() })
        }
    }
}

/// Names of routes and the positions of their links.
fn read_routes(
    path: &str,
    place: crate::scenario::Place,
    links: &[Wire],
    cx: &Context,
) -> Option<Vec<(String, Vec<u32>)>> {
    const ID: Column = Column { names: &["path_id", "route_id", "id", "name"], needed: true };
    const LINKS: Column = Column { names: &["links"], needed: true };
    let ids: BTreeMap<&str, u32> = links.iter().map(|w| w.id.as_str()).zip(0..).collect();
    let mut seen = BTreeMap::new();
    table::read(path, place, cx, &[ID, LINKS], MOST_ROUTES, |row| {
        let name = row.read(0, NAMES, table::name)?;
        once(&mut seen, name, 0)?;
        let allowed = "ids of links joined by `;`, each once, at most 1,000";
        let hops = row.read(1, allowed, |cell| {
            let mut hops = Vec::new();
            for id in cell.split(';').map(str::trim) {
                let Some(&hop) = ids.get(id) else {
                    let guess = nearest(id, ids.keys().copied());
                    let guess = guess.map_or(String::new(), |g| format!(": did you mean `{g}`?"));
                    return Err(format!("there is no link `{id}`{guess}"));
                };
                if hops.contains(&hop) {
                    return Err(format!("link `{id}` is crossed twice"));
                }
                hops.push(hop);
                if hops.len() > MOST_HOPS {
                    return Err("too many links".to_owned());
                }
            }
            Ok(hops)
        })?;
        Ok((name.to_owned(), hops))
    })
}
