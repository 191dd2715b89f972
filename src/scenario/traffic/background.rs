//! Rates that take bandwidth without requests: `[background.x] path, forward, backward, profile`.

use super::profile::Profiles;
use super::{Way, arrivals};
use crate::plan::{self, Profile};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::kinds::Thing;
use crate::scenario::lowering::Lowering;
use crate::scenario::reader::Reader;
use crate::units::Rate;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    pub(crate) way: Way,
    forward: Rate,
    backward: Rate,
    profile: Option<Profile>,
}

impl Background {
    /// Reads `[background.x]`.
    pub(crate) fn read(r: &Reader<'_>, profiles: &Profiles) -> Option<Self> {
        let way = Way::read(r);
        let forward = r.or("forward", Rate::default());
        let backward = r.or("backward", Rate::default());
        let profile = arrivals::profile(r, profiles);
        if forward.bps() == 0 && backward.bps() == 0 {
            let message = format!("`{}` sends nothing: give `forward` or `backward`", r.path);
            r.cx.complain(Diagnostic::error("missing-key", r.place, message));
        }
        Some(Self { way: way?, forward, backward, profile })
    }
}

impl Thing<Background> {
    /// Adds it to the plan.
    pub(crate) fn add_to(&self, l: &mut Lowering<'_>) {
        let route = self.spec.way.lower(&format!("background.{}", self.name), None, l);
        l.plan.backgrounds.push(plan::Background {
            name: self.name.clone(),
            route,
            forward: self.spec.forward,
            backward: self.spec.backward,
            profile: self.spec.profile.clone(),
        });
    }
}
