//! Truth and belief: components, detection, names and their caches, choices.

use crate::kernel::Rank;
use crate::measure::{Catch, End, Fact, Observer};
use crate::plan::{
    Belief, Branch, ComponentId, Hashing, Manner, NameCache, Naming, Plan, Policy, Rehash, Selector,
};
use crate::random::{Draws, Stream, name_key};

use super::mask::Mask;
use super::state::{Answer, Event, NONE, Token, instant};
use super::world::World;

/// What is true of a component.
#[derive(Debug, Default)]
pub(super) struct ComponentState {
    /// Reasons to be down.
    pub(super) reasons: u32,
    /// Those of them that reset.
    pub(super) resets: u32,
    /// Paths that need it.
    pub(super) paths: Vec<u32>,
    /// Links that need it.
    pub(super) links: Vec<u32>,
    /// Stations that need it.
    pub(super) stations: Vec<u32>,
    /// (selector, branch) that watch it.
    pub(super) watched: Vec<(u32, u32)>,
    /// The gate whose component it is.
    pub(super) gate: Option<u32>,
    /// Groups that it belongs to.
    pub(super) groups: Vec<u32>,
}

#[derive(Debug)]
pub(super) struct SelectorState {
    /// Branches believed up, and those that may be chosen at all.
    believed: Mask,
    listed: Mask,
    /// The branches of each tier, first come first chosen; empty where there is one.
    tiers: Vec<Mask>,
    /// Most of those open to choice that are chosen among.
    most: usize,
    /// The branch that a choice by priority takes before all others.
    pub(super) favourite: Option<u32>,
    /// (from, open to choice) for name caches that are refreshed on their own.
    history: Vec<(u64, Mask)>,
    pub(super) branches: Vec<BranchState>,
    /// Of this replication.
    seed: u64,
    key: u64,
    branch_keys: Vec<u64>,
    /// Answer of the cache that all clients share.
    shared: Option<(Mask, u64)>,
    /// Position among the names of each workload is found through this.
    pub(super) named: bool,
    /// Groups whose members count while they are on its list.
    pub(super) groups: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct BranchState {
    /// Watched components that are down.
    pub(super) down: u32,
    /// When it was repaired last.
    repaired: u64,
    /// Detections under way that are overtaken by events have another serial.
    serial: u32,
    /// When the last one of them comes to its end.
    detected: u64,
}

impl SelectorState {
    pub(super) fn new(
        spec: &Selector,
        hashing: Option<&Hashing>,
        seed: u64,
        replication: u32,
    ) -> Self {
        let believed = Mask::all(spec.branches.len());
        let mut listed = believed;
        let off = |(_, b): &(usize, &Branch)| !b.listed;
        spec.branches.iter().enumerate().filter(off).for_each(|(i, _)| listed.set(i, false));
        let tiers = tiers(&spec.branches);
        let mut hash = Stream::new(seed, replication, &spec.name, "hash");
        let own = super::arrivals::next_key(&mut hash);
        let common = hashing.and_then(|h| h.seed);
        let hash_seed = common.map_or(own, |n| name_key(&[&n.to_string()]) ^ seed);
        // The shared cache is in use before the run begins: its answer has any age.
        let age = super::arrivals::next_key(&mut hash);
        let shared_ttl = spec.naming.as_ref().and_then(|n| n.shared_cache).map(|t| t.nanos());
        let shared =
            shared_ttl.filter(|ttl| *ttl > 0).map(|ttl| (of_first_tier(&tiers, listed), age % ttl));
        let most = hashing.and_then(|h| h.most).map_or(usize::MAX, |n| n as usize);
        let open = match most {
            usize::MAX => of_first_tier(&tiers, listed),
            most => of_first_tier(&tiers, listed).first(most),
        };
        Self {
            believed,
            listed,
            favourite: (spec.policy == Policy::Stay)
                .then(|| spec.branches.iter().position(|b| b.listed))
                .flatten()
                .map(|i| u32::try_from(i).expect("few branches")),
            history: vec![(0, open)],
            tiers,
            most,
            branches: vec![BranchState::default(); spec.branches.len()],
            seed: hash_seed,
            key: name_key(&[&spec.name]),
            branch_keys: spec.branches.iter().map(|b| name_key(&[&b.name])).collect(),
            shared,
            named: spec.naming.is_some(),
            groups: Vec::new(),
        }
    }

