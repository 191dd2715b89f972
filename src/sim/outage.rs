//! Random outages: what has a life fails by it and is repaired.
//!
//! Each component draws from a stream of its own, so that one more of them leaves the others' outages as
//! they were. Its clock runs on while something else has taken it down: lives are independent.

use crate::kernel::Rank;
use crate::measure::{Fact, Observer};
use crate::plan::{Manner, Plan};
use crate::random::{Dist, Stream};

use super::state::{Event, instant};
use super::world::World;

/// A component that fails at random.
#[derive(Debug)]
pub(super) struct OutageState {
    component: u32,
    draws: Stream,
    /// Times to failure, and of repair.
    laws: [Dist; 2],
    is_down: bool,
}

impl OutageState {
    /// Those of a plan, in the order of its components; none unless its settings let them fail.
    pub(super) fn all(plan: &Plan, replication: u32) -> Vec<Self> {
        let lives = (0..).zip(&plan.components).filter(|_| plan.settings.outages);
        let state = |(component, spec): (u32, &crate::plan::Component)| {
            let life = spec.life.as_ref()?;
            Some(Self {
                component,
                draws: Stream::new(plan.settings.seed, replication, &spec.name, "failures"),
                laws: [life.failure_law(), life.repair_law()],
                is_down: false,
            })
        };
        lives.filter_map(state).collect()
    }

    /// How long it stays as it is, ns.
    fn draw(&mut self) -> u64 {
        self.laws[usize::from(self.is_down)].sample_whole(&mut self.draws)
    }
}

impl<O: Observer> World<'_, O> {
    /// All are up at first.
    pub(super) fn prepare_outages(&mut self) {
        for i in 0..self.outages.len() {
            self.schedule_outage(i);
        }
    }

    fn schedule_outage(&mut self, i: usize) {
        let at = self.now.saturating_add(self.outages[i].draw());
        let event = Event::Outage(u32::try_from(i).expect("fewer than components"));
        self.agenda.schedule(instant(at), Rank::Change, event);
    }

    /// One of them fails, or is repaired.
    pub(super) fn outage(&mut self, i: u32) {
        let it = &mut self.outages[i as usize];
        it.is_down = !it.is_down;
        let (component, down) = (it.component, it.is_down);
        self.tell(Fact::Outage { component, down, at: self.now });
        match down {
            true => self.fail_component(component, Manner::BlackHole, None),
            false => self.repair_component(component),
        }
        self.schedule_outage(i as usize);
    }
}
