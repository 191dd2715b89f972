//! A network in two tables: links, and routes over them, as other tools write them.
//!
//! ```text
//! links.csv: link_id,bytes_per_s      routes.csv: path_id,links        flow ──> 0 ──> 64 ──> 72 ──>
//!            0,250000000                          17,0;64;72;75
//! ```
//!
//! Each link has one direction: what comes back crosses links of its own. Only workloads whose
//! arrivals are a list of flows use the routes. Nothing here is detected or served, but a fault can
//! change what a link gives: `capacity_change = { of = "fabric.main.72", to = "0 bps" }`, with the link
//! as its table calls it: its `link_id`, or the `name` that results show.

use std::collections::BTreeMap;

use super::{Kind, Thing};
use crate::plan::{self, Capacity, Duplex, Hop, LinkId, RouteId};
use crate::random::Dist;
use crate::scenario::context::Context;
use crate::scenario::diagnostic::{Diagnostic, Place, nearest};
use crate::scenario::lowering::{Carrier, Fragment, Lowering};
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
    /// Ids of the links, and what results call them.
    ids: Names,
    titles: Names,
    routes: Vec<Vec<u32>>,
    /// Names of the routes.
    pub(crate) names: Names,
    delay: Span,
}

/// A link of the table.
#[derive(Clone, Debug)]
struct Wire {
    id: String,
    /// What results call it, below the fabric.
    name: String,
    rate: Rate,
    delay: Span,
}

/// Names to positions, quick for the numbers 0, 1, 2, ...
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: Vec<String>,
    index: BTreeMap<String, u32>,
}

impl Names {
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
    const CAPACITY: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let links = r.req::<String>("links").map(|file| (file, r.place_of("links")));
        let routes = r.req::<String>("routes").map(|file| (file, r.place_of("routes")));
        let delay = r.or("delay", Span::ZERO);
        let ((links, at), (routes, routes_at)) = (links?, routes?);
        let links = read_links(&links, at, r.cx)?;
        let ids = Names::new(links.iter().map(|w| w.id.clone()).collect());
        let titles = Names::new(links.iter().map(|w| w.name.clone()).collect());
        let routes = read_routes(&routes, routes_at, &ids, r.cx)?;
        let (names, routes) = routes.into_iter().unzip();
        Some(Self { links, ids, titles, routes, names: Names::new(names), delay })
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
        let first_link = LinkId(u32::try_from(l.plan.links.len()).expect("tables are bounded"));
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
            hops.push((
                Hop::Link(link),
                delay(format!("{full}.{}.delay", wire.name), wire.delay, l),
            ));
        }
        let first_route = RouteId(u32::try_from(l.plan.routes.len()).expect("tables are bounded"));
        for (name, route) in thing.spec.names.all().zip(&thing.spec.routes) {
            let crossed = route.iter().map(|i| hops[*i as usize]);
            let way = crossed.flat_map(|(link, delay)| [Some(link), delay]).chain([common]);
            let hops = way.flatten().collect();
            l.route(plan::Route { name: format!("{full}.route.{name}"), hops });
        }
        l.fabrics.insert(thing.name.clone(), (first_link, first_route));
        Fragment::default()
    }
}

impl Thing<Fabric> {
    /// Its routes in the plan, by position.
    pub(crate) fn routes(&self, l: &Lowering<'_>) -> Vec<RouteId> {
        let (_, first) = l.fabrics[&self.name];
        (first.0..).take(self.spec.routes.len()).map(RouteId).collect()
    }

    /// What results call the link of this id or name.
    pub(crate) fn full_name(&self, link: &str) -> Option<String> {
        let wire = &self.spec.links[self.spec.find(link)? as usize];
        Some(format!("{}.{}", self.full(), wire.name))
    }

    /// The link of this id or name in the plan, as what carries its capacity.
    pub(crate) fn carrier(&self, link: &str, l: &Lowering<'_>) -> Option<Carrier> {
        let (first, _) = l.fabrics[&self.name];
        Some(Carrier { link: LinkId(first.0 + self.spec.find(link)?), share: 1.0 })
    }