    /// The branches that are on the list and believed up.
    fn usable(&self) -> Mask {
        self.believed.and(self.listed)
    }

    /// Those of them that are chosen: of the first tier that has any.
    fn open(&self) -> Mask {
        self.chosen_among(self.usable())
    }

    /// Those of these that are chosen among: of the first tier that has any, as many as may be.
    fn chosen_among(&self, these: Mask) -> Mask {
        let tier = of_first_tier(&self.tiers, these);
        if self.most == usize::MAX { tier } else { tier.first(self.most) }
    }

    /// Puts a branch on the list or takes it off; whether that was news.
    pub(super) fn list(&mut self, branch: u32, on: bool, now: u64) -> bool {
        let news = self.listed.has(branch as usize) != on;
        self.listed.set(branch as usize, on);
        self.history.push((now, self.open()));
        news
    }

    /// Has never believed in a branch.
    fn doubt(&mut self, branch: u32) {
        self.believed.set(branch as usize, false);
        let open = self.open();
        self.history = vec![(0, open)];
        self.shared = self.shared.map(|(_, until)| (open, until));
    }

    /// What was open to choice at an earlier time.
    fn believed_at(&self, at: u64) -> Mask {
        let i = self.history.partition_point(|h| h.0 <= at);
        self.history[i.max(1) - 1].1
    }
}

/// The branches of each tier in order, none where all are of one.
fn tiers(branches: &[Branch]) -> Vec<Mask> {
    let mut tiers: Vec<(u32, Mask)> = Vec::new();
    for (i, branch) in branches.iter().enumerate() {
        let at = tiers.partition_point(|t| t.0 < branch.tier);
        if tiers.get(at).is_none_or(|t| t.0 != branch.tier) {
            tiers.insert(at, (branch.tier, Mask::default()));
        }
        tiers[at].1.set(i, true);
    }
    let several = tiers.len() > 1;
    tiers.into_iter().map(|t| t.1).filter(|_| several).collect()
}

/// What a mask has of the first tier of which it has anything.
fn of_first_tier(tiers: &[Mask], mask: Mask) -> Mask {
    tiers.iter().map(|t| t.and(mask)).find(|m| !m.is_empty()).unwrap_or(mask)
}

/// What a name cache says.
pub(super) enum Lookup {
    /// This branch.
    Branch(u8),
    /// There is no address.
    Nothing,
    /// A query is needed.
    Ask,
}

impl<O: Observer> World<'_, O> {
    // ---- truth ----

    pub(super) fn fail_component(&mut self, c: u32, manner: Manner, fault: Option<u32>) {
        let it = &mut self.components[c as usize];
        it.reasons += 1;
        let goes_down = it.reasons == 1;
        let breaks = manner != Manner::BlackHole;
        if breaks {
            it.resets += 1;
        }
        let resets = breaks && it.resets == 1;
        if resets {
            for i in 0..self.components[c as usize].paths.len() {
                let path = self.components[c as usize].paths[i];
                self.paths[path as usize].resets += 1;
            }
        }
        if goes_down {
            self.truth_changed(c, true, fault);
            let plan = self.plan;
            for member in &plan.components[c as usize].takes {
                self.fail_component(member.0, manner, fault);
            }
        }
        if resets {
            self.reset_connections(c);
        }
    }

    pub(super) fn repair_component(&mut self, c: u32) {
        let it = &mut self.components[c as usize];
        if it.reasons == 0 {
            return;
        }
        it.reasons -= 1;
        // The plan pairs failures and repairs; a mixed pair ends all resets with the last reason.
        if it.resets > it.reasons {
            it.resets = it.reasons;
            if it.resets == 0 {
                for i in 0..self.components[c as usize].paths.len() {
                    let path = self.components[c as usize].paths[i];
                    self.paths[path as usize].resets -= 1;
                }
            }
        }
        if self.components[c as usize].reasons == 0 {
            self.truth_changed(c, false, None);
            let plan = self.plan;
            for member in &plan.components[c as usize].takes {
                self.repair_component(member.0);
            }
        }
    }

