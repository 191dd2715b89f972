//! Whether what divided links give hangs on each other.
//!
//! The shares of one divided link are exact whatever lies behind it. Where flows of two of them meet
//! on a link that can be full, or are joined by a chain of such links, what one gives hangs on what
//! the other does and the other way round, and there need be no one answer.

use std::collections::BTreeSet;

use super::{Arrivals, Capacity, Duplex, Hop, LinkId, Plan, What, Workload};

type Links = BTreeSet<u32>;
/// How much comes over some links together at most, bits per second.
type Feed = (u64, Links);

/// What is known of a link.
#[derive(Clone, Debug, Default)]
struct Known {
    is_divided: bool,
    /// All that one flow may cross beside it.
    beside: Links,
    /// Links that all flows over it come over, each over one of them.
    feeds: Links,
    /// Some flow crosses nothing else.
    open: bool,
    /// It is crossed along its direction, against it.
    along: bool,
    against: bool,
    /// Bits per second, in the course of the run.
    least: u64,
    most: u64,
}

impl Plan {
    /// Two divided links whose flows may meet where they are held back, and where that is. None if
    /// what they share never holds anybody back, as it has the bandwidth of all links together that
    /// lead there.
    pub fn divisions_that_meet(&self) -> Option<[LinkId; 3]> {
        if self.divisions.len() < 2 {
            return None;
        }
        let mut known = self.known_capacities();
        for division in &self.divisions {
            known[division.link.index()].is_divided = true;
        }
        for workload in &self.workloads {
            for route in routes_of(workload) {
                self.walk(&self.routes[route].hops, None, &Links::new(), &mut known);
            }
        }
        for background in &self.backgrounds {
            let mut crossed = Links::new();
            self.reach(&self.routes[background.route.index()].hops, &mut crossed);
            crossed.iter().for_each(|l| known[*l as usize].least = 0);
        }
        let all = (0_u32..).take(known.len());
        let matters: Vec<bool> = all.map(|l| self.may_fill(l, &known)).collect();
        // From each divided link on over links that may be full.
        for start in self.divisions.iter().map(|d| d.link.0) {
            let (mut seen, mut next) = (Links::from([start]), vec![(start, start)]);
            while let Some((at, via)) = next.pop() {
                if at != start && known[at as usize].is_divided {
                    return Some([LinkId(start), LinkId(at), LinkId(via)]);
                }
                let beside = known[at as usize].beside.iter().copied();
                for l in beside.filter(|l| matters[*l as usize]) {
                    if seen.insert(l) {
                        next.push((l, if known[l as usize].is_divided { at } else { l }));
                    }
                }
            }
        }
        None
    }

    fn known_capacities(&self) -> Vec<Known> {
        let range = |capacity: &Capacity| match capacity {
            Capacity::Fixed(rate) => (rate.bps(), rate.bps()),
            Capacity::Elastic { start, ceiling, .. } => (start.bps(), ceiling.bps()),
            Capacity::Random { .. } => (0, u64::MAX),
        };
        let of = self.links.iter().map(|link| range(&link.capacity));
        let of = of.map(|(least, most)| Known { least, most, ..Known::default() });
        let mut known: Vec<Known> = of.collect();
        for change in &self.changes {
            if let What::SetLink { link, capacity } = &change.what {
                let (least, most) = range(capacity);
                let it = &mut known[link.index()];
                (it.least, it.most) = (it.least.min(least), it.most.max(most));
            }
        }
        known
    }

    /// Whether a link can hold flows back: a divided one, or one with less than what may come.
    fn may_fill(&self, l: u32, known: &[Known]) -> bool {
        let it = &known[l as usize];
        let both = |k: &Known| k.along && k.against;
        let feeds = || it.feeds.iter().map(|p| &known[*p as usize]);
        let shared = self.links[l as usize].duplex == Duplex::Half || both(it) || feeds().any(both);
        let comes = feeds().fold(0_u64, |sum, p| sum.saturating_add(p.most));
        let comes = if shared { comes.saturating_mul(2) } else { comes };
        it.is_divided || it.open || it.beside.contains(&l) || it.least < comes
    }

