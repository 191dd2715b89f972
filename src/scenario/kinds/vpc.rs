//! A virtual private cloud: the network that endpoints and vSwitches belong to.
//!
//! Custom names of an endpoint resolve only in its VPC (P-25), and a dedicated connection of
//! MaxCompute reaches one VPC (M-17). It becomes no primitive: traffic inside a VPC meets no limit
//! that a document states. Leaves out: CIDR overlaps (C-36), route tables.

use super::Kind;
use crate::scenario::context::Ref;
use crate::scenario::reader::Reader;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Vpc {
    pub(crate) region: Ref,
}

impl Kind for Vpc {
    const NAME: &'static str = "vpc";
    const DOC: &'static str = "a virtual private cloud: what endpoints and vSwitches belong to";

    fn read(r: &Reader<'_>) -> Option<Self> {
        r.req_reference("region", &["region"]).map(|region| Self { region })
    }
}
