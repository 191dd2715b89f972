//! A zone of a region: what fails together.
//!
//! ```text
//! [zone.a]  ->  component zone.a, and a place that selectors may prefer
//! ```
//!
//! Everything in a zone needs its component, so `zone_outage` takes all of it down. Leaves out:
//! power feeds and racks within the zone (use `component`).

use super::Kind;
use crate::scenario::context::Ref;
use crate::scenario::reader::Reader;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) region: Ref,
}

impl Kind for Zone {
    const NAME: &'static str = "zone";
    const DOC: &'static str = "a zone of a region: what fails together";
    const FAILS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        r.req_reference("region", &["region"]).map(|region| Self { region })
    }
}