    /// Notes what each link has beside it on the ways through these hops: which links come `around`,
    /// and over which of those all ways lead.
    fn walk(&self, hops: &[Hop], over: Option<&Feed>, around: &Links, known: &mut [Known]) {
        for (i, hop) in hops.iter().enumerate() {
            let rest = || hops.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, hop)| hop);
            if !matches!(hop, Hop::Link(_) | Hop::Against(_) | Hop::Selector(_)) {
                continue;
            }
            let feeds = rest().filter_map(|hop| self.feed(hop, known)).chain(over.cloned());
            let over = feeds.min_by_key(|feed| feed.0);
            let mut beside = around.clone();
            rest().for_each(|hop| self.reach(std::slice::from_ref(hop), &mut beside));
            match hop {
                Hop::Link(l) | Hop::Against(l) => {
                    let it = &mut known[l.index()];
                    it.beside.extend(beside);
                    it.open |= over.is_none();
                    it.feeds.extend(over.map(|feed| feed.1).unwrap_or_default());
                    it.along |= matches!(hop, Hop::Link(_));
                    it.against |= matches!(hop, Hop::Against(_));
                }
                Hop::Selector(s) => {
                    let branches = &self.selectors[s.index()].branches;
                    let over = over.as_ref();
                    branches.iter().for_each(|b| self.walk(&b.hops, over, &beside, known));
                }
                _ => {}
            }
        }
    }

    /// The least that comes over a hop, and the links that all of it crosses one of; none if there may
    /// be a way over no link.
    fn feed(&self, hop: &Hop, known: &[Known]) -> Option<Feed> {
        match hop {
            Hop::Link(l) | Hop::Against(l) => {
                let most = known[l.index()].most;
                (most < u64::MAX).then(|| (most, Links::from([l.0])))
            }
            Hop::Selector(s) => {
                let branches = self.selectors[s.index()].branches.iter();
                let least = |hops: &[Hop]| {
                    hops.iter().filter_map(|hop| self.feed(hop, known)).min_by_key(|f| f.0)
                };
                branches.map(|b| least(&b.hops)).try_fold((0, Links::new()), |all, one| {
                    let one = one?;
                    let links: Links = all.1.union(&one.1).copied().collect();
                    let most = links.iter().map(|l| known[*l as usize].most);
                    Some((most.fold(0, u64::saturating_add), links))
                })
            }
            _ => None,
        }
    }

    /// All links that some way through these hops crosses.
    fn reach(&self, hops: &[Hop], into: &mut Links) {
        for hop in hops {
            match hop {
                Hop::Link(l) | Hop::Against(l) => _ = into.insert(l.0),
                Hop::Selector(s) => {
                    self.selectors[s.index()]
                        .branches
                        .iter()
                        .for_each(|b| self.reach(&b.hops, into));
                }
                _ => {}
            }
        }
    }
}

/// The routes that a workload sends over.
fn routes_of(workload: &Workload) -> Vec<usize> {
    match &workload.arrivals {
        Arrivals::Flows { routes, .. } => routes.iter().map(|r| r.index()).collect(),
        _ => vec![workload.route.index()],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::LinkId;
    use crate::plan::Plan;
    use crate::scenario::{Source, load_text};

    /// Two circuits with classes before one more link of so much, and what else there is.
    fn joined(bandwidth: &str, more: &str) -> Result<Plan, String> {
        let text = format!(
            "version = 1\n[run]\nlength = \"1 min\"\n[access_point.e]\n\
             [circuit.a]\nport = \"1 Gbps\"\naccess_point = \"e\"\nqos = {{ x = {{ weight = 2 }} }}\n\
             [circuit.b]\nport = \"1 Gbps\"\naccess_point = \"e\"\nqos = {{ x = {{ weight = 2 }} }}\n\
             [vbr.a]\ncircuit = \"a\"\n[vbr.b]\ncircuit = \"b\"\n\
             [circuit_group.g]\nmembers = [\"vbr.a\", \"vbr.b\"]\nmode = \"ecmp\"\n\
             [link.core]\ncapacity = \"{bandwidth}\"\n\
             [workload.w]\npath = [\"circuit_group.g\", \"link.core\"]\nclass = \"x\"\n\
             request = \"1 kB\"\nresponse = \"1 MB\"\narrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n{more}"
        );
        let source = Source { path: "t.toml".into(), text };
        load_text(source, Path::new("."), &[]).map(|l| l.plan).map_err(|e| e.to_string())
    }

    #[test]
    fn flows_of_two_ports_meet_where_there_is_less_than_both() {
        let plan = joined("2 Gbps", "").unwrap();
        assert_eq!(plan.divisions.len(), 2);
        assert_eq!(plan.divisions_that_meet(), None);
        let mut narrow = plan.clone();
        let core = narrow.links.iter().position(|l| l.name == "link.core").unwrap();
        narrow.links[core].capacity =
            super::Capacity::Fixed(crate::units::Rate::from_bps(1_999_999_999));
        let met = narrow.divisions_that_meet().unwrap();
        assert_eq!(met[2].index(), core);
        assert!(narrow.validate().is_err());
        narrow.divisions.pop();
        assert_eq!(narrow.divisions_that_meet(), None::<[LinkId; 3]>);
    }

    #[test]
    fn a_scenario_of_them_is_refused() {
        let error = joined("1500 Mbps", "").unwrap_err();
        assert!(error.contains("error[C-19]") && error.contains("link.core"), "{error}");
        // Others on the link leave less of it.
        let other = "[workload.o]\npath = [\"link.core\"]\nrequest = \"1 kB\"\n\
                     response = \"1 MB\"\narrivals = { poisson = { rate = \"1/s\" } }\n";
        assert!(joined("2 Gbps", other).unwrap_err().contains("error[C-19]"));
    }
}
