//! A zone of a region: what fails together.
//!
//! ```text
//! [zone.a]  ->  component zone.a, and a place that selectors may prefer
//! ```
//!
//! Everything in a zone needs its component, so `zone_outage` takes all of it down. `id`
//! (`"cn-hangzhou-h"`) is the name by which tables of the documents know it (M-24). Leaves out:
//! power feeds and racks within the zone (use `component`).

use super::{Kind, Specs, Thing};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::read::CloudId;
use crate::scenario::reader::{Given, Reader};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) region: Ref,
    /// By which the documents' tables know it.
    pub(crate) id: Option<Given<CloudId>>,
}

impl Kind for Zone {
    const NAME: &'static str = "zone";
    const DOC: &'static str = "a zone of a region: what fails together";
    const FAILS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let id = r.given("id");
        r.req_reference("region", &["region"]).map(|region| Self { region, id })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        let Some(id) = &thing.spec.id else { return };
        let region = specs.region.get(&thing.spec.region.name);
        let Some(of) = region.and_then(|r| r.spec.id.as_ref()) else { return };
        // The letter of a zone alone is known, too.
        if id.value.0.len() > 1 && !id.value.0.starts_with(&of.value.0) {
            let message = format!("zone `{}` is not in region `{}`", id.value.0, of.value.0);
            cx.complain(
                Diagnostic::error("zone", id.place, message)
                    .also(of.place, "the id of its region")
                    .help("the id of a zone begins with that of its region, as cn-hangzhou-h"),
            );
        }
    }
}
