//! Links: capacities and their laws, background load.

use crate::kernel::{Rank, ResourceId, ResourceUse, Sharing};
use crate::measure::{Fact, LinkUse, Observer};
use crate::plan::{Capacity, Division, Duplex, Hop, Policy};
use crate::random::Stream;
use crate::units::Rate;

use super::arrivals::Clock;
use super::state::{Event, instant};
use super::world::World;

#[derive(Debug)]
pub(super) struct LinkState {
    /// Forward and backward; the same one where they share.
    pub(super) resources: [ResourceId; 2],
    /// What flows of each workload cross instead where the link is divided, forward and backward.
    parts: [Vec<ResourceId>; 2],
    /// What its law gives per direction, bytes per ns.
    nominal: f64,
    /// What it gives instead while a change overrides its law.
    instead: Option<f64>,
    law: Capacity,
    /// Looks and draws of an earlier law are void.
    serial: u32,
    pub(super) down: u32,
    draws: Stream,
    sides: [Side; 2],
}

/// One direction's background load, and what was read of it.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Background carried and lost at present, bytes per ns.
    background: f64,
    lost: f64,
    /// Since when the two hold.
    since: u64,
    /// Sums since the window began, and since the elastic law last looked.
    window: Sums,
    step: Sums,
    peak: f64,
}

/// Integrals of one direction, bytes and ns.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    bytes: f64,
    capacity: f64,
    full_ns: f64,
    lost: f64,
}

impl Side {
    /// Adds what flows did (`seen`) and what background did up to now.
    #[expect(clippy::cast_precision_loss, reason = "windows are short")]
    fn add(&mut self, seen: ResourceUse, now: u64) {
        let dt = (now - self.since) as f64;
        self.since = now;
        for sums in [&mut self.window, &mut self.step] {
            sums.bytes += seen.bytes + self.background * dt;
            sums.capacity += seen.capacity + self.background * dt;
            sums.full_ns += seen.full_ns;
            sums.lost += self.lost * dt;
        }
        self.peak = self.peak.max(seen.peak + self.background);
    }
}

/// A background stream with its clock.
#[derive(Debug)]
pub(super) struct BackgroundState {
    pub(super) rates: [f64; 2],
    pub(super) clock: Option<Clock>,
}

impl LinkState {
    pub(super) fn new(resources: [ResourceId; 2], draws: Stream, law: Capacity) -> Self {
        Self {
            resources,
            parts: [Vec::new(), Vec::new()],
            nominal: 0.0,
            instead: None,
            law,
            serial: 0,
            down: 0,
            draws,
            sides: [Side::default(); 2],
        }
    }

    /// Divides both directions, or the one that they share.
    pub(super) fn divide(&mut self, division: &Division, sharing: &mut Sharing) {
        let parts: Vec<_> = division.shares.iter().map(|s| (s.order, s.weight)).collect();
        let directions = self.directions();
        let divided = self.resources[..directions].iter().map(|r| sharing.divide(*r, &parts));
        let divided: Vec<_> = divided.collect();
        for (d, of) in self.parts.iter_mut().enumerate() {
            let lanes = &divided[d.min(directions - 1)];
            *of = division.of.iter().map(|share| lanes[*share as usize]).collect();
        }
    }

    /// What flows of a workload cross in a direction.
    pub(super) fn crossed(&self, direction: usize, workload: u32) -> ResourceId {
        let part = self.parts[direction].get(workload as usize).copied();
        part.unwrap_or(self.resources[direction])
    }

    /// What it gives at present per direction, background included.
    fn gives(&self) -> f64 {
        if self.down > 0 { 0.0 } else { self.instead.unwrap_or(self.nominal) }
    }

    fn directions(&self) -> usize {
        if self.resources[0] == self.resources[1] { 1 } else { 2 }
    }
}

/// The kernel resources that a link of this kind needs.
pub(super) fn resources_of(duplex: Duplex) -> usize {
    match duplex {
        Duplex::Full => 2,
        Duplex::Half => 1,
    }
}

