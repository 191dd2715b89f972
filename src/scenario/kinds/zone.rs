//! A zone of a region: what fails together.
//!
//! ```text
//! [zone.a]  ->  component zone.a, and a place that selectors may prefer
//! ```
//!
//! Everything in a zone needs its component, so `zone_outage` takes all of it down. `id`
//! (`"cn-hangzhou-h"`) is the name by which tables of the documents know it (M-24). Leaves out:
//! power feeds and racks within the zone (use `component`).

use super::Kind;
use crate::scenario::context::Ref;
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
}
