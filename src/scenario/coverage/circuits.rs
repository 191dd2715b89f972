//! The rows of cloud services over Express Connect (004).

use super::{CIRCUITS as PLANTED, How, Row};

rows! {
    "C-01" Rule: "three classes of services: in a VPC, in 100.64.0.0/10, public only";
        "`reach` of backend; rules/circuits/chain.rs";
        [PLANTED];
    "C-02" Rule: "services in a VPC once circuit and VPC are routed";
        "`vpcs` of transit_router; rules/circuits/chain.rs";
        [PLANTED];
    "C-03" Behaviour: "a VPC reaches services in 100.64.0.0/10 directly";
        "path = [\"backend.x\"]; rules/circuits/chain.rs asks those on premises only";
        ["tests/it/planted_circuits.rs::what_is_not_said_is_not_checked"];
    "C-04" Rule: "premises reach services in 100.64.0.0/10 by TR routing";
        "`routes` of transit_router; rules/circuits/chain.rs";
        [PLANTED];
    "C-05" Behaviour: "PrivateLink services have an address in the VPC";
        "path = [..., \"circuit_group.x\", ..., \"endpoint.y\"]; scenarios/hybrid-review.toml";
        ["tests/it/scenario.rs::shipped_scenarios_lower_as_agreed"];
    "C-06" Rule: "public-only services are not on the private path";
        "`reach`, `public` of backend; rules/circuits/chain.rs";
        [PLANTED];
    "C-07" Rule: "circuits are for long-term, stable, high bandwidth";
        "`needed_for`, `lead_time` of circuit; rules/circuits.rs";
        [PLANTED];
    "C-08" Rule: "installation takes time";
        "`ordered`, `lead_time`, `needed_by` of circuit; rules/circuits.rs";
        [PLANTED];
    "C-09" Both: "the quick link: IPsec-VPN";
        "vpn.rs";
        [PLANTED,
         "src/scenario/kinds/vpn.rs::a_link_a_delay_and_what_is_sent_again",
         "tests/it/circuits.rs::the_vpn_carries_its_cap_and_no_more"];
    "C-10" Behaviour: "premises, circuit, VBR, ECR, TR, VPC: each can fail";
        "paths through site, circuit_group, express_connect_router, transit_router";
        ["tests/it/circuits.rs::each_element_of_the_chain_fails_by_itself"];
    "C-11" Both: "from the gateway device on premises to an access point";
        "`cpe`, `line` of circuit; circuit.rs, rules/circuits.rs";
        [PLANTED,
         "src/scenario/kinds/circuit.rs::each_part_of_the_chain_fails_it",
         "tests/it/circuits.rs::each_element_of_the_chain_fails_by_itself"];
    "C-12" Behaviour: "an ECR joins circuits and VPCs, and routes";
        "express_connect_router.rs";
        ["src/scenario/kinds/express_connect_router.rs::a_link_that_fails_by_itself",
         "tests/it/circuits.rs::the_nearest_access_point_first_then_the_other"];
    "C-13" Behaviour: "a TR is the hub across regions and accounts";
        "transit_router.rs";
        ["tests/it/circuits.rs::each_element_of_the_chain_fails_by_itself",
         "tests/it/maxcompute.rs::by_cen_several_regions_share_a_transit_router"];
    "C-14" Both: "the private path is steadier than the Internet";
        "`one_way`, `loss` of internet and vpn; internet.rs, vpn.rs, rules/circuits/hops.rs";
        [PLANTED,
         "src/scenario/kinds/internet.rs::a_link_with_jitter_and_losses",
         "tests/it/circuit_classes.rs::the_internet_is_less_steady_than_a_circuit"];
    "C-15" Rule: "PrivateLink for clashes of addresses or tighter control";
        "`vpcs` of transit_router, `cidr` of vpc; rules/circuits/plan.rs";
        [PLANTED];
    "C-16" Behaviour: "billed: circuit, transit router, transfer between regions, PrivateLink; the prices are lost";
        "`--prices` of run, compare and plan: a price book of its user; prices.rs";
        ["tests/it/planning.rs::a_price_book_turns_results_into_money",
         "src/measure/cost.rs::prices_by_hand"];
    "C-17" Both: "not elastic: scale-out is slow";
        "`upgrades`, `lead_time` of circuit; circuit.rs, rules/circuits.rs";
        [PLANTED,
         "tests/it/circuit_classes.rs::ports_grow_in_steps_a_lead_time_after_their_order"];
    "C-18" Rule: "size for 3 months of growth at least";
        "`growth`, `lead_time` of circuit; rules/circuits.rs";
        [PLANTED,
         "tests/it/planted_circuits.rs::growth_says_when"];
    "C-19" Both: "QoS divides a circuit";
        "`qos` of circuit, `class` of workload; circuit/qos.rs, rules/circuits/qos.rs; scenarios/circuit-qos.toml";
        [PLANTED,
         "tests/it/circuit_classes.rs::shares_by_hand",
         "tests/it/circuit_classes.rs::both_directions_and_each_instant",
         "tests/it/circuit_answers.rs::a_class_protects_the_service_and_costs_bulk_nothing"];
    "C-20" Both: "the rate limit of a VBR divides a circuit";
        "`rate_limit`; vbr.rs";
        [PLANTED,
         "src/scenario/kinds/vbr.rs::a_limit_behind_its_circuit"];
    "C-21" Rule: "at least 2 access points by 2 independent circuits";
        "`members` of circuit_group; rules/circuits.rs";
        [PLANTED,
         "tests/it/circuit_scenarios.rs::a_second_access_point_carries_on"];
    "C-22" Behaviour: "redundancy and load sharing";
        "circuit_group.rs";
        ["tests/it/circuits.rs::each_element_of_the_chain_fails_by_itself",
         "tests/it/circuits.rs::one_of_k_fails_and_flows_move",
         "tests/it/circuit_scenarios.rs::a_second_access_point_carries_on"];
    "C-23" Rule: "different ISPs for different access points";
        "`isp` of circuit; rules/circuits.rs";
        [PLANTED,
         "tests/it/circuit_scenarios.rs::a_shared_provider_fails_both_circuits"];
    "C-24" Rule: "more circuits at an access point, of different ISPs";
        "`isp` of circuit; rules/circuits.rs";
        [PLANTED];
    "C-25" Both: "access routes and campus lines as diverse as possible";
        "`isp`, `line`, `duct`, `needs` of circuit, `members` of risk; circuit.rs, risk.rs, rules/circuits.rs";
        [PLANTED,
         "tests/it/lives.rs::lives_and_risks_that_make_no_sense_are_told",
         "tests/it/lives.rs::a_risk_takes_its_members_down",
         "tests/it/circuits.rs::each_element_of_the_chain_fails_by_itself"];
    "C-26" Both: "ECMP rather than active/standby";
        "`mode`, `hash_seed`, `path_limit`; circuit_group.rs, rules/circuits/hops.rs; scenarios/express-connect-ecmp.toml, circuit-elephants.toml";
        [PLANTED,
         "tests/it/circuit_classes.rs::hops_of_one_seed_polarise",
         "tests/it/circuit_classes.rs::a_limit_of_paths_leaves_the_rest_in_reserve",
         "tests/it/circuit_answers.rs::elephants_leave_room_that_a_herd_would_use",
         "tests/it/scenario.rs::shipped_scenarios_lower_as_agreed",
         "tests/it/circuits.rs::the_fullest_circuit_follows_the_multinomial",
          "tests/it/circuit_scenarios.rs::bursts_want_both_circuits"];
    "C-27" Rule: "ECMP unless source-in source-out is required";
        "`symmetric` of circuit_group; rules/circuits.rs";
        [PLANTED];
    "C-28" Both: "Enterprise Edition TR: a VPN as standby";
        "`standby` of circuit_group, `edition` of transit_router; rules/circuits/chain.rs";
        [PLANTED,
         "tests/it/circuits.rs::the_vpn_takes_what_is_left_when_every_circuit_is_lost"];
    "C-29" Behaviour: "the service survives the loss of every circuit";
        "`standby` of circuit_group; circuit_group.rs; `highwater drill --name circuit.a,circuit.b`";
        ["tests/it/drill.rs::every_circuit_is_lost_and_the_vpn_carries_on",
         "tests/it/circuits.rs::the_vpn_takes_what_is_left_when_every_circuit_is_lost",
         "tests/it/circuits.rs::the_vpn_carries_its_cap_and_no_more",
         "tests/it/circuit_scenarios.rs::a_vpn_sheds_from_below"];
    "C-30" Both: "BGP with BFD on the circuit";
        "`detection` of circuit_group; circuit_group.rs, rules/circuits.rs";
        [PLANTED,
         "tests/it/circuits.rs::black_holes_last_as_long_as_detection_of_a_uniform_phase",
         "tests/it/circuit_scenarios.rs::a_cut_is_felt_until_it_is_noticed"];
    "C-31" Rule: "ECR and TR rather than an uplink of the VBR";
        "`uplink` of vbr; rules/circuits.rs";
        [PLANTED];
    "C-32" Behaviour: "drills show how failures are detected and recovered from";
        "`highwater drill`: detect, propagate, cache and reconnect of each failure, ranked";
        ["tests/it/drill.rs::a_planted_single_point_is_found_and_its_redundant_twin_is_silent",
         "tests/it/drill.rs::a_drill_of_all_states_gives_the_exact_availability_of_2_of_3"];
    "C-33" Rule: "premises must not use 100.64.0.0/10";
        "`cidr` of site; rules/circuits/plan.rs";
        [PLANTED];
    "C-34" Rule: "on a clash, PrivateLink if the service supports it";
        "`cidr` of site, `reach` of backend; rules/circuits/plan.rs";
        [PLANTED];
    "C-35" Rule: "access control by PrivateLink";
        "`security_group` of a backend in 100.64.0.0/10; rules/circuits/chain.rs";
        [PLANTED];
    "C-36" Rule: "plan the networks of cloud and premises";
        "`cidr` of site and vpc; rules/circuits/plan.rs";
        [PLANTED];
    "C-37" Both: "a dedicated circuit has a port of its own";
        "`port`; circuit.rs";
        [PLANTED,
         "src/scenario/kinds/circuit.rs::a_port_a_way_and_what_they_share"];
    "C-38" Behaviour: "a shared circuit: the partner's line has other tenants";
        "`shared` of circuit; circuit.rs";
        ["src/scenario/kinds/circuit.rs::others_share_the_line",
         "tests/it/circuits.rs::others_on_a_shared_line_take_their_part",
         "tests/it/circuit_answers.rs::classes_are_of_no_help_on_a_line_that_others_share"];
    "C-39" Rule: "circuit, VBR, ECR, TR, VPC, in this order";
        "`uplink` of vbr, `transit_router` of express_connect_router; rules/circuits/chain.rs";
        [PLANTED];
    "C-40" Rule: "with an ECR, no static routing";
        "`routing` of vbr; rules/circuits.rs";
        [PLANTED];
    "C-41" Both: "BFD and a failover group switch fast";
        "`failover_group`, `detection` of circuit_group; circuit_group.rs, rules/circuits.rs";
        [PLANTED,
         "tests/it/circuits.rs::black_holes_last_as_long_as_detection_of_a_uniform_phase"];
    "C-42" Both: "other regions by joining transit routers";
        "peering.rs; `region` of transit_router; rules/circuits/hops.rs";
        [PLANTED,
         "src/scenario/kinds/peering.rs::a_link_and_a_delay_between_two",
         "tests/it/circuit_classes.rs::regions_are_joined_by_a_link_of_its_own"];
    "C-43" Behaviour: "three procedures, by class";
        "`reach` of backend: the table that `check` prints; rules/circuits/procedures.rs";
        ["tests/it/circuit_classes.rs::each_service_has_its_procedure"];
    "C-44" Behaviour: "alert rules for the physical port";
        "`of = \"circuit.x\"` of alert; alert.rs; scenarios/alert-rehearsal.toml";
        ["tests/it/alerts.rs::levels_are_reached_and_left_at_the_ends_of_periods"];
    "C-45" Behaviour: "alert rules for the VBR";
        "`of = \"vbr.x\"` of alert; alert.rs";
        ["src/scenario/kinds/alert.rs::a_group_tells_of_its_circuits"];
    "C-46" Behaviour: "alert rules for the ECR, by TR and by connection across domains";
        "`of = \"express_connect_router.x\"`, `\"transit_router.x\"` or `\"peering.x\"` of alert; alert.rs";
        ["tests/it/circuits.rs::alerts_watch_the_hubs",
         "tests/it/circuit_classes.rs::regions_are_joined_by_a_link_of_its_own"];
    "C-47" Behaviour: "alert rules for the peering connection";
        "`of = \"peering.x\"` of alert; alert.rs";
        ["tests/it/circuit_classes.rs::regions_are_joined_by_a_link_of_its_own"];
    "C-48" Behaviour: "levels Info, Warn, Critical, each with its conditions";
        "`info`, `warn`, `critical`; alert.rs";
        ["src/scenario/kinds/alert.rs::levels_of_a_link",
         "tests/it/alerts.rs::levels_are_reached_and_left_at_the_ends_of_periods"];
    "C-49" Behaviour: "the event of a BGP peer that goes Down";
        "`metric = \"down\"`; alert.rs";
        ["tests/it/alerts.rs::a_cut_is_told_when_it_is_detected"];
}