impl<O: Observer> World<'_, O> {
    /// Puts a capacity law into force now.
    pub(super) fn set_law(&mut self, link: u32, law: Capacity) {
        self.links[link as usize].serial += 1;
        let serial = self.links[link as usize].serial;
        // A law looks at what happens from now on.
        self.read_link(link);
        for side in &mut self.links[link as usize].sides {
            side.step = Sums::default();
        }
        match &law {
            Capacity::Fixed(rate) => self.links[link as usize].nominal = rate.bytes_per_ns(),
            Capacity::Elastic { start, step, .. } => {
                self.links[link as usize].nominal = start.bytes_per_ns();
                let at = self.now.saturating_add(step.nanos());
                self.agenda.schedule(instant(at), Rank::Change, Event::Elastic { link, serial });
            }
            Capacity::Random { .. } => {
                self.links[link as usize].law = law;
                self.redraw(link);
                self.apply_capacity(link);
                return;
            }
        }
        self.links[link as usize].law = law;
        self.apply_capacity(link);
    }

    /// A change overrides the law of a link, or gives it back where it was.
    pub(super) fn override_link(&mut self, link: u32, rate: Option<Rate>) {
        self.links[link as usize].instead = rate.map(Rate::bytes_per_ns);
        self.apply_capacity(link);
    }

    /// Gives an elastic law another ceiling: it goes on from where it is. Other laws become it.
    pub(super) fn set_ceiling(&mut self, link: u32, rate: Rate) {
        let it = &mut self.links[link as usize];
        let Capacity::Elastic { start, step, ceiling, .. } = &mut it.law else {
            return self.set_law(link, Capacity::Fixed(rate));
        };
        *ceiling = rate;
        // It grows from its start to its ceiling, never the other way.
        *start = (*start).min(rate);
        it.nominal = it.nominal.min(rate.bytes_per_ns());
        // One that had reached its ceiling looks at its use no more.
        it.serial += 1;
        let (serial, at) = (it.serial, self.now.saturating_add(step.nanos()));
        self.agenda.schedule(instant(at), Rank::Change, Event::Elastic { link, serial });
        self.read_link(link);
        for side in &mut self.links[link as usize].sides {
            side.step = Sums::default();
        }
        self.apply_capacity(link);
    }

    fn redraw(&mut self, link: u32) {
        let it = &mut self.links[link as usize];
        if let Capacity::Random { law, every } = &it.law {
            it.nominal = Rate::from_bps(law.sample_whole(&mut it.draws)).bytes_per_ns();
            let at = self.now.saturating_add(every.nanos());
            self.agenda.schedule(
                instant(at),
                Rank::Change,
                Event::Redraw { link, serial: it.serial },
            );
        }
    }

    /// A random link is drawn anew (if it still is one).
    pub(super) fn redrawn(&mut self, link: u32, serial: u32) {
        if self.links[link as usize].serial != serial {
            return;
        }
        self.redraw(link);
        self.apply_capacity(link);
        self.spread_background();
    }

    /// An elastic link looks at its use of the last step, and grows if it was pressed.
    pub(super) fn stretch(&mut self, link: u32, serial: u32) {
        if self.links[link as usize].serial != serial {
            return;
        }
        let Capacity::Elastic { start, ceiling, trigger, ramp, step } =
            self.links[link as usize].law
        else {
            return;
        };
        self.read_link(link);
        let it = &mut self.links[link as usize];
        let mut pressed = false;
        for side in &mut it.sides {
            let sums = std::mem::take(&mut side.step);
            // A hair below: a link that is always full carries its capacity but for rounding.
            pressed |= sums.capacity > 0.0 && sums.bytes >= (trigger - 1e-9) * sums.capacity;
        }
        // While a change overrides it, an elastic law rests.
        let pressed = pressed && it.instead.is_none();
        if pressed {
            #[expect(clippy::cast_precision_loss, reason = "short spans")]
            let share = step.nanos() as f64 / ramp.nanos() as f64;
            let gain = (ceiling.bytes_per_ns() - start.bytes_per_ns()) * share;
            it.nominal = (it.nominal + gain).min(ceiling.bytes_per_ns());
        }
        let grown = it.nominal < ceiling.bytes_per_ns();
        if grown {
            let at = self.now.saturating_add(step.nanos());
            self.agenda.schedule(instant(at), Rank::Change, Event::Elastic { link, serial });
        }
        if pressed {
            self.apply_capacity(link);
            self.spread_background();
        }
    }

    /// Gives the kernel what background and failures leave of the nominal capacity.
    pub(super) fn apply_capacity(&mut self, link: u32) {
        let it = &self.links[link as usize];
        let gives = it.gives();
        for d in 0..it.directions() {
            let it = &self.links[link as usize];
            let left = (gives - it.sides[d].background).max(0.0);
            let resource = it.resources[d];
            self.sharing.set_capacity(resource, left, instant(self.now));
        }
    }

    /// What a flow alone on these sides of links would have, bytes per ns: the least that background
    /// and failures leave.
    pub(super) fn room(&self, sides: &[(u32, u8)]) -> f64 {
        let left = |&(link, d): &(u32, u8)| {
            let it = &self.links[link as usize];
            (it.gives() - it.sides[usize::from(d)].background).max(0.0)
        };
        sides.iter().map(left).fold(f64::INFINITY, f64::min)
    }

    /// Brings both directions' sums to the present.
    fn read_link(&mut self, link: u32) {
        for d in 0..self.links[link as usize].directions() {
            let resource = self.links[link as usize].resources[d];
            let seen = self.sharing.read_resource(resource, instant(self.now));
            self.links[link as usize].sides[d].add(seen, self.now);
        }
    }

    /// Tells the use of every link in the window that ends now.
    pub(super) fn tell_links(&mut self) {
        for link in 0..u32::try_from(self.links.len()).expect("fewer than 2^32 links") {
            self.read_link(link);
            for d in 0..self.links[link as usize].directions() {
                let side = &mut self.links[link as usize].sides[d];
                let sums = &mut side.window;
                let seen = LinkUse {
                    bytes: take_whole(&mut sums.bytes),
                    capacity: take_whole(&mut sums.capacity),
                    full_ns: take_whole(&mut sums.full_ns),
                    lost: take_whole(&mut sums.lost),
                    peak_bps: whole(side.peak * 8e9),
                };
                let direction = u8::try_from(d).expect("0 or 1");
                self.tell(Fact::Link { link, direction, seen });
            }
        }
    }

    // ---- background ----

    /// Divides the background streams anew over what is believed up, and takes their load off the
    /// links. A stream divides at selectors by weight; what does not fit on a link is lost there,
    /// in proportion, and does not load the links behind it.
    pub(super) fn spread_background(&mut self) {
        if self.plan.backgrounds.is_empty() {
            return;
        }
        let mut parts: Vec<Part> = Vec::new();
        for (i, spec) in self.plan.backgrounds.iter().enumerate() {
            let stream = &self.backgrounds[i];
            let factor = stream.clock.as_ref().map_or(1.0, |c| c.factor(self.now));
            let mut ways = vec![(1.0, Vec::new())];
            self.ways(&self.plan.routes[spec.route.index()].hops, &mut ways);
            for (share, hops) in ways {
                let back: Vec<(u32, usize)> =
                    hops.iter().rev().map(|(l, d): &(u32, usize)| (*l, 1 - d)).collect();
                parts.push(Part { rate: stream.rates[0] * factor * share, hops });
                parts.push(Part { rate: stream.rates[1] * factor * share, hops: back });
            }
        }
        parts.retain(|p| p.rate > 0.0);
        let (carried, lost) = self.squeeze(&parts);
        for link in 0..u32::try_from(self.links.len()).expect("fewer than 2^32 links") {
            let i = link as usize;
            let same = |d: usize| {
                let side = &self.links[i].sides[d];
                side.background == carried[i][d] && side.lost == lost[i][d]
            };
            if same(0) && same(1) {
                continue;
            }
            self.read_link(link);
            for d in 0..2 {
                let side = &mut self.links[i].sides[d];
                (side.background, side.lost) = (carried[i][d], lost[i][d]);
                side.since = self.now;
            }
            self.apply_capacity(link);
        }
    }

    /// Every way through the hops with its share, as (link, direction) lists.
    fn ways(&self, hops: &[Hop], ways: &mut Vec<(f64, Vec<(u32, usize)>)>) {
        for hop in hops {
            match *hop {
                Hop::Link(id) => ways.iter_mut().for_each(|w| w.1.push((id.0, 0))),
                Hop::Against(id) => ways.iter_mut().for_each(|w| w.1.push((id.0, 1))),
                Hop::Selector(id) => {
                    let spec = &self.plan.selectors[id.index()];
                    let mask = self.open_branches(id.0);
                    let mut on: Vec<usize> =
                        (0..spec.branches.len()).filter(|i| mask.has(*i)).collect();
                    if matches!(spec.policy, Policy::Priority | Policy::Stay) {
                        let first = self.favourite(id.0).map(|b| b as usize);
                        on.sort_by_key(|i| Some(*i) != first);
                        on.truncate(1);
                    }
                    let whole: f64 = on.iter().map(|i| spec.branches[*i].weight).sum();
                    let before = std::mem::take(ways);
                    for i in on {
                        let mut some: Vec<_> = before
                            .iter()
                            .map(|(s, w)| (s * spec.branches[i].weight / whole, w.clone()))
                            .collect();
                        self.ways(&spec.branches[i].hops, &mut some);
                        ways.append(&mut some);
                    }
                }
                _ => {}
            }
        }
    }

    /// (carried, lost) per link and direction: passes over the parts until the losses settle.
    fn squeeze(&self, parts: &[Part]) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
        let nominal = |link: u32| self.links[link as usize].gives();
        let side =
            |link: u32, d: usize| if self.links[link as usize].directions() == 1 { 0 } else { d };
        let mut keep = vec![[1.0; 2]; self.links.len()];
        let mut offered = vec![[0.0; 2]; self.links.len()];
        for _ in 0..32 {
            offered = vec![[0.0; 2]; self.links.len()];
            for part in parts {
                let mut rate = part.rate;
                for &(link, d) in &part.hops {
                    let d = side(link, d);
                    offered[link as usize][d] += rate;
                    rate *= keep[link as usize][d];
                }
            }
            let before = keep.clone();
            for link in 0..u32::try_from(self.links.len()).expect("fewer than 2^32 links") {
                for d in 0..2 {
                    let load = offered[link as usize][d];
                    let fits = load <= nominal(link);
                    keep[link as usize][d] = if fits { 1.0 } else { nominal(link) / load };
                }
            }
            if keep == before {
                break;
            }
        }
        let mut carried = offered.clone();
        let mut lost = vec![[0.0; 2]; self.links.len()];
        for (i, load) in offered.iter().enumerate() {
            for d in 0..2 {
                carried[i][d] = load[d] * keep[i][d];
                lost[i][d] = load[d] - carried[i][d];
            }
        }
        (carried, lost)
    }
}

/// A share of a background stream on one way.
struct Part {
    rate: f64,
    hops: Vec<(u32, usize)>,
}

/// To the nearest whole unit; never negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as wanted")]
pub(super) fn whole(x: f64) -> u64 {
    (x + 0.5) as u64
}

/// Takes the whole units out of a sum and leaves the rest for the next window, so that windows sum
/// to the whole. A hair below a whole unit is one.
pub(super) fn take_whole(sum: &mut f64) -> u64 {
    let units = (*sum + 1e-3).floor().max(0.0);
    *sum -= units;
    whole(units)
}
