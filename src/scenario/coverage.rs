//! What became of each row of the inventory of circuits, MaxCompute, EAS and PrivateLink: modelled, checked, or why neither.
//!
//! A test holds the table against the tests that it names, the planted faults and `docs/inventory.md`
//! (which is written from here). Rows: C of cloud services over Express Connect (004), E of EAS network configuration (002), M of MaxCompute
//! network connection (000), P of the PrivateLink overview (001), X of PrivateLink endpoint
//! services (003), Z of what follows from several documents.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Runs show it.
    Behaviour,
    /// `check` tells who breaks it.
    Rule,
    /// Both.
    Both,
    /// A simulator cannot observe it; the row says why.
    Outside,
}

/// A row of the inventory.
///
/// ```
/// let throttle = highwater::scenario::coverage().iter().find(|row| row.id == "P-50").unwrap();
/// assert!(throttle.is_checked() && !throttle.tests.is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `P-50`, the code of its rule.
    pub id: &'static str,
    /// What the document says, in a few words.
    pub says: &'static str,
    /// What became of it.
    pub how: How,
    /// Where: keys and files; or why not.
    pub place: &'static str,
    /// What shows it, as `file::function`.
    pub tests: &'static [&'static str],
}

impl How {
    const fn word(self) -> &'static str {
        match self {
            Self::Behaviour => "modelled",
            Self::Rule => "checked",
            Self::Both => "modelled, checked",
            Self::Outside => "cannot be observed",
        }
    }
}

impl Row {
    /// Whether `check` has a rule with its id as code.
    pub const fn is_checked(&self) -> bool {
        matches!(self.how, How::Rule | How::Both)
    }

    /// The document that it comes from.
    pub fn document(&self) -> &'static str {
        match self.id.as_bytes()[0] {
            b'C' => "cloud services over Express Connect",
            b'E' => "EAS network configuration",
            b'M' => "MaxCompute network connection",
            b'P' => "PrivateLink overview",
            b'X' => "PrivateLink endpoint services",
            _ => "several; inferred",
        }
    }
}

/// The test that plants a fault for each rule, in a file of each document.
const PLANTED_TEST: &str = "every_planted_fault_is_found_and_its_clean_twin_raises_nothing";
/// That of PrivateLink.
const PLANTED: &str =
    "tests/it/planted.rs::every_planted_fault_is_found_and_its_clean_twin_raises_nothing";

/// That of circuits.
const CIRCUITS: &str =
    "tests/it/planted_circuits.rs::every_planted_fault_is_found_and_its_clean_twin_raises_nothing";
/// That of MaxCompute.
const EGRESS: &str =
    "tests/it/planted_egress.rs::every_planted_fault_is_found_and_its_clean_twin_raises_nothing";

macro_rules! rows {
    ($($id:literal $how:ident: $says:literal; $place:literal; [$($test:expr),*];)*) => {
        pub(super) static ROWS: &[Row] = &[$(Row {
            id: $id,
            says: $says,
            how: How::$how,
            place: $place,
            tests: &[$($test),*],
        },)*];
    };
}

mod circuits;
mod eas;
mod egress;

/// Lists by document, in order.
static ALL: LazyLock<Vec<Row>> =
    LazyLock::new(|| [circuits::ROWS, eas::ROWS, egress::ROWS, ROWS].concat());

/// Every row, in order.
pub fn coverage() -> &'static [Row] {
    &ALL
}

