//! The rows of MaxCompute network connection (000).

use super::{EGRESS as PLANTED, How, Row};

rows! {
    "M-01" Rule: "isolated until a connection is set up";
        "key `solution`; rules/egress.rs";
        [PLANTED];
    "M-02" Both: "all access to the outside runs through a proxy layer";
        "maxcompute first on a path; maxcompute.rs, rules/egress.rs";
        [PLANTED,
         "src/scenario/kinds/maxcompute.rs::lowered_network"];
    "M-03" Rule: "six solutions: three lead out, three lead in";
        "key `solution`, its place on the path; rules/egress.rs";
        [PLANTED];
    "M-04" Rule: "Internet access serves UDF, Spark, MapReduce, PyODPS/Mars";
        "`engine` of workloads; rules/egress.rs";
        [PLANTED];
    "M-05" Rule: "VPC connections serve all engines but MapReduce";
        "`engine` of workloads; rules/egress.rs";
        [PLANTED];
    "M-06" Rule: "Alibaba Cloud service access serves all engines but MapReduce";
        "`engine` of workloads; rules/egress.rs";
        [PLANTED];
    "M-07" Rule: "Alibaba Cloud service access: OSS, DLF, Tablestore, Hologres by internal address";
        "`type`, `endpoint`, `public`, `vpc` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-08" Both: "inbound by PrivateLink: a private endpoint in the VPC";
        "path = [\"endpoint.x\", \"maxcompute.in\"]; rules/egress.rs, maxcompute/connection.rs";
        [PLANTED,
         "tests/it/maxcompute.rs::by_privatelink_others_come_through_a_network_card"];
    "M-09" Behaviour: "inbound by VPC peering, from another region";
        "path = [\"link.x\", \"delay.x\", \"maxcompute.in\"]; maxcompute/connection.rs";
        ["tests/it/maxcompute.rs::by_peering_others_come_from_another_region"];
    "M-10" Both: "inbound by CEN: VPCs of several regions";
        "path = [\"transit_router.x\", \"maxcompute.in\"]; rules/egress.rs, maxcompute/connection.rs";
        [PLANTED,
         "tests/it/maxcompute.rs::by_cen_several_regions_share_a_transit_router"];
    "M-11" Rule: "engines do not matter on the way in";
        "`engine` of workloads; rules/egress.rs";
        [PLANTED];
    "M-12" Both: "Internet targets are added in Project Management";
        "`allow`, `address` of backend, a gate to each target; maxcompute/allow.rs, rules/egress/targets.rs";
        [PLANTED,
         "tests/it/egress.rs::calls_are_denied_until_somebody_lets_them_through"];
    "M-13" Both: "failed validation: a ticket, up to three business days";
        "`validated` in `allow`, `review`; maxcompute/allow.rs, rules/egress/targets.rs";
        [PLANTED,
         "tests/it/egress.rs::calls_are_denied_until_somebody_lets_them_through"];
    "M-14" Both: "the target's administrator must lift its restrictions";
        "`restricted`, `allow_list` of backend; maxcompute/allow.rs, rules/egress/targets.rs";
        [PLANTED,
         "tests/it/egress.rs::who_keeps_calls_away_is_told"];
    "M-15" Both: "a VPC connection has an ENI, ruled by its security group";
        "`vswitch`, `security_group`; an address of the vSwitch, the zone's component; rules/egress/targets.rs, vswitch.rs";
        [PLANTED,
         "src/scenario/kinds/maxcompute/connection.rs::a_vpc_connection_has_a_card_in_a_zone"];
    "M-16" Rule: "the target's list has the ENI's address or the vSwitch's block";
        "`allow_list` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-17" Both: "one VPC per connection, others by transit";
        "`connected_to` of vpc, hops of the path; rules/egress/targets.rs";
        [PLANTED,
         "tests/it/maxcompute.rs::another_vpc_is_further_away"];
    "M-18" Rule: "targets in VPCs: addresses, domain names, RDS, HBase, Hadoop";
        "`type`, `public` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-19" Rule: "Internet targets: public addresses and domain names";
        "`address`, `vpc`, `endpoint` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-20" Rule: "foreign tables of OSS and Tablestore: internal endpoint";
        "`type`, `endpoint` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-21" Rule: "a UDF that calls OSS or Tablestore: public endpoint";
        "`type`, `endpoint` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-22" Rule: "foreign tables of Hologres: classic network domain name";
        "`type`, `endpoint` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-23" Rule: "Internet access in 14 regions";
        "`id` of region; rules/egress/regions.rs";
        [PLANTED,
         "src/scenario/rules/egress/regions.rs::the_lists_are_those_of_the_document"];
    "M-24" Rule: "VPC connections in 42 zones of 15 regions";
        "`id` of region and zone; rules/egress/regions.rs";
        [PLANTED,
         "src/scenario/rules/egress/regions.rs::the_lists_are_those_of_the_document"];
    "M-25" Rule: "Shanghai Finance Cloud: VPC only, one zone";
        "`id` of region; rules/egress/regions.rs";
        [PLANTED];
    "M-26" Outside: "Internet and VPC access cost nothing";
        "runs have no prices; what they use is in their results";
        [];
    "M-27" Behaviour: "connectivity is guaranteed, bandwidth is not";
        "`bandwidth` as a law, `bandwidth_every`; maxcompute.rs";
        ["src/scenario/kinds/maxcompute.rs::lowered_network",
         "tests/it/maxcompute.rs::bandwidth_without_guarantee_makes_a_band_of_job_times"];
    "M-28" Behaviour: "forwarding is limited";
        "`forwarding`, `new_connections`, `connections`; maxcompute.rs; scenarios/maxcompute-egress.toml";
        ["src/scenario/kinds/maxcompute.rs::lowered_network",
         "tests/it/documented.rs::proxy_refusals_begin_exactly_at_the_connection_limit"];
    "M-29" Both: "too many connections make requests fail";
        "`connections`, `on_full`; maxcompute.rs, traffic/rules.rs";
        [PLANTED,
         "tests/it/egress.rs::connections_are_refused_as_erlang_b_says_whatever_their_law",
         "tests/it/egress.rs::connections_wait_as_erlang_c_says",
         "tests/it/documented.rs::proxy_refusals_begin_exactly_at_the_connection_limit"];
    "M-30" Both: "use persistent connections";
        "`connections` of workloads; traffic/rules.rs; scenarios/maxcompute-connections.toml";
        [PLANTED,
         "tests/it/answers.rs::scenarios_of_the_way_out_say_what_their_runs_answer",
         "tests/it/maxcompute.rs::connections_that_are_kept_are_opened_once"];
    "M-31" Behaviour: "limit the number of nodes";
        "`workers` of arrivals, swept; scenarios/maxcompute-egress.toml";
        ["tests/it/answers.rs::scenarios_of_the_way_out_say_what_their_runs_answer",
         "tests/it/documented.rs::proxy_refusals_begin_exactly_at_the_connection_limit"];
    "M-32" Behaviour: "limited bandwidth makes tasks slow";
        "one link that all tasks share; maxcompute.rs";
        ["tests/it/maxcompute.rs::bandwidth_without_guarantee_makes_a_band_of_job_times"];
    "M-33" Behaviour: "the proxy has few egress addresses";
        "`egress_ips`, `ports_per_ip`, `port_hold`; maxcompute/egress.rs";
        ["src/scenario/kinds/maxcompute.rs::lowered_network",
         "tests/it/egress.rs::addresses_by_hash_refuse_more_than_their_ports_together"];
    "M-34" Rule: "odd connections are for technical support";
        "share of source ports in use at most; traffic/rules.rs";
        [PLANTED];
    "M-35" Behaviour: "egress addresses may change";
        "`address_changes`; maxcompute/egress.rs; scenarios/maxcompute-address-change.toml";
        ["tests/it/egress.rs::a_new_address_is_refused_until_lists_are_mended",
         "tests/it/egress.rs::a_change_resets_connections_that_are_kept_and_retries_open_others",
         "tests/it/answers.rs::scenarios_of_the_way_out_say_what_their_runs_answer"];
    "M-36" Rule: "no access control by egress address on the target";
        "`allow_list` of backend; rules/egress/targets.rs";
        [PLANTED];
    "M-37" Behaviour: "nodes may run again";
        "`reruns` of jobs; traffic/jobs.rs; scenarios/maxcompute-rerun.toml";
        ["tests/it/answers.rs::the_readme_says_what_jobs_and_retries_answer"];
    "M-38" Both: "code must be idempotent";
        "`idempotent` of workloads; traffic/rules.rs";
        [PLANTED,
         "tests/it/answers.rs::the_readme_says_what_jobs_and_retries_answer"];
    "M-39" Rule: "DataWorks' resource group must reach the source";
        "`reaches` of `dataworks`; rules/egress/targets.rs";
        [PLANTED];
    "M-40" Rule: "DataWorks' sandbox must allow it";
        "`sandbox` of `dataworks`; rules/egress/targets.rs";
        [PLANTED];
    "M-41" Behaviour: "many concurrent lookups overwhelm DNS";
        "`rate`, `queue`, `timeout` of resolver; resolver.rs";
        ["src/scenario/kinds/resolver.rs::answers_at_its_rate",
         "tests/it/egress.rs::a_resolver_that_is_overloaded_answers_at_its_rate",
         "tests/it/egress.rs::a_queue_that_is_longer_than_patience_answers_nobody",
         "tests/it/answers.rs::the_readme_says_what_jobs_and_retries_answer"];
    "M-42" Behaviour: "resolve once when a task starts";
        "`names = \"forever\"`, or `{ every = ... }`; traffic/client.rs; what it costs is Z-01";
        ["tests/it/jobs.rs::names_that_are_asked_for_every_so_often",
         "tests/it/answers.rs::the_readme_says_what_jobs_and_retries_answer"];
    "M-43" Both: "HTTPS to a bare address fails";
        "`tls` of connections, `address` of backend; a gate that stays shut; traffic/workload.rs, rules/egress/targets.rs";
        [PLANTED,
         "tests/it/maxcompute.rs::https_to_a_bare_address_fails_without_the_host"];
    "M-44" Behaviour: "the domain name in the Host header";
        "`host` of workloads; traffic/workload.rs";
        ["tests/it/maxcompute.rs::https_to_a_bare_address_fails_without_the_host"];
}
