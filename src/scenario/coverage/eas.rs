//! The rows of EAS network configuration (002).

use super::{How, Row};

/// A planted fault for each rule.
const PLANTED: &str =
    "tests/it/planted_eas.rs::every_planted_fault_is_found_and_its_clean_twin_raises_nothing";

rows! {
    "E-01" Rule: "a VPC configuration gives Internet, VPC and direct access";
        "`vswitch`, `security_group` of eas; rules/eas.rs";
        [PLANTED];
    "E-02" Behaviour: "an ENI per instance, with an address of the vSwitch";
        "scaler of the service, pool of the vSwitch; eas.rs";
        ["src/scenario/kinds/eas/tests.rs::instances_share_the_addresses_of_their_vswitch",
         "tests/it/scalers.rs::a_counted_schedule_runs_dry_at_its_hour"];
    "E-03" Behaviour: "it leads to the VPC, or through a NAT gateway to the Internet";
        "paths from eas, with or without nat_gateway; nat_gateway.rs";
        ["src/scenario/kinds/nat_gateway.rs::lowered_network"];
    "E-04" Outside: "the configuration is free; NAT gateway and EIP are billed";
        "the document gives no price; what a run uses of both is in its results";
        [];
    "E-05" Rule: "VPC, vSwitch and security group come first";
        "references of eas; eas.rs";
        [PLANTED];
    "E-06" Both: "service or resource group; the service wins";
        "key `group`; eas.rs";
        [PLANTED,
         "src/scenario/kinds/eas/tests.rs::the_service_s_own_network_wins"];
    "E-07" Behaviour: "JSON: vpc_id, vswitch_id, security_group_id";
        "key `json`; eas/importer.rs";
        ["src/scenario/kinds/eas/tests.rs::a_configuration_in_json"];
    "E-08" Behaviour: "JSON: number of instances";
        "key `json`; eas/importer.rs";
        ["src/scenario/kinds/eas/tests.rs::a_configuration_in_json"];
    "E-09" Behaviour: "create or modify redeploys";
        "key `update`; eas.rs";
        ["src/scenario/kinds/eas/tests.rs::what_is_done_to_instances",
         "tests/it/scalers.rs::a_renewal_takes_its_addresses_and_its_time"];
    "E-10" Behaviour: "the resource group's VPC is switched on separately";
        "`group = { on = false }`; eas.rs";
        ["src/scenario/kinds/eas/tests.rs::the_service_s_own_network_wins"];
    "E-11" Rule: "service and target in one VPC";
        "`vpc` of backend and workload, `connected_to`; rules/eas.rs";
        [PLANTED];
    "E-12" Behaviour: "directly, without the gateway";
        "key `gateway`; eas.rs";
        ["src/scenario/kinds/eas/tests.rs::directly_or_through_the_gateway",
         "tests/it/eas.rs::the_gateway_costs_its_way_there_and_back"];
    "E-13" Rule: "security groups must allow both ways";
        "`security_group` of eas and backend, `port`; rules/eas.rs";
        [PLANTED];
    "E-14" Rule: "the vSwitch's block on the target's allow list";
        "`allow_list` of backend; rules/eas.rs";
        [PLANTED];
    "E-15" Behaviour: "a restart may bring a new node and address";
        "key `reschedule`; eas.rs";
        ["tests/it/scalers.rs::connections_go_with_their_instance"];
    "E-16" Both: "block or group id, never one instance's address";
        "`look_up = \"never\"`, `allow_list`; rules/eas.rs";
        [PLANTED,
         "tests/it/scalers.rs::addresses_that_are_gone_swallow_those_who_have_not_looked_since"];
    "E-17" Rule: "a public NAT gateway with EIP in the VPC's region";
        "nat_gateway.rs, rules/eas.rs";
        [PLANTED];
    "E-18" Behaviour: "the EIP is the one public address: ports per destination";
        "pool of (EIP, next thing on the path); nat_gateway.rs";
        ["tests/it/eas.rs::ports_are_lost_as_erlang_says_with_their_hold"];
    "E-19" Both: "SNAT of a vSwitch: all its traffic uses it";
        "key `snat`; nat_gateway.rs, rules/eas.rs";
        [PLANTED,
         "src/scenario/kinds/nat_gateway.rs::who_calls_one_destination_through_one_eip_shares_its_ports"];
    "E-20" Rule: "the EIP on the target's allow list";
        "`allow_list`, `public` of backend; rules/eas.rs";
        [PLANTED];
    "E-21" Both: "the vSwitch must have enough addresses";
        "vswitch.rs";
        [PLANTED,
         "src/scenario/kinds/eas/tests.rs::complaints"];
    "E-22" Behaviour: "every instance, scaled ones included, takes one";
        "scaler of the service; eas.rs";
        ["tests/it/scalers.rs::a_renewal_takes_its_addresses_and_its_time"];
    "E-23" Behaviour: "too few: creation and scaling fail";
        "failed scale-outs with the instant of the first, missing instances in results";
        ["tests/it/scalers.rs::a_counted_schedule_runs_dry_at_its_hour"];
    "E-24" Rule: "separate groups for environments";
        "key `environment`; rules/eas.rs";
        [PLANTED];
    "E-25" Rule: "only needed ports and sources";
        "`inbound` of security_group; eas.rs";
        [PLANTED];
    "E-26" Rule: "Internet only at start-up: OSS by its internal endpoint";
        "`models = \"internet\"`; rules/eas.rs. No prices, so no saving";
        [PLANTED];
    "E-27" Both: "stop the NAT gateway when it is not needed";
        "key `off`; nat_gateway.rs, rules/eas.rs";
        [PLANTED,
         "tests/it/eas.rs::a_nat_gateway_that_is_off_lets_nothing_through"];
    "E-28" Rule: "what to look at, in order";
        "the first of three steps that fails; rules/eas.rs";
        [PLANTED];
    "E-29" Rule: "a rule by group id, or the vSwitch's block";
        "`source` of security_group; rules/eas.rs";
        [PLANTED];
    "E-30" Rule: "EIP for the Internet, block within the VPC";
        "`allow_list` of backend; rules/eas.rs";
        [PLANTED];
    "E-31" Behaviour: "one request at start proves the way";
        "a workload of one request; its phases tell where its time went";
        ["tests/it/eas.rs::one_request_probes_the_way"];
}