/// The table as the docs show it, in Markdown.
pub fn coverage_table() -> String {
    let mut text = String::from(
        "# Circuits, MaxCompute, EAS and PrivateLink, row by row\n\n\
         What the documents say (rows C: cloud services over Express Connect; E: EAS network configuration; M: MaxCompute network connection;\n\
         P: PrivateLink overview; X: PrivateLink\n\
         endpoint services; Z: what follows from several), and what became of it. *Modelled* rows show in runs; *checked* ones are rules\n\
         of `highwater check`, told with the row's id as their code. Files are below `src/scenario/`.\n\
         The table is written from `src/scenario/coverage.rs`.\n\n",
    );
    let count = |how: How| coverage().iter().filter(|row| row.how == how).count();
    let hows = [How::Behaviour, How::Rule, How::Both, How::Outside];
    let counts = hows.map(|how| format!("{} {}", how.word(), count(how)));
    let _ = writeln!(text, "{} rows: {}.\n", coverage().len(), counts.join("; "));
    text += "| row | what | became | where | shown by |\n|---|---|---|---|---|\n";
    for row in coverage() {
        let tests = row.tests.iter().map(|t| match t.ends_with(PLANTED_TEST) {
            true => "a planted fault".to_owned(),
            false => format!("`{}`", t.rsplit("::").next().unwrap_or(t)),
        });
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.id,
            row.says,
            row.how.word(),
            row.place,
            tests.collect::<Vec<_>>().join(", ")
        );
    }
    text
}