    fn truth_changed(&mut self, c: u32, down: bool, fault: Option<u32>) {
        for i in 0..self.components[c as usize].paths.len() {
            let p = self.components[c as usize].paths[i];
            let path = &mut self.paths[p as usize];
            path.down = if down { path.down + 1 } else { path.down - 1 };
            self.apply_cap(p);
        }
        for i in 0..self.components[c as usize].links.len() {
            let link = self.components[c as usize].links[i];
            let it = &mut self.links[link as usize];
            it.down = if down { it.down + 1 } else { it.down - 1 };
            self.apply_capacity(link);
        }
        for i in 0..self.components[c as usize].stations.len() {
            let station = self.components[c as usize].stations[i];
            let it = &mut self.stations[station as usize];
            it.down = if down { it.down + 1 } else { it.down - 1 };
        }
        for i in 0..self.components[c as usize].watched.len() {
            let (selector, branch) = self.components[c as usize].watched[i];
            self.branch_changed(selector, branch, down, fault);
        }
        for i in 0..self.components[c as usize].groups.len() {
            let group = self.components[c as usize].groups[i];
            self.member_changed(group, fault);
        }
        self.spread_background();
    }

    /// A group goes down with the last of its members, and is back with the first.
    pub(super) fn member_changed(&mut self, group: u32, fault: Option<u32>) {
        match (self.has_member_up(group), self.components[group as usize].reasons > 0) {
            (false, false) => self.fail_component(group, Manner::BlackHole, fault),
            (true, true) => self.repair_component(group),
            _ => {}
        }
    }

    /// Whether a member of the group is up, and listed where a list says who counts.
    fn has_member_up(&self, group: u32) -> bool {
        let spec = &self.plan.components[group as usize];
        let list = spec.listed_by.map(|s| &self.selectors[s.index()].listed);
        let counts = |i: usize| list.is_none_or(|l| l.has(i));
        let up = |c: &ComponentId| self.components[c.index()].reasons == 0;
        spec.of.iter().enumerate().any(|(i, c)| counts(i) && up(c))
    }

    /// The groups that are down when the run begins.
    pub(super) fn empty_groups(&self) -> Vec<u32> {
        let groups = (0..).zip(&self.plan.components).filter(|(_, c)| !c.of.is_empty());
        groups.map(|(i, _)| i).filter(|i| !self.has_member_up(*i)).collect()
    }

    /// What has been down for ever is believed to be.
    pub(super) fn doubt_empty_groups(&mut self) {
        for group in self.empty_groups() {
            for (selector, branch) in self.components[group as usize].watched.clone() {
                if let Belief::Watched(_) = self.plan.selectors[selector as usize].belief {
                    self.selectors[selector as usize].doubt(branch);
                }
            }
        }
    }

    /// A path with a failed need stalls its flows; otherwise they run up to its own cap.
    fn apply_cap(&mut self, p: u32) {
        let path = &self.paths[p as usize];
        if !path.first {
            return; // those of the first path with these needs
        }
        let cap = if path.down > 0 { 0.0 } else { path.cap };
        for class in path.classes.into_iter().flatten() {
            self.sharing.set_cap(class, cap, instant(self.now));
        }
    }

    // ---- detection ----

    fn branch_changed(&mut self, selector: u32, branch: u32, down: bool, fault: Option<u32>) {
        let plan = self.plan;
        let it = &mut self.selectors[selector as usize];
        let state = &mut it.branches[branch as usize];
        state.down = if down { state.down + 1 } else { state.down - 1 };
        let flipped = state.down == u32::from(down);
        if !flipped {
            return;
        }
        state.serial += 1;
        let serial = state.serial;
        if !down {
            state.repaired = self.now;
        }
        match (down, fault) {
            (false, _) => self.tell(Fact::Restored { selector, branch, at: self.now }),
            (true, Some(fault)) => {
                let known = !it.usable().has(branch as usize);
                self.tell(Fact::Failed { fault, selector, branch, known, at: self.now });
            }
            (true, None) if plan.settings.outages => {
                self.tell(Fact::FailedUnnamed { selector, branch });
            }
            (true, None) => {}
        }
        let it = &mut self.selectors[selector as usize];
        let Belief::Watched(detector) = &plan.selectors[selector as usize].belief else {
            return;
        };
        let law = if down { &detector.detect_down } else { &detector.detect_up };
        // By branch and number of the change: another branch's failures move nothing here.
        let mut draws = Draws::about(it.seed ^ it.branch_keys[branch as usize], u64::from(serial));
        let detect = law.sample_whole(&mut draws);
        let propagate = detector.propagate.sample_whole(&mut draws);
        if it.believed.has(branch as usize) != down {
            return; // it already believes what is true: a flap shorter than its detection
        }
        // What is not on the list is believed in by nobody but caches: no gap of the choice.
        if let (true, Some(fault)) = (down && it.listed.has(branch as usize), fault) {
            let failed = self.now;
            self.pending_gaps.push((selector, branch, serial, fault, failed, detect, propagate));
        }
        let detected = self.now.saturating_add(detect);
        self.selectors[selector as usize].branches[branch as usize].detected = detected;
        self.agenda.schedule(
            instant(detected.saturating_add(propagate)),
            Rank::Change,
            Event::Believe { selector, branch, serial },
        );
    }

