//! An access point: the building where circuits meet the cloud, and what they share there.
//!
//! ```text
//! [access_point.east]  ->  component access_point.east, needed by every circuit that ends there
//! ```
//!
//! At least two of them by independent circuits are advised (C-21), so that `access_point_outage`
//! leaves a way. Leaves out: devices within it (use `component` and `needs`).

use super::Kind;
use crate::scenario::context::Ref;
use crate::scenario::reader::Reader;

/// As written; the region is for people.
#[derive(Clone, Debug)]
pub(crate) struct AccessPoint;

impl Kind for AccessPoint {
    const NAME: &'static str = "access_point";
    const DOC: &'static str = "an access point: the building where circuits meet the cloud";
    const FAILS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let _: Option<Ref> = r.reference("region", &["region"]);
        Some(Self)
    }
}