rows! {
    "P-01" Rule: "provider and consumer, with accounts";
        "keys `account` of endpoint and service";
        ["tests/it/planted.rs::the_provider_s_own_account_is_always_let_in"];
    "P-02" Behaviour: "private paths, also from premises";
        "paths through sites, circuits and endpoints";
        ["tests/it/scenario.rs::shipped_scenarios_lower_as_agreed"];
    "P-03" Both: "NLB, ALB, CLB and GWLB behind a service, of one type";
        "`type` of load_balancer; rules/resources.rs";
        ["src/scenario/kinds/endpoint/tests.rs::bandwidth_by_product",
         PLANTED];
    "P-04" Rule: "a service's name is unique";
        "names of tables, key `service_name`; rules/access.rs";
        [PLANTED,
         "tests/it/planted.rs::two_services_of_one_name"];
    "P-05" Rule: "other accounts must be whitelisted";
        "keys `account`, `whitelist`; rules/access.rs";
        [PLANTED];
    "P-06" Rule: "the provider's own account is whitelisted";
        "rules/access.rs";
        ["tests/it/planted.rs::the_provider_s_own_account_is_always_let_in"];
    "P-07" Behaviour: "states of a service";
        "gate of the service; changes `create`, `delete` and all others; endpoint/script.rs";
        ["tests/it/levels.rs::a_service_has_its_states"];
    "P-08" Rule: "interface endpoints with NLB, ALB, CLB";
        "`type` of endpoint; endpoint/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::zones_and_pairing"];
    "P-09" Both: "GWLB endpoints are next hops of a route table";
        "[route_table.x] with `failover`; endpoint/ways.rs, load_balancer.rs, rules/forms.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::a_gwlb_endpoint_is_an_inline_hop",
         "tests/it/caps.rs::what_goes_through_a_gwlb_endpoint_crosses_its_card_both_ways",
         "tests/it/caps.rs::an_appliance_has_its_capacity_and_its_latency",
         "tests/it/caps.rs::routes_lead_away_from_a_lost_zone_only_if_somebody_moves_them"];
    "P-10" Both: "reverse endpoints: the provider starts the connection";
        "`type = \"reverse\"`, the path goes on; rules/forms.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::forms_of_endpoints"];
    "P-11" Rule: "reverse endpoints are governed by security groups";
        "[security_group.x]; rules/forms.rs, rules/addresses.rs";
        [PLANTED];
    "P-12" Both: "gateway endpoints: no network card, OSS only";
        "`type = \"gateway\"`; rules/forms.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::forms_of_endpoints"];
    "P-13" Both: "an ENI per zone, with an address of a vSwitch";
        "a link per zone; key `vswitches`; vswitch.rs";
        ["src/scenario/kinds/endpoint/tests.rs::lowered_network",
         PLANTED,
         "src/scenario/kinds/vswitch.rs::network_cards_take_addresses"];
    "P-14" Rule: "policies only at interface endpoints of cloud services";
        "keys `policy`, `cloud_service`; rules/forms.rs";
        [PLANTED];
    "P-15" Rule: "the default policy lets everybody through";
        "key `policy`; rules/forms.rs";
        [PLANTED];
    "P-16" Behaviour: "states of an endpoint";
        "gate of the endpoint; endpoint/life.rs";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "P-17" Behaviour: "seven states of a connection";
        "gate of the connection; endpoint/life.rs";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "P-18" Behaviour: "without automatic acceptance it starts Disconnected";
        "keys `auto_accept`, `approval`; endpoint/life.rs";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "P-19" Behaviour: "rejected or not yet allowed: Disconnected";
        "change `action = \"deny\"`; causes of the gate";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "P-20" Behaviour: "endpoint overdue: Disconnected";
        "change `action = \"overdue\"` of an endpoint";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "P-21" Behaviour: "service overdue: Disconnected";
        "change `action = \"overdue\"` of a service";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "P-22" Behaviour: "endpoint domain name";
        "selector `endpoint.x.name`";
        ["src/scenario/kinds/endpoint/tests.rs::lowered_network"];
    "P-23" Both: "zone domain name pins a zone";
        "`name = \"zone:a\"`; traffic/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::names_and_affinity"];
    "P-24" Both: "custom domain name of the service";
        "`name = \"custom\"`, `custom_domain`; rules/names.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::forms_of_names"];
    "P-25" Rule: "it resolves in the endpoint's VPC only";
        "`vpc` of workload and endpoint, `resolved_in`; rules/names.rs";
        [PLANTED];
    "P-26" Rule: "other VPCs must be connected";
        "`connected_to` of vpc; rules/names.rs";
        [PLANTED];
    "P-27" Rule: "dual-stack only if every resource is";
        "`ip_version`; rules/versions.rs";
        [PLANTED];
    "P-28" Rule: "dual-stack endpoint for a dual-stack service";
        "`ip_version`; rules/versions.rs. Shares of IPv6 flows: addresses of both versions lead over the same limits, so none is told";
        [PLANTED];
    "P-29" Rule: "NLB and ALB span zones";
        "load_balancer.rs";
        [PLANTED,
         "src/scenario/kinds/load_balancer.rs::complaints"];
    "P-30" Rule: "CLB instances with different primary zones";
        "`primary_zone`; rules/resources.rs";
        [PLANTED];
    "P-31" Rule: "endpoint in at least two zones";
        "endpoint/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::zones_and_pairing"];
    "P-32" Both: "use the endpoint's domain name";
        "`name = \"address:a\"`; traffic/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::forms_of_names"];
    "P-33" Behaviour: "health of each zone's ENI is watched";
        "keys `detect`, `detect_up`";
        ["src/scenario/kinds/endpoint/tests.rs::what_nobody_publishes_is_assumed",
         "tests/it/engine.rs::detection_of_a_branch_is_unmoved_by_faults_on_another",
         "tests/it/levels.rs::a_zone_without_resources_is_caught_by_dns",
         "tests/it/recovery.rs::a_random_detection_is_the_recovery_s_own"];
    "P-34" Behaviour: "anomaly: the record goes";
        "key `propagate`, caches of clients and resolvers";
        ["tests/it/changes.rs::a_disconnected_zone_is_taken_out_of_the_record_when_it_is_noticed",
         "tests/it/recovery.rs::a_cached_name_adds_the_rest_of_its_ttl",
         "tests/it/levels.rs::dns_catches_who_asks_again_and_clients_who_try_elsewhere"];
    "P-35" Behaviour: "recovery: the record comes back";
        "key `detect_up`";
        ["tests/it/recovery.rs::who_never_asks_again_waits_for_the_repair",
         "tests/it/engine.rs::gaps_end_with_the_repair"];
    "P-36" Behaviour: "bandwidth of a zone grows by itself";
        "keys `start`, `ceiling`, `ramp`, `ramp_trigger`, `ramp_step`";
        ["tests/it/documented.rs::an_nlb_zone_ramps_from_10_to_50_gbps_in_its_ramp"];
    "P-37" Behaviour: "limits by endpoint and resource type";
        "table of endpoint.rs";
        ["src/scenario/kinds/endpoint/tests.rs::bandwidth_by_product",
         "tests/it/caps.rs::every_product_begins_and_ends_at_its_documented_bandwidth"];
    "P-38" Behaviour: "the figure covers the network card only";
        "links of ENI, throttle, load balancer and backend in series; binding limits";
        ["src/scenario/kinds/endpoint/tests.rs::lowered_network",
         "tests/it/documented.rs::one_connection_stops_at_its_device",
         "tests/it/caps.rs::a_ceiling_that_is_raised_and_a_throttle_that_is_not_are_both_held"];
    "P-39" Both: "more by the account manager";
        "`ceiling` with `raised_limit`; change `ceiling`";
        [PLANTED,
         "tests/it/changes.rs::a_ceiling_is_raised"];
    "P-40" Behaviour: "NLB 10 to 50 Gbps per zone";
        "endpoint.rs, `created_at`";
        ["src/scenario/kinds/endpoint/tests.rs::bandwidth_by_product",
         "tests/it/documented.rs::an_nlb_zone_ramps_from_10_to_50_gbps_in_its_ramp",
         "tests/it/caps.rs::every_product_begins_and_ends_at_its_documented_bandwidth"];
    "P-41" Rule: "NLB created earlier: no figure";
        "`created_at`, `ceiling`; endpoint/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::an_older_nlb_endpoint_needs_its_figure"];
    "P-42" Behaviour: "ALB 5 to 25 Gbps per zone";
        "endpoint.rs";
        ["src/scenario/kinds/endpoint/tests.rs::bandwidth_by_product",
         "tests/it/caps.rs::every_product_begins_and_ends_at_its_documented_bandwidth"];
    "P-43" Behaviour: "CLB up to 5 Gbps per zone";
        "endpoint.rs";
        ["src/scenario/kinds/endpoint/tests.rs::bandwidth_by_product",
         "tests/it/caps.rs::every_product_begins_and_ends_at_its_documented_bandwidth"];
    "P-44" Behaviour: "CLB connections 3,072 Mbps per zone";
        "default throttle";
        ["tests/it/documented.rs::a_clb_endpoint_in_three_zones_carries_three_times_its_default_throttle"];
    "P-45" Behaviour: "GWLB 5 to 25 Gbps per zone";
        "endpoint.rs";
        ["src/scenario/kinds/endpoint/tests.rs::bandwidth_by_product",
         "tests/it/caps.rs::every_product_begins_and_ends_at_its_documented_bandwidth"];
    "P-46" Both: "multi-zone maximum: the figure is lost";
        "key `total_ceiling`; zones are added up without it; one that never binds is told";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::a_ceiling_over_all_zones_is_one_link",
         "tests/it/caps.rs::a_stated_total_holds_over_all_zones"];
    "P-47" Behaviour: "elasticity needs no configuration";
        "ramp without any key";
        ["tests/it/documented.rs::an_nlb_zone_ramps_from_10_to_50_gbps_in_its_ramp"];
    "P-48" Behaviour: "throttle of a connection";
        "key `throttle`";
        ["src/scenario/kinds/endpoint/tests.rs::lowered_network"];
    "P-49" Behaviour: "another cap for each connection";
        "`throttle` of each endpoint";
        ["tests/it/changes.rs::a_new_default_touches_new_connections_only",
         "tests/it/caps.rs::a_ceiling_that_is_raised_and_a_throttle_that_is_not_are_both_held"];
    "P-50" Both: "every zone's ENI has the whole cap";
        "endpoint.rs; rules/backends.rs";
        [PLANTED,
         "tests/it/documented.rs::a_clb_endpoint_in_three_zones_carries_three_times_its_default_throttle"];
    "P-51" Outside: "read it from `Bandwidth` of the API or the console";
        "`throttle` is that field; nothing is read from a cloud account";
        [];
    "P-52" Behaviour: "the throttle is no SLA: bands, not numbers";
        "intervals over replications, percentiles of windows";
        ["tests/it/report/mod.rs::summary_as_agreed"];
    "P-53" Behaviour: "spread over several devices";
        "key `devices`";
        ["tests/it/documented.rs::one_connection_stops_at_its_device",
         "tests/it/caps.rs::a_throttle_is_spread_over_devices_with_overshoot"];
    "P-54" Both: "reached with multiple connections only";
        "traffic/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::clients_of_a_spread_throttle",
         "tests/it/caps.rs::a_pool_reaches_what_its_connections_hit"];
    "P-55" Both: "may be exceeded";
        "key `overshoot`";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::lowered_network",
         "tests/it/caps.rs::a_throttle_is_spread_over_devices_with_overshoot"];
    "X-01" Rule: "no peering, no clash of addresses";
        "`cidr`, `connected_to` of vpc; rules/addresses.rs";
        [PLANTED];
    "X-02" Rule: "without cross-region access one region";
        "`regions` of the service; rules/regions.rs";
        [PLANTED];
    "X-03" Both: "with it, any supported region";
        "`regions`, `cross_region_round_trip`; endpoint/remote.rs, rules/regions.rs";
        [PLANTED,
         "tests/it/documented.rs::a_cross_region_endpoint_carries_its_default_bandwidth"];
    "X-04" Rule: "both sides are accounts of the cloud";
        "`account`; read.rs";
        [PLANTED];
    "X-05" Rule: "CLB only private and pay as you go";
        "`address_type`, `billing`; rules/resources.rs";
        [PLANTED];
    "X-06" Rule: "resources from several zones";
        "endpoint_service.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint_service.rs::complaints"];
    "X-07" Behaviour: "automatic acceptance connects at once";
        "`auto_accept`";
        ["tests/it/changes.rs::without_a_default_a_new_connection_is_exposed"];
    "X-08" Behaviour: "else somebody approves or denies";
        "`approval`, changes `accept` and `deny`";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds",
         "tests/it/changes.rs::an_approval_left_to_chance_is_void_once_somebody_decides"];
    "X-09" Behaviour: "toggling it leaves existing connections alone";
        "change `auto_accept`; endpoint/life.rs";
        ["tests/it/levels.rs::accepting_by_itself_or_not_touches_later_connections_only"];
    "X-10" Both: "zone affinity needs both sides";
        "`zone_affinity`; endpoint/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::names_and_affinity"];
    "X-11" Behaviour: "affinity prefers the client's zone";
        "policy of the name's selector";
        ["src/scenario/kinds/endpoint/tests.rs::names_and_affinity",
         "tests/it/levels.rs::affinity_sends_a_whole_zone_elsewhere_at_once"];
    "X-12" Behaviour: "otherwise all zones";
        "policy of the name's selector";
        ["src/scenario/kinds/endpoint/tests.rs::lowered_network",
         "tests/it/levels.rs::affinity_sends_a_whole_zone_elsewhere_at_once"];
    "X-13" Behaviour: "uneven clients load zones unevenly";
        "`zones` of workloads; load per ENI";
        ["src/scenario/kinds/endpoint/tests.rs::names_and_affinity",
         "tests/it/levels.rs::affinity_sends_a_whole_zone_elsewhere_at_once"];
    "X-14" Rule: "CLB is not dual-stack";
        "`ip_version`; rules/versions.rs";
        [PLANTED];
    "X-15" Rule: "the payer can never be changed";
        "`payer`; rules/access.rs";
        [PLANTED];
    "X-16" Both: "whitelist entries are `*` or UIDs";
        "`whitelist`; endpoint_service/offer.rs";
        [PLANTED,
         "tests/it/changes.rs::grey_release_lets_accounts_in_one_by_one"];
    "X-17" Rule: "endpoint zones are among the service's";
        "endpoint/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::zones_and_pairing"];
    "X-18" Both: "addresses chosen or automatic, none reserved";
        "`vswitches`, `addresses`; rules/addresses.rs";
        [PLANTED,
         "src/scenario/kinds/vswitch.rs::network_cards_take_addresses"];
    "X-19" Rule: "dual-stack endpoint only if the service is";
        "`ip_version`; rules/versions.rs";
        [PLANTED];
    "X-20" Rule: "one security group for the ENIs of all zones";
        "`security_group`, `port` and `vpc` of workloads; rules/addresses.rs: denied clients are refused by `check`, so none run";
        [PLANTED];
    "X-21" Outside: "test with ping and curl";
        "a command on a machine in the VPC; a workload of a few requests tells the same of a design";
        [];
    "X-22" Behaviour: "APIs to change services and endpoints";
        "[change.x]: one key for each; nothing calls the API";
        ["src/scenario/kinds/change.rs::a_change_says_one_thing_that_can_be_done",
         "tests/it/changes.rs::zones_come_and_go"];
    "X-23" Rule: "cross-region: NLB and upgraded ALB";
        "`upgraded`; rules/regions.rs";
        [PLANTED];
    "X-24" Rule: "two zones before cross-region sharing";
        "rules/regions.rs";
        [PLANTED];
    "X-25" Both: "a region is removed: old endpoints keep working";
        "change `remove_region`; endpoint/life.rs, change/rules.rs";
        [PLANTED];
    "X-26" Rule: "the home region cannot be removed";
        "change `remove_region`; change/rules.rs";
        [PLANTED];
    "X-27" Both: "zones of both sides need not match; two advised";
        "endpoint/remote.rs, endpoint/rules.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::a_remote_endpoint_crosses_one_capped_link",
         "tests/it/levels.rs::a_zone_of_the_service_is_caught_by_another_one"];
    "X-28" Rule: "across regions, too, the endpoint's name fails over";
        "traffic/rules.rs";
        [PLANTED];
    "X-29" Outside: "cross-region traffic is billed by CDT";
        "no document gives the price; bytes over the link `cross-region` are told";
        [];
    "X-30" Both: "1,000 Mbps between mainland regions";
        "`mainland` of regions, `cross_region_bandwidth`; rules/regions.rs";
        [PLANTED,
         "tests/it/documented.rs::a_cross_region_endpoint_carries_its_default_bandwidth"];
    "X-31" Both: "100 Mbps between regions outside";
        "`mainland` of regions; rules/regions.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::a_remote_endpoint_crosses_one_capped_link"];
    "X-32" Rule: "between mainland and outside: no figure";
        "`cross_region_bandwidth`; rules/regions.rs";
        [PLANTED];
    "X-33" Rule: "`*` and automatic acceptance together";
        "`whitelist`, `auto_accept`; rules/access.rs";
        [PLANTED];
    "X-34" Behaviour: "grey release";
        "change `whitelist_add`";
        ["tests/it/changes.rs::grey_release_lets_accounts_in_one_by_one"];
    "X-35" Both: "several resources per zone";
        "`resources`; endpoint_service/allocation.rs, rules/resources.rs";
        [PLANTED,
         "tests/it/changes.rs::by_hand_and_by_and_by"];
    "X-36" Behaviour: "a resource fails: another one of its zone";
        "`resource_failover`; endpoint/ways.rs";
        ["tests/it/changes.rs::a_lost_resource_is_caught_in_its_zone",
         "tests/it/levels.rs::a_resource_is_caught_by_its_neighbour"];
    "X-37" Rule: "allocating and replacing by hand need a quota";
        "`managed_resources`; rules/resources.rs";
        [PLANTED];
    "X-38" Rule: "cross-region: no manual allocation";
        "`resources` of the endpoint; rules/resources.rs";
        [PLANTED];
    "X-39" Rule: "every zone has a resource to allocate";
        "`manual_only`; rules/resources.rs";
        [PLANTED];
    "X-40" Both: "automatic choice by bandwidth and connections";
        "endpoint_service/allocation.rs";
        [PLANTED,
         "tests/it/changes.rs::resources_are_allocated_by_bandwidth_and_connections"];
    "X-41" Both: "unsuitable choice: disconnect, allocate, allow";
        "changes `disconnect_zone`, `allocate`, `connect_zone`";
        [PLANTED,
         "tests/it/changes.rs::by_hand_and_by_and_by"];
    "X-42" Behaviour: "by hand: allocate first, or automatically on allowing";
        "change `allocate` before `accept`; endpoint_service/allocation.rs";
        ["tests/it/levels.rs::what_is_allocated_before_acceptance_holds_and_automatic_clears_it"];
    "X-43" Rule: "a bound resource cannot be removed";
        "change `detach`; change/rules.rs";
        [PLANTED];
    "X-44" Rule: "removal does not delete the load balancer";
        "change `detach`; change/rules.rs";
        [PLANTED];
    "X-45" Behaviour: "toggling automatic allocation leaves bindings";
        "change `automatic_allocation`; endpoint_service/allocation.rs";
        ["tests/it/changes.rs::by_hand_and_by_and_by"];
    "X-46" Behaviour: "Deny disconnects all zones";
        "change `action = \"deny\"`";
        ["tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "X-47" Behaviour: "Disconnect from Service Resource drops a zone";
        "change `disconnect_zone`";
        ["tests/it/changes.rs::a_disconnected_zone_is_taken_out_of_the_record_when_it_is_noticed"];
    "X-48" Behaviour: "Automatic clears the named resource";
        "change `allocate` with `auto`; endpoint_service/allocation.rs";
        ["tests/it/levels.rs::what_is_allocated_before_acceptance_holds_and_automatic_clears_it"];
    "X-49" Rule: "replacing without disconnecting: CLB only";
        "change `replace`; change/rules.rs";
        [PLANTED];
    "X-50" Rule: "automatic allocation of the old one off first";
        "change `replace`; change/rules.rs";
        [PLANTED];
    "X-51" Both: "smooth: a new ENI, in the record";
        "change `replace`; vswitch.rs";
        [PLANTED,
         "tests/it/changes.rs::smooth_and_forcible_migration"];
    "X-52" Behaviour: "smooth: the old address leaves the record";
        "`overlap` of change `replace`";
        ["tests/it/changes.rs::smooth_and_forcible_migration"];
    "X-53" Behaviour: "smooth: the old ENI is cut when it is empty";
        "`drain` of change `replace`";
        ["tests/it/changes.rs::smooth_and_forcible_migration"];
    "X-54" Behaviour: "forcible: all its connections break";
        "`manner = \"forcible\"` of change `replace`";
        ["tests/it/changes.rs::smooth_and_forcible_migration"];
    "X-55" Behaviour: "the default limit applies at Connected";
        "endpoint/script.rs";
        ["tests/it/changes.rs::a_new_default_touches_new_connections_only"];
    "X-56" Both: "CLB default 3,072 Mbps, 100 to 10,240";
        "`default_throttle`; endpoint_service.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::throttle_ranges",
         "tests/it/caps.rs::every_throttle_holds_at_the_ends_of_its_range"];
    "X-57" Behaviour: "a new default touches new connections only";
        "change `default_throttle`";
        ["tests/it/changes.rs::a_new_default_touches_new_connections_only"];
    "X-58" Rule: "NLB, ALB, GWLB have no default limit";
        "endpoint_service.rs";
        [PLANTED];
    "X-59" Behaviour: "a connection's own limit replaces the default";
        "`throttle`";
        ["tests/it/changes.rs::a_new_default_touches_new_connections_only"];
    "X-60" Behaviour: "automatic acceptance: throttled only after connecting";
        "`throttle_delay`; seconds of the gate";
        ["tests/it/changes.rs::without_a_default_a_new_connection_is_exposed"];
    "X-61" Rule: "NLB throttle 100 Mbps to 50 Gbps";
        "endpoint_service.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::throttle_ranges",
         "tests/it/caps.rs::every_throttle_holds_at_the_ends_of_its_range"];
    "X-62" Rule: "ALB and GWLB throttle 100 Mbps to 25 Gbps";
        "endpoint_service.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::throttle_ranges",
         "tests/it/caps.rs::every_throttle_holds_at_the_ends_of_its_range"];
    "X-63" Rule: "a throttle above the ENI's maximum never binds";
        "endpoint_service.rs";
        [PLANTED,
         "src/scenario/kinds/endpoint/tests.rs::throttle_ranges",
         "tests/it/caps.rs::every_throttle_holds_at_the_ends_of_its_range"];
    "X-64" Behaviour: "throttling can be enabled, changed, disabled";
        "change `throttle`, fault `throttle_change`";
        ["tests/it/changes.rs::a_throttle_is_changed_and_switched_off"];
    "X-65" Outside: "APIs carry `Bandwidth`";
        "`throttle` and `default_throttle` are these fields; nothing is read from a cloud account";
        [];
    "X-66" Both: "disconnect all before deleting a service";
        "change `action = \"delete\"`; change/rules.rs";
        [PLANTED,
         "tests/it/changes.rs::every_state_of_a_connection_has_its_seconds"];
    "X-67" Rule: "consumer cannot find the service";
        "`whitelist`; rules/access.rs";
        [PLANTED];
    "X-68" Rule: "always Disconnected: the provider must allow";
        "`auto_accept`; rules/access.rs";
        [PLANTED];
    "Z-01" Both: "resolving once spares the resolver, but disables failover by DNS";
        "`names` of workloads; traffic/rules.rs; scenarios/maxcompute-resolve.toml";
        [EGRESS,
         "tests/it/jobs.rs::names_that_are_asked_for_every_so_often",
         "tests/it/answers.rs::the_readme_says_what_jobs_and_retries_answer"];
    "Z-02" Both: "persistent connections stay on a card that has left the record";
        "`max_age` of connections, `drain` of replacements; traffic/rules.rs";
        [EGRESS,
         "tests/it/maxcompute.rs::connections_that_outlive_the_drain_are_reset"];
    "Z-03" Behaviour: "survivors of a zone keep cap and ramp each";
        "scenarios/privatelink-zone-failover.toml";
        ["tests/it/scenario.rs::shipped_scenarios_lower_as_agreed",
         "tests/it/caps.rs::the_survivor_of_a_zone_keeps_its_cap_and_its_ramp"];
    "Z-04" Behaviour: "affinity: a zone's clients move at once";
        "scenarios/privatelink-affinity.toml, with affinity on and off";
        ["tests/it/levels.rs::affinity_sends_a_whole_zone_elsewhere_at_once"];
    "Z-05" Behaviour: "instances and network cards draw on one vSwitch";
        "vswitch.rs, eas.rs";
        ["tests/it/eas.rs::network_cards_and_instances_draw_on_one_vswitch"];
    "Z-06" Behaviour: "several services share one EIP to one destination";
        "ports of (EIP, next thing on the path); scenarios/nat-two-tenants.toml";
        ["src/scenario/kinds/nat_gateway.rs::who_calls_one_destination_through_one_eip_shares_its_ports",
         "tests/it/eas.rs::ports_are_lost_as_erlang_says_with_their_hold"];
    "Z-07" Behaviour: "a forcible migration makes all clients connect anew at once";
        "change `manner = \"forcible\"`; scenarios/endpoint-migration-storm.toml, privatelink-migration.toml";
        ["tests/it/changes.rs::smooth_and_forcible_migration",
         "tests/it/answers.rs::scenarios_of_the_way_out_say_what_their_runs_answer",
         "tests/it/answers.rs::the_readme_says_what_the_scenarios_answer"];
    "Z-08" Behaviour: "premises reach endpoints over circuits: both limits in series";
        "scenarios/hybrid-review.toml; names: `resolved_in` (P-25)";
        ["tests/it/scenario.rs::shipped_scenarios_lower_as_agreed"];
    "Z-09" Behaviour: "after a loss, hash skew fills one circuit before the mean";
        "`rehash` of circuit_group; circuit_group.rs";
        ["tests/it/circuits.rs::the_fullest_circuit_follows_the_multinomial",
         "tests/it/circuits.rs::one_of_k_fails_and_flows_move"];
    "Z-10" Rule: "growth outgrows the standby VPN first";
        "`growth` of circuit, `standby` of circuit_group; rules/circuits.rs";
        [CIRCUITS,
         "tests/it/planted_circuits.rs::growth_says_when"];
    "Z-11" Behaviour: "a new address breaks who has cached the old one";
        "keys `reschedule`, `look_up`; eas.rs";
        ["tests/it/scalers.rs::addresses_that_are_gone_swallow_those_who_have_not_looked_since"];
    "Z-12" Both: "throttle x zones x overshoot against the backend";
        "rules/backends.rs";
        [PLANTED,
         "tests/it/documented.rs::a_clb_endpoint_in_three_zones_carries_three_times_its_default_throttle"];
}
