//! Progressive filling of one set of classes into what the others leave.

use super::sharing::{Bound, ResourceId, Sharing};

impl Sharing {
    /// Gives each class of the set its max-min rate within the capacity that the classes outside
    /// the set leave: raise all levels together; where a resource is full, or at its own cap, a
    /// class stops; go on with the rest. On return each touched resource knows what is left, the
    /// level at which it holds classes of the set back (-1 for none), the highest level of the set
    /// on it, and the set's load on it (`weight`).
    pub(super) fn fill(&mut self) {
        self.prepare();
        if self.many_seeds {
            self.fill_apart();
        } else {
            // Grown from one seed, so each class shares a resource with another: one piece.
            let touched = std::mem::take(&mut self.touched);
            self.open.extend(self.set.iter().filter(|c| self.classes[**c as usize].flows > 0));
            self.fill_piece(&touched);
            self.touched = touched;
        }
        self.load_of_set();
    }

    /// Fills each connected piece of the set by itself: the rounding in one must not depend on
    /// what else happens to change at the same instant elsewhere.
    fn fill_apart(&mut self) {
        let (set, touched) = (std::mem::take(&mut self.set), std::mem::take(&mut self.touched));
        // Each class and resource points to another one of its piece; roots point to themselves.
        let mut piece: Vec<usize> = (0..set.len()).collect();
        let mut of_resource = std::collections::BTreeMap::new();
        for (i, c) in set.iter().enumerate() {
            for step in &self.classes[*c as usize].path {
                let first = *of_resource.entry(step.resource).or_insert(i);
                let (a, b) = (root(&piece, i), root(&piece, first));
                piece[a.max(b)] = a.min(b);
            }
        }
        let mut pieces: std::collections::BTreeMap<usize, (Vec<u32>, Vec<u32>)> =
            Default::default();
        for (i, c) in set.iter().enumerate() {
            if self.classes[*c as usize].flows > 0 {
                pieces.entry(root(&piece, i)).or_default().0.push(*c);
            }
        }
        for r in &touched {
            if let Some(i) = of_resource.get(r) {
                pieces.entry(root(&piece, *i)).or_default().1.push(*r);
            }
        }
        for (open, resources) in pieces.into_values() {
            self.open.clear();
            self.open.extend(open);
            self.fill_piece(&resources);
        }
        (self.set, self.touched) = (set, touched);
    }

    /// Fills the classes in `open`, which cross no other resources than these.
    fn fill_piece(&mut self, resources: &[u32]) {
        while !self.open.is_empty() {
            let (level, resource) = self.lowest_level(resources);
            let cap_level = |class: &super::sharing::Class| class.cap / class.weight;
            let capped = self.open.iter().any(|c| cap_level(&self.classes[*c as usize]) <= level);
            let mut i = 0;
            while i < self.open.len() {
                let c = self.open[i];
                let class = &self.classes[c as usize];
                let outcome = if capped {
                    let own = cap_level(class);
                    let bound = match own {
                        0.0 => Bound::Stalled,
                        f64::INFINITY => Bound::Free,
                        _ => Bound::Cap,
                    };
                    (own <= level).then_some((class.cap, own, bound))
                } else {
                    let crosses = class.path.iter().any(|s| s.resource == resource);
                    let bound = Bound::Resource(ResourceId(resource));
                    crosses.then_some((class.weight * level, level, bound))
                };
                match outcome {
                    Some((rate, level, bound)) => {
                        self.open.swap_remove(i);
                        self.close(c, rate, level, bound);
                    }
                    None => i += 1,
                }
            }
        }
    }

    fn prepare(&mut self) {
        for &r in &self.touched {
            let it = &mut self.resources[r as usize];
            it.left = (it.capacity - it.frozen).max(0.0);
            it.weight = 0.0;
            it.open = 0;
            it.new_level = -1.0;
            it.top_level = 0.0;
        }
        self.open.clear();
        for &c in &self.set {
            let class = &mut self.classes[c as usize];
            class.new_rate = 0.0;
            class.new_level = 0.0;
            class.new_bound = Bound::Free;
            if class.flows == 0 {
                continue;
            }
            for step in &class.path {
                let it = &mut self.resources[step.resource as usize];
                it.weight += step.times * f64::from(class.flows) * class.weight;
                it.open += 1;
            }
        }
    }

    /// The lowest level at which some resource is full, and that resource.
    fn lowest_level(&self, resources: &[u32]) -> (f64, u32) {
        let mut lowest = (f64::INFINITY, u32::MAX);
        for &r in resources {
            let it = &self.resources[r as usize];
            if it.open > 0 {
                let level = it.left / it.weight;
                if level < lowest.0 {
                    lowest = (level, r);
                }
            }
        }
        lowest
    }

    fn close(&mut self, c: u32, rate: f64, level: f64, bound: Bound) {
        let class = &mut self.classes[c as usize];
        (class.new_rate, class.new_level, class.new_bound) = (rate, level, bound);
        let flows = f64::from(class.flows);
        for step in &class.path {
            let it = &mut self.resources[step.resource as usize];
            it.open -= 1;
            it.weight -= step.times * flows * class.weight;
            if rate.is_finite() {
                it.left = (it.left - step.times * flows * rate).max(0.0);
            }
            it.top_level = it.top_level.max(level);
            if bound == Bound::Resource(ResourceId(step.resource)) {
                it.new_level = it.new_level.max(level);
            }
        }
    }

    /// Leaves the load of the set in `weight`: a sum of its own, free of the rounding of `left`.
    fn load_of_set(&mut self) {
        for &r in &self.touched {
            self.resources[r as usize].weight = 0.0;
        }
        for &c in &self.set {
            let class = &self.classes[c as usize];
            if class.new_rate.is_finite() {
                for step in &class.path {
                    self.resources[step.resource as usize].weight +=
                        step.times * f64::from(class.flows) * class.new_rate;
                }
            }
        }
    }
}

fn root(piece: &[usize], mut i: usize) -> usize {
    while piece[i] != i {
        i = piece[i];
    }
    i
}