    /// Complains unless it is clear which link is meant.
    pub(crate) fn check_link(&self, link: Option<&str>, place: Place, cx: &Context) {
        let spec = &self.spec;
        let known = || spec.ids.all().chain(spec.titles.all()).take(10_000);
        let listed = || {
            let links: Vec<&str> = spec.ids.all().take(12).collect();
            let more = if spec.links.len() > links.len() { ", ..." } else { "" };
            format!("write fabric.{}.LINK; its links are {}{more}", self.name, links.join(", "))
        };
        let Some(link) = link else {
            let message = format!("`{}` is a whole fabric: which of its links?", self.full());
            return cx.complain(Diagnostic::error("reference", place, message).help(listed()));
        };
        match (spec.ids.find(link), spec.titles.find(link)) {
            (Some(a), Some(b)) if a != b => {
                let message = format!("`{link}` is also the name of another link: the id counts");
                cx.complain(Diagnostic::warning("reference", place, message));
            }
            (None, None) => {
                let message = format!("`{}` has no link `{link}`", self.full());
                let mut complaint = Diagnostic::error("unknown-name", place, message);
                if let Some(guess) = cx.guess(link, known()) {
                    complaint = complaint.label(format!("did you mean `{}.{guess}`?", self.full()));
                }
                cx.complain(complaint.help(listed()));
            }
            _ => {}
        }
    }
}

impl Fabric {
    /// The position of a link, by id or else by name.
    fn find(&self, link: &str) -> Option<u32> {
        self.ids.find(link).or_else(|| self.titles.find(link))
    }
}

fn read_links(path: &str, place: Place, cx: &Context) -> Option<Vec<Wire>> {
    const ID: Column = Column { names: &["link_id", "id", "name"], needed: true };
    const RATE: Column =
        Column { names: &["bytes_per_s", "bps", "rate", "capacity"], needed: true };
    const DELAY: Column = Column { names: &["delay", "delay_s", "delay_ns"], needed: false };
    const NAME: Column = Column { names: &["name"], needed: false };
    let (mut ids, mut names) = (BTreeMap::new(), BTreeMap::new());
    table::read(path, place, cx, &[ID, RATE, DELAY, NAME], MOST_LINKS, |row| {
        let id = row.read(0, NAMES, table::name)?;
        once(&mut ids, id, 0)?;
        let rate =
            row.read(1, "a rate above 0: 125000000, or \"10 Gbps\" under `rate`", |cell| {
                let rate = match row.name(1) {
                    // A byte a second is 8 bit/s: three decimals are whole bits.
                    "bytes_per_s" => fixed(cell, 3).map(|x| u128::from(x) * 8 / 1000),
                    "bps" => fixed(cell, 0).map(u128::from),
                    _ => {
                        cell.parse::<Rate>().map(|r| u128::from(r.bps())).map_err(|e| e.to_string())
                    }
                }?;
                match u64::try_from(rate) {
                    Ok(bps) if bps > 0 => Ok(Rate::from_bps(bps)),
                    _ => Err(format!("`{cell}` is out of range")),
                }
            })?;
        let delay = row.read(
            2,
            "a time: \"5 ms\", or a number under `delay_s` or `delay_ns`",
            |cell| match (cell, row.name(2)) {
                ("", _) => Ok(Span::ZERO),
                (_, "delay_s") => fixed(cell, 9).map(Span::from_nanos),
                (_, "delay_ns") => fixed(cell, 0).map(Span::from_nanos),
                _ => cell.parse::<Span>().map_err(|e| e.to_string()),
            },
        )?;
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
    place: Place,
    ids: &Names,
    cx: &Context,
) -> Option<Vec<(String, Vec<u32>)>> {
    const ID: Column = Column { names: &["path_id", "route_id", "id", "name"], needed: true };
    const LINKS: Column = Column { names: &["links"], needed: true };
    let mut seen = BTreeMap::new();
    // By link, the number of the last route that crosses it.
    let (mut last, mut number) = (vec![0_u32; ids.all().count()], 0);
    table::read(path, place, cx, &[ID, LINKS], MOST_ROUTES, |row| {
        let name = row.read(0, NAMES, table::name)?;
        once(&mut seen, name, 0)?;
        let allowed = "ids of links joined by `;`, each once, at most 1,000";
        number += 1;
        let hops = row.read(1, allowed, |cell| {
            let mut hops = Vec::new();
            for id in cell.split(';').map(str::trim) {
                let Some(hop) = ids.find(id) else {
                    let guess = nearest(id, ids.all().take(10_000));
                    let guess = guess.map_or(String::new(), |g| format!(": did you mean `{g}`?"));
                    return Err(format!("there is no link `{id}`{guess}"));
                };
                if std::mem::replace(&mut last[hop as usize], number) == number {
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