    pub(super) fn believe(&mut self, selector: u32, branch: u32, serial: u32) {
        let now = self.now;
        let it = &mut self.selectors[selector as usize];
        let state = &it.branches[branch as usize];
        if state.serial != serial {
            return;
        }
        let (up, at) = (state.down == 0, state.detected);
        it.believed.set(branch as usize, up);
        it.history.push((now, it.open()));
        self.tell(Fact::Belief { selector, branch, up, at });
        self.settle(selector);
        if let Some(i) =
            self.pending_gaps.iter().position(|g| (g.0, g.1, g.2) == (selector, branch, serial))
        {
            let (_, _, _, fault, failed, detect, propagate) = self.pending_gaps.swap_remove(i);
            self.tell(Fact::Believed { fault, selector, branch, failed, detect, propagate });
        }
        if !self.selectors[selector as usize].named {
            self.move_connections(selector);
        }
        self.spread_background();
    }

    // ---- choice ----

    /// Picks a branch among those in `mask`, by the selector's policy; none of none.
    fn pick(&self, selector: u32, mask: Mask, key: u64, place: u32) -> Option<u8> {
        let spec = &self.plan.selectors[selector as usize];
        let it = &self.selectors[selector as usize];
        if mask.is_empty() {
            return None;
        }
        let members = || (0..spec.branches.len()).filter(|i| mask.has(*i));
        let mut draws = Draws::about(key, it.key);
        let picked = match spec.policy {
            Policy::Priority | Policy::Stay => {
                let first = it.favourite.map(|b| b as usize).filter(|b| mask.has(*b));
                first.or_else(|| members().next())
            }
            Policy::Hash(Rehash::ModN) => {
                let hash = Draws::about(key, it.seed).next();
                members().nth((hash % mask.count()) as usize)
            }
            Policy::Hash(Rehash::Rendezvous) => {
                let score = |i: &usize| {
                    let u = unit(Draws::about(key ^ it.seed, it.branch_keys[*i]).next());
                    spec.branches[*i].weight / -libm::log(u)
                };
                members().max_by(|a, b| score(a).total_cmp(&score(b)))
            }
            Policy::Random => self.by_weight(selector, &mask, unit(draws.next())),
            Policy::Prefer | Policy::Home => {
                let home = members().find(|i| is_home(&spec.branches[*i], place));
                home.or_else(|| self.by_weight(selector, &mask, unit(draws.next())))
            }
        };
        picked.map(|i| u8::try_from(i).expect("at most 250 branches"))
    }

    fn by_weight(&self, selector: u32, mask: &Mask, u: f64) -> Option<usize> {
        let branches = &self.plan.selectors[selector as usize].branches;
        let members = || branches.iter().enumerate().filter(|(i, _)| mask.has(*i));
        let whole: f64 = members().map(|(_, b)| b.weight).sum();
        let mut rest = u * whole;
        for (i, branch) in members() {
            if rest < branch.weight {
                return Some(i);
            }
            rest -= branch.weight;
        }
        members().next_back().map(|(i, _)| i)
    }

    /// A choice that stays where it is goes on to the next branch when its own is none any more.
    pub(super) fn settle(&mut self, selector: u32) {
        if self.plan.selectors[selector as usize].policy != Policy::Stay {
            return;
        }
        let it = &mut self.selectors[selector as usize];
        let open = it.open();
        if !open.has(it.favourite.unwrap_or(0) as usize) {
            let next = (0..it.branches.len()).find(|i| open.has(*i));
            it.favourite = next.map(|i| u32::try_from(i).expect("few branches")).or(it.favourite);
        }
    }

