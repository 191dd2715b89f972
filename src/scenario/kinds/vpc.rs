//! A virtual private cloud: the network that endpoints and vSwitches belong to.
//!
//! Custom names of an endpoint resolve only in its VPC (P-25), and a dedicated connection of
//! MaxCompute reaches one VPC (M-17). It becomes no primitive: traffic inside a VPC meets no limit
//! that a document states.
//!
//! | fact | value | source |
//! |---|---|---|
//! | an ENI in the consumer's VPC replaces peering, whatever addresses clash | | X-01 (003) |
//! | other VPCs reach an endpoint once they are connected to its VPC | | X-02 (003), P-26 (001) |
//!
//! Leaves out: overlaps with sites and services (C-36).

use super::Kind;
use crate::scenario::cidr::Cidr;
use crate::scenario::context::Ref;
use crate::scenario::reader::Reader;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Vpc {
    pub(crate) region: Ref,
    pub(crate) cidr: Option<Cidr>,
    /// By peering or a transit router; it holds both ways.
    pub(crate) connected_to: Vec<Ref>,
}

impl Kind for Vpc {
    const NAME: &'static str = "vpc";
    const DOC: &'static str = "a virtual private cloud: what endpoints and vSwitches belong to";

    fn read(r: &Reader<'_>) -> Option<Self> {
        let region = r.req_reference("region", &["region"]);
        let cidr = r.opt("cidr");
        let connected_to = r.references("connected_to", &["vpc"]);
        Some(Self { region: region?, cidr, connected_to })
    }
}
