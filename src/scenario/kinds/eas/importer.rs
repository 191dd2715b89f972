//! The configuration of an EAS service as its client takes it: JSON.
//!
//! | key | what becomes of it | source |
//! |---|---|---|
//! | `metadata.instance` | number of instances | E-08 (002) |
//! | `cloud.networking.vswitch_id`, `security_group_id` | tables of these names | E-07 |
//! | `cloud.networking.vpc_id` | must be the vSwitch's VPC | E-07 |
//!
//! Ids are looked up as names: `[vswitch.vsw-bp1glkxase]`. What the scenario writes itself comes before.
//! Leaves out: images, scripts, ports, instance types.

use super::super::Kind as _;
use super::super::security_group::SecurityGroup;
use super::super::vswitch::VSwitch;
use super::Network;
use crate::scenario::context::Ref;
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::read::Read as _;
use crate::scenario::reader::{Given, Reader};

/// What the file says.
#[derive(Clone, Debug)]
pub(super) struct Imported {
    pub(super) instances: Given<u32>,
    pub(super) network: Network,
}

/// Reads the file under `json`, if there is one.
pub(super) fn read(r: &Reader<'_>) -> Option<Imported> {
    let node = r.node("json")?;
    let path = String::read(node, r.cx)?;
    let file = r.cx.file(&path, node.place)?;
    let wrong = |message: String| {
        let complaint = Diagnostic::error("json", node.place, message);
        r.cx.complain(complaint.help("the file is what the client's create command takes"));
    };
    let text: serde_json::Value = match serde_json::from_str(&file.text) {
        Ok(value) => value,
        Err(error) => {
            wrong(format!("`{path}` is no JSON: {error}"));
            return None;
        }
    };
    let count = text.pointer("/metadata/instance").and_then(serde_json::Value::as_u64);
    let instances = count.and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=100_000).contains(n));
    let Some(instances) = instances else {
        wrong(format!("`{path}` has no metadata.instance of 1 to 100,000"));
        return None;
    };
    let named = |key: &str, kind: &'static str| -> Option<Ref> {
        let id = text.pointer(&format!("/cloud/networking/{key}"))?.as_str()?;
        r.cx.resolve(&format!("{kind}.{id}"), node.place, &[kind])
    };
    named("vpc_id", "vpc");
    let network = Network {
        vswitch: named("vswitch_id", VSwitch::NAME),
        security_group: named("security_group_id", SecurityGroup::NAME),
    };
    let place: Place = node.place;
    Some(Imported { instances: Given { value: instances, place }, network })
}