    /// The present choice of a selector without names. Where all are believed down it falls back
    /// to all of them: packets go somewhere and vanish.
    pub(super) fn choose(&self, selector: u32, key: u64, place: u32) -> u8 {
        let it = &self.selectors[selector as usize];
        let all = || Mask::all(self.plan.selectors[selector as usize].branches.len());
        let listed = it.chosen_among(it.listed);
        let mask = [it.open(), listed].into_iter().find(|m| !m.is_empty());
        let mask = mask.unwrap_or_else(all);
        self.pick(selector, mask, key, place).expect("a selector has branches")
    }

    /// Whether a live connection may stay on a branch of a selector without names.
    pub(super) fn keeps(&self, selector: u32, branch: u8, place: u32) -> bool {
        let spec = &self.plan.selectors[selector as usize];
        let (open, own) = (self.selectors[selector as usize].open(), usize::from(branch));
        let home = |i: &usize| is_home(&spec.branches[*i], place);
        let sticky = match spec.policy {
            Policy::Random | Policy::Prefer => true,
            Policy::Home => {
                home(&own) || !(0..spec.branches.len()).any(|i| open.has(i) && home(&i))
            }
            _ => false,
        };
        sticky && open.has(own)
    }

    /// The branches that a selector may choose at present.
    pub(super) fn open_branches(&self, selector: u32) -> Mask {
        self.selectors[selector as usize].open()
    }

    /// The branch that a choice by priority takes.
    pub(super) fn favourite(&self, selector: u32) -> Option<u32> {
        self.selectors[selector as usize].favourite
    }

    // ---- names ----

    /// What a client's cache says of a name.
    pub(super) fn look_up(&mut self, workload: u32, client: u32, selector: u32) -> Lookup {
        let Some(name) = self.names[workload as usize].iter().position(|s| *s == selector) else {
            return Lookup::Ask;
        };
        let spec = &self.plan.workloads[workload as usize];
        let ttl = naming_of(self.plan, selector).ttl.nanos();
        let answer = match spec.names {
            NameCache::None => return Lookup::Ask,
            NameCache::Prefetch if ttl > 0 => self.prefetched(workload, client, selector, ttl),
            NameCache::Prefetch
            | NameCache::Ttl { .. }
            | NameCache::Forever
            | NameCache::Every(_) => {
                let held = self.clients[workload as usize][client as usize].answers[name];
                if self.now >= held.until {
                    return Lookup::Ask;
                }
                held.branch
            }
        };
        answer.map_or(Lookup::Nothing, Lookup::Branch)
    }

