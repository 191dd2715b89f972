//! Who may connect to a service: names, accounts, whitelists, approval.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::diagnostic::{Diagnostic, Severity};
use super::super::kinds::change::{Act, changes_of};
use super::super::kinds::endpoint::Endpoint;
use super::super::kinds::endpoint::life::{Turn, turns};
use super::super::kinds::endpoint_service::EndpointService;
use super::super::kinds::endpoint_service::offer::Payer;
use super::super::kinds::{Specs, Thing};
use super::super::reader::Given;

pub(super) fn check(specs: &Specs, cx: &Context) {
    let mut named: BTreeMap<&str, &Thing<EndpointService>> = BTreeMap::new();
    for service in specs.endpoint_service.values() {
        unique(service, &mut named, cx);
        exposure(service, cx);
        payer(service, cx);
    }
    for endpoint in specs.endpoint.values() {
        if let Some(service) = endpoint.service(specs) {
            whitelisted(endpoint, service, specs, cx);
            accepted(endpoint, service, specs, cx);
        }
    }
}

fn unique<'s>(
    service: &'s Thing<EndpointService>,
    named: &mut BTreeMap<&'s str, &'s Thing<EndpointService>>,
    cx: &Context,
) {
    let Some(name) = &service.spec.offer.service_name else { return };
    if let Some(first) = named.insert(&name.value, service) {
        let message = format!("`{}` is the name of two services", name.value);
        cx.complain(
            Diagnostic::error("P-04", name.place, message)
                .also(first.place, "the other one")
                .reason(
                    "a service's name is unique: consumers connect by it (PrivateLink overview)",
                )
                .help("write each service's own name, as the console shows it"),
        );
    }
}

/// The entry of the whitelist that lets everybody in.
fn everybody(service: &Thing<EndpointService>) -> Option<&Given<String>> {
    let list = service.spec.offer.whitelist.as_ref()?;
    list.value.iter().find(|entry| entry.value == "*")
}

fn exposure(service: &Thing<EndpointService>, cx: &Context) {
    let offer = &service.spec.offer;
    let everybody = everybody(service);
    // Accepted by themselves unless the service says otherwise.
    let auto = offer.auto_accept.as_ref();
    if let Some(entry) = everybody.filter(|_| auto.is_none_or(|a| a.value)) {
        let message = format!("everybody can connect to `{}` unasked", service.full());
        cx.complain(
            Diagnostic::warning("X-33", entry.place, message)
                .also(
                    auto.map_or(service.place, |a| a.place),
                    "connections are accepted by themselves",
                )
                .reason(
                    "a few trusted users: their UIDs and automatic acceptance; many: `*` and \
                     acceptance by hand (PrivateLink endpoint services)",
                )
                .help("list UIDs, or set auto_accept = false"),
        );
    }
}

fn payer(service: &Thing<EndpointService>, cx: &Context) {
    let Some(payer) = service.spec.offer.payer.as_ref().filter(|p| p.value == Payer::Provider)
    else {
        return;
    };
    let message =
        format!("the provider of `{}` pays for its connections, for good", service.full());
    cx.complain(
        Diagnostic::new(Severity::Note, "X-15", payer.place, message)
            .reason(
                "consumers pay by default, and the payer can never be changed \
                 (PrivateLink endpoint services)",
            )
            .help("write payer = \"consumer\" unless this is meant"),
    );
}

/// P-05, P-06, X-67: an account that is not the provider's must be on the list, or come onto it in
/// the course of the run.
fn whitelisted(
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let Some(own) = &endpoint.spec.terms.account else { return };
    let offer = &service.spec.offer;
    if offer.account.as_ref() == Some(&own.value) {
        return;
    }
    let account = &own.value.0;
    let added = || {
        changes_of(specs, &service.full()).into_iter().any(|c| match &c.spec.act {
            Act::Whitelist { account: entry, add: true, .. } => entry == "*" || entry == account,
            _ => false,
        })
    };
    let Some(list) = &offer.whitelist else {
        // Nothing at all is said about accounts.
        if offer.account.is_none() || added() {
            return;
        }
        let message = format!(
            "the consumer `{}` cannot find the service `{}`",
            endpoint.full(),
            service.name
        );
        cx.complain(
            Diagnostic::error("X-67", own.place, message)
                .also(service.place, "a service without a whitelist")
                .reason(
                    "only accounts on the whitelist find a service; the provider's own is on it \
                     (PrivateLink endpoint services)",
                )
                .help(format!("whitelist = [\"{account}\"] on {}", service.full())),
        );
        return;
    };
    if !list.value.iter().any(|entry| entry.value == "*" || entry.value == *account) && !added() {
        let message = format!("`{}` may not connect to `{}`", endpoint.full(), service.name);
        cx.complain(
            Diagnostic::error("P-05", own.place, message)
                .label("not on the whitelist")
                .also(list.place, "the whitelist")
                .reason(
                    "other accounts than the provider's must be whitelisted (PrivateLink overview)",
                )
                .help(format!("add \"{account}\" to the whitelist of {}", service.full())),
        );
    }
}

/// an endpoint that is created while the service asks somebody, and nobody answers.
fn accepted(
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let turns = turns(endpoint, specs);
    let asks = turns.first().is_some_and(|t| t.what == Turn::Created { auto: false });
    let answered = turns.iter().any(|t| matches!(t.what, Turn::Accepted | Turn::Denied));
    if !asks || answered || service.spec.desk.approval.is_some() {
        return;
    }
    let by_hand = service.spec.offer.auto_accept.as_ref().map_or(service.place, |a| a.place);
    let message = format!("the connection of `{}` stays Disconnected", endpoint.full());
    cx.complain(
        Diagnostic::error("X-68", endpoint.place, message)
            .label("nobody allows it")
            .also(by_hand, "each new connection waits for the provider")
            .reason(
                "without automatic acceptance the provider must allow each connection \
                 (PrivateLink endpoint services)",
            )
            .help(format!(
                "declare a change with action = \"accept\", or say how long it takes with \
                 approval = \"1 h\" on the service{}",
                // Everybody unasked would be the next complaint.
                if everybody(service).is_some() { "" } else { ", or set auto_accept = true" }
            )),
    );
}