    /// The answer of a cache that asks back to back: refreshed at a phase of its own and every TTL
    /// after it, through the shared cache if there is one.
    fn prefetched(&self, workload: u32, client: u32, selector: u32, ttl: u64) -> Option<u8> {
        let client_key = self.clients[workload as usize][client as usize].key;
        let it = &self.selectors[selector as usize];
        let last = |key: u64, period: u64, now: u64| -> Option<u64> {
            let phase = Draws::about(key, it.key).next() % period;
            (now >= phase).then(|| phase + (now - phase) / period * period)
        };
        let mine = last(client_key, ttl, self.now);
        let round = mine.map_or(0, |at| 1 + at / ttl);
        let asked = match (mine, naming_of(self.plan, selector).shared_cache) {
            (Some(at), Some(shared)) if shared.nanos() > 0 => last(it.seed, shared.nanos(), at),
            (at, _) => at,
        };
        let mask = it.believed_at(asked.unwrap_or(0));
        let place = self.place(workload, client);
        self.pick(selector, mask, client_key ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15), place)
    }

    /// The record's answer to a query at this instant, through the shared cache if there is one;
    /// kept in the client's cache.
    pub(super) fn answer(
        &mut self,
        workload: u32,
        client: u32,
        selector: u32,
        key: u64,
    ) -> Option<u8> {
        let now = self.now;
        let naming = naming_of(self.plan, selector).clone();
        let it = &mut self.selectors[selector as usize];
        let open = it.open();
        let mask = match (naming.shared_cache, it.shared) {
            (Some(_), Some((mask, until))) if now < until => mask,
            (Some(ttl), _) => {
                // "No address" has a life of its own.
                let ttl = if open.is_empty() { ttl.min(naming.negative_ttl) } else { ttl };
                it.shared = Some((open, now.saturating_add(ttl.nanos())));
                open
            }
            (None, _) => open,
        };
        let branch = self.pick(selector, mask, key, self.place(workload, client));
        let ttl = match (branch, self.plan.workloads[workload as usize].names) {
            (Some(_), NameCache::Forever) => u64::MAX,
            (Some(_), NameCache::Every(span)) => span.nanos(),
            (Some(_), _) => naming.ttl.nanos(),
            (None, _) => naming.negative_ttl.nanos(),
        };
        if let Some(name) = self.names[workload as usize].iter().position(|s| *s == selector) {
            let until = now.saturating_add(ttl);
            self.clients[workload as usize][client as usize].answers[name] =
                Answer { branch, until };
        }
        branch
    }

    /// Fills a client's caches with answers of an age uniform over the TTL.
    pub(super) fn warm_names(&mut self, workload: u32, client: u32) {
        for name in 0..self.names[workload as usize].len() {
            let selector = self.names[workload as usize][name];
            let ttl = naming_of(self.plan, selector).ttl.nanos();
            let key = self.clients[workload as usize][client as usize].key;
            let mut draws = Draws::about(key, self.selectors[selector as usize].key ^ 0x77);
            let until = if ttl == 0 { 0 } else { draws.next() % ttl };
            let mask = self.selectors[selector as usize].open();
            let branch = self.pick(selector, mask, draws.next(), self.place(workload, client));
            self.clients[workload as usize][client as usize].answers[name] =
                Answer { branch, until };
        }
    }

    /// Drops a client's answers, so that its next connection asks again.
    pub(super) fn forget_names(&mut self, workload: u32, client: u32) {
        for answer in &mut self.clients[workload as usize][client as usize].answers {
            answer.until = 0;
        }
    }

    /// Tells which branch a try took.
    pub(super) fn tell_choice(&mut self, workload: u32, selector: u32, branch: u8, fresh: bool) {
        let stale = self.selectors[selector as usize].branches[usize::from(branch)].down > 0;
        let at = self.now;
        self.tell(Fact::Chosen { workload, selector, branch: u32::from(branch), stale, fresh, at });
    }

    /// Tells which failed branches a failed try was on, and notes the outermost of those that are
    /// down or were when the phase that failed began, at `since`: what was lost then is not made good
    /// by a repair just before the timeout.
    pub(super) fn tell_failed_on(&mut self, r: u32, path: u32, since: u64) {
        let workload = self.requests[r as usize].workload;
        let mut outermost = true;
        for i in 0..self.paths[path as usize].picks.len() {
            let (selector, branch) = self.paths[path as usize].picks[i];
            let it = &self.selectors[selector as usize].branches[usize::from(branch)];
            let down = it.down > 0;
            if (down || it.repaired > since) && std::mem::take(&mut outermost) {
                self.requests[r as usize].hit = Some((selector, branch));
            }
            if down {
                let at = self.now;
                self.tell(Fact::FailedOn { workload, selector, branch: u32::from(branch), at });
            }
        }
    }

    /// Tells who caught a request that had failed on a dead branch and has now ended.
    pub(super) fn tell_caught(&mut self, r: u32, end: End, path: u32) {
        let it = &self.requests[r as usize];
        let Some((selector, branch)) = it.hit else { return };
        let workload = it.workload;
        let by = if end != End::Ok || path == NONE {
            Catch::Nobody
        } else if self.paths[path as usize].picks.contains(&(selector, branch)) {
            Catch::Repair
        } else if self.selectors[selector as usize].usable().has(usize::from(branch)) {
            Catch::Client
        } else {
            Catch::Choice
        };
        let at = self.now;
        self.tell(Fact::Caught { workload, selector, branch: u32::from(branch), by, at });
    }

    /// Starts a query about a name; false if it can't even be sent.
    pub(super) fn ask(&mut self, token: Token, selector: u32) -> Asked {
        let Some(resolver) = naming_of(self.plan, selector).resolver else {
            return Asked::AtOnce;
        };
        if self.stations[resolver.index()].down > 0 {
            return Asked::Lost;
        }
        self.enqueue(resolver.0, token)
    }
}

fn is_home(branch: &Branch, place: u32) -> bool {
    branch.place.is_some_and(|p| p.0 == place)
}

fn naming_of(plan: &Plan, selector: u32) -> &Naming {
    plan.selectors[selector as usize].naming.as_ref().expect("only names are looked up")
}

/// What became of a query or a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Needs no station.
    AtOnce,
    /// In a station.
    Waiting,
    /// Turned away.
    Refused,
    /// Into a black hole.
    Lost,
}

/// A number strictly between 0 and 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
}
