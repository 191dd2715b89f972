//! Who follows the help of a rule comes to a sound scenario: no rule sends on to one that says the
//! opposite. Each case takes a planted fault, does what the help says, and goes on until nothing
//! is said any more.

use super::planted::{BASE, Edit, apply, said, twins};

/// The code that is told, a part of its help, and the help done.
type Step = (&'static str, &'static str, &'static [Edit]);

/// The rows that are planted, each with the steps that mend it. Left out are rules whose label is the
/// fix, and those that tell what no scenario says (X-44).
const MENDED: &[(&str, &[Step])] = &[
    (
        "P-03",
        &[(
            "P-03",
            "a service for each type",
            &[
                ("resources = [\"lb2\"] # svc", "# svc"),
                ("# more", "[endpoint_service.two]\nload_balancer = \"lb2\""),
            ],
        )],
    ),
    ("P-04", &[("P-04", "svc", &[("\"svd\"", "\"svc\"")])]),
    ("P-05", &[("P-05", "\"2002\"", &[("[\"2003\"]", "[\"2003\", \"2002\"]")])]),
    ("P-08", &[("P-08", "\"interface\"", &[("\"gwlb\"", "\"interface\"")])]),
    (
        "P-09",
        &[(
            "P-09",
            "vpc = \"app\" and routes = [{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }]",
            &[(
                "[route_table.t]\nvpc = \"app\"\nroutes = []",
                "[route_table.name]\nvpc = \"app\"\nroutes = [{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }]",
            )],
        )],
    ),
    (
        "P-10",
        &[(
            "P-10",
            "end paths at the endpoint",
            &[
                ("type = \"reverse\"", "type = \"interface\""),
                ("path = [\"endpoint.e\", \"backend.app\"]", "path = [\"endpoint.e\"]"),
            ],
        )],
    ),
    (
        "P-10",
        &[("P-10", "name the `cloud_service`", &[("# svc", "\ncloud_service = \"log\" # svc")])],
    ),
    ("P-11", &[("P-11", "security_group = ", &[("# e", "\nsecurity_group = \"web\" # e")])]),
    (
        "P-12",
        &[
            ("P-12", "type = \"interface\"", &[("\"gateway\"", "\"interface\"")]),
            ("P-15", "policy = \"custom\"", &[("# e", "\npolicy = \"custom\" # e")]),
        ],
    ),
    ("P-12", &[("P-12", "\"oss\"", &[("\"log\"", "\"oss\"")])]),
    ("P-13", &[("P-13", "free addresses", &[("used = 4", "used = 3")])]),
    ("P-14", &[("P-14", "leave `policy` out", &[("\npolicy = \"custom\"", "")])]),
    ("P-15", &[("P-15", "policy = \"custom\"", &[("# e", "\npolicy = \"custom\" # e")])]),
    ("P-23", &[("P-23", "name = \"endpoint\"", &[("name = \"zone:a\"", "name = \"endpoint\"")])]),
    ("P-24", &[("P-24", "custom_domain = ", &[("# svc", "\ncustom_domain = \"...\" # svc")])]),
    ("P-24", &[("P-24", "name = \"endpoint\"", &[("name = \"custom\"", "name = \"endpoint\"")])]),
    (
        "P-25",
        &[(
            "P-25",
            "resolved_in = [\"vpc.other\"]",
            &[("# e", "\nresolved_in = [\"vpc.other\"] # e")],
        )],
    ),
    (
        "P-26",
        &[(
            "P-26",
            "connected_to = [\"app\"]",
            &[("cidr = \"10.1.0.0/16\" ", "cidr = \"10.1.0.0/16\"\nconnected_to = [\"app\"]")],
        )],
    ),
    (
        "P-27",
        &[(
            "P-27",
            "ip_version = \"dual_stack\"",
            &[("backend = \"app\"", "ip_version = \"dual_stack\"\nbackend = \"app\"")],
        )],
    ),
    (
        "P-28",
        &[("P-28", "ip_version = \"dual_stack\"", &[("# e", "\nip_version = \"dual_stack\" # e")])],
    ),
    ("P-29", &[("P-29", "a second zone", &[("zones = [\"a\"]", "zones = [\"a\", \"b\"]")])]),
    ("P-30", &[("P-30", "another zone", &[("primary_zone = \"a\"", "primary_zone = \"b\"")])]),
    ("P-31", &[("P-31", "a second zone", &[("zones = [\"a\"]", "zones = [\"a\", \"b\"]")])]),
    (
        "P-32",
        &[("P-32", "name = \"endpoint\"", &[("name = \"address:a\"", "name = \"endpoint\"")])],
    ),
    (
        "P-39",
        &[(
            "P-39",
            "raised_limit = \"ticket 4711\"",
            &[("# e", "\nraised_limit = \"ticket 4711\" # e")],
        )],
    ),
    ("P-41", &[("P-41", "2026-02-02", &[("2025-03-01", "2026-02-02")])]),
    ("P-41", &[("P-41", "`ceiling`", &[("# e", "\nceiling = \"50 Gbps\" # e")])]),
    ("P-46", &[("P-46", "below 100 Gbps", &[("\"101 Gbps\"", "\"99 Gbps\"")])]),
    ("P-50", &[("P-50", "10 Gbps", &[("\"15 Gbps\"", "\"10 Gbps\"")])]),
    ("P-54", &[("P-54", "21", &[("per_client = 20", "per_client = 21")])]),
    ("X-01", &[("X-01", "instead of connecting them", &[("\nconnected_to = [\"app\"]", "")])]),
    ("X-02", &[("X-02", "regions = [\"q\"]", &[("# svc", "\nregions = [\"q\"] # svc")])]),
    ("X-02", &[("X-02", "into `r`", &[("[\"q1\", \"q2\"]", "[\"a\", \"b\"]")])]),
    ("X-03", &[("X-03", "\"q\"", &[("[\"o\"]", "[\"o\", \"q\"]")])]),
    (
        "X-04",
        &[
            ("X-04", "\"1234567890123456\"", &[("\"partner\"", "\"1234567890123456\"")]),
            (
                "P-05",
                "add \"1234567890123456\" to the whitelist",
                &[("[\"2002\"]", "[\"2002\", \"1234567890123456\"]")],
            ),
        ],
    ),
    ("X-05", &[("X-05", "private", &[("\"public\"", "\"private\"")])]),
    ("X-06", &[("X-06", "other zones", &[("[\"b\"]", "[\"b\", \"a\"]")])]),
    ("X-10", &[("X-10", "zone_affinity = true", &[("# svc", "\nzone_affinity = true # svc")])]),
    ("X-14", &[("X-14", "leave `ip_version` out", &[("ip_version = \"dual_stack\"", "")])]),
    ("X-15", &[("X-15", "payer = \"consumer\"", &[("\"provider\"", "\"consumer\"")])]),
    ("X-16", &[("X-16", "\"1234567890123456\"", &[("\"everybody\"", "\"1234567890123456\"")])]),
    ("X-17", &[("X-17", "a, b", &[("\"c\"]\ncreated_at", "\"b\"]\ncreated_at")])]),
    ("X-18", &[("X-18", "choose another", &[("10.0.2.253", "10.0.2.7")])]),
    ("X-19", &[("X-19", "leave `ip_version` out", &[("\nip_version = \"dual_stack\"", "")])]),
    (
        "X-19",
        &[
            (
                "X-19",
                "set it on the service, too",
                &[("# svc", "\nip_version = \"dual_stack\" # svc")],
            ),
            (
                "P-27",
                "ip_version = \"dual_stack\" on the load balancer",
                &[("# lb\n", "\nip_version = \"dual_stack\"\n")],
            ),
        ],
    ),
    (
        "X-20",
        &[(
            "X-20",
            "{ source = \"10.0.0.0/16\", ports = \"80\" }",
            &[("inbound = [", "inbound = [{ source = \"10.0.0.0/16\", ports = \"80\" }, ")],
        )],
    ),
    ("X-23", &[("X-23", "upgraded = true", &[("upgraded = false", "upgraded = true")])]),
    (
        "X-24",
        &[("X-24", "second zone", &[("zones = [\"a\"] # svc", "zones = [\"a\", \"b\"] # svc")])],
    ),
    (
        "X-25",
        &[(
            "X-25",
            "add_region",
            &[(
                "[change.new]",
                "[change.open]\nat = \"8 s\"\nof = \"endpoint_service.svc\"\nadd_region = \"q\"\n[change.new]",
            )],
        )],
    ),
    ("X-26", &[("X-26", "other regions", &[("remove_region = \"r\"", "remove_region = \"q\"")])]),
    ("X-27", &[("X-27", "a second zone", &[("[\"q1\"]", "[\"q1\", \"q2\"]")])]),
    ("X-30", &[("X-30", "raised_limit = \"...\"", &[("# e", "\nraised_limit = \"...\" # e")])]),
    ("X-31", &[("X-31", "raised_limit = \"...\"", &[("# e", "\nraised_limit = \"...\" # e")])]),
    (
        "X-32",
        &[(
            "X-32",
            "cross_region_bandwidth = \"200 Mbps\"",
            &[("# e", "\ncross_region_bandwidth = \"200 Mbps\" # e")],
        )],
    ),
    ("X-33", &[("X-33", "auto_accept = false", &[("auto_accept = true", "auto_accept = false")])]),
    ("X-33", &[("X-33", "list UIDs", &[("\"*\"", "\"2002\"")])]),
    ("X-35", &[("X-35", "lb", &[("resources = [\"lb2\"] # e", "resources = [\"lb\"] # e")])]),
    (
        "X-37",
        &[("X-37", "managed_resources = true", &[("# svc", "\nmanaged_resources = true # svc")])],
    ),
    ("X-38", &[("X-38", "automatic allocation", &[("resources = [\"lb2\"] # e", "# e")])]),
    ("X-39", &[("X-39", "manual_only", &[("[\"lb2\", \"lb\"]", "[\"lb2\"]")])]),
    (
        "X-40",
        &[
            ("X-40", "its zones are b, c", &[("zone = \"a\", r", "zone = \"b\", r")]),
            (
                "X-41",
                "disconnect_zone = \"b\"",
                &[(
                    "[change.b]",
                    "[change.cut]\nat = \"8 s\"\nof = \"endpoint.e\"\ndisconnect_zone = \"b\"\n[change.b]",
                )],
            ),
        ],
    ),
    (
        "X-41",
        &[(
            "X-41",
            "disconnect_zone = \"a\", then allocate",
            &[
                ("[change.a]\nat = \"15 s\"", "[change.a]\nat = \"5 s\""),
                (
                    "# more",
                    "[change.c]\nat = \"20 s\"\nof = \"endpoint.e\"\nconnect_zone = \"a\"\n",
                ),
            ],
        )],
    ),
    (
        "X-49",
        &[(
            "X-49",
            "disconnect_zone = \"a\", then allocate = { zone = \"a\", resource = \"lb2\" }, then connect_zone = \"a\"",
            &[
                (
                    "[change.b]",
                    "[change.b0]\nat = \"6 s\"\nof = \"endpoint.e\"\ndisconnect_zone = \"a\"\n[change.b]",
                ),
                (
                    "replace = { zone = \"a\", by = \"lb2\", manner = \"smooth\", drain = \"30 s\" }",
                    "allocate = { zone = \"a\", resource = \"lb2\" }\n[change.c]\nat = \"20 s\"\nof = \"endpoint.e\"\nconnect_zone = \"a\"",
                ),
            ],
        )],
    ),
    (
        "X-50",
        &[("X-50", "let `change.a` come before `change.b`", &[("at = \"15 s\"", "at = \"5 s\"")])],
    ),
    ("X-51", &[("X-51", "free an address", &[("used = 3", "used = 2")])]),
    (
        "X-58",
        &[(
            "X-58",
            "`throttle` on the endpoints",
            &[
                ("\ndefault_throttle = \"1 Gbps\" # svc", "# svc"),
                ("# e", "\nthrottle = \"1 Gbps\" # e"),
            ],
        )],
    ),
    ("X-63", &[("X-63", "lower the throttle", &[("\"6 Gbps\"", "\"5 Gbps\"")])]),
    ("X-66", &[("X-66", "action = \"deny\"", &[("at = \"15 s\"", "at = \"5 s\"")])]),
    ("X-67", &[("X-67", "whitelist = [\"2002\"]", &[("# svc", "\nwhitelist = [\"2002\"] # svc")])]),
    (
        "X-68",
        &[(
            "X-68",
            "action = \"accept\"",
            &[(
                "[change.new]",
                "[change.yes]\nat = \"6 s\"\nof = \"endpoint.e\"\naction = \"accept\"\n[change.new]",
            )],
        )],
    ),
    ("X-68", &[("X-68", "approval = \"1 h\"", &[("# svc", "\napproval = \"1 h\" # svc")])]),
    ("X-68", &[("X-68", "auto_accept = true", &[("auto_accept = false", "auto_accept = true")])]),
    ("Z-12", &[("Z-12", "9.09 Gbps", &[("\"10 Gbps\"\novershoot", "\"9090 Mbps\"\novershoot")])]),
];

/// Does the steps one after another; what is wrong with them.
fn follow(mut text: String, steps: &[Step]) -> Result<(), String> {
    for (code, part, edits) in steps {
        let (raised, sources) = said(&text);
        let [only] = &raised[..] else {
            return Err(highwater::scenario::render(&raised, &sources, false));
        };
        let help = only.help.as_deref().unwrap_or("");
        if only.code != *code || !help.contains(part) {
            return Err(format!("not {code}, or not `{part}`: {}: {help}", only.code));
        }
        text = edits.iter().fold(text, |text, edit| apply(&text, *edit));
    }
    match said(&text) {
        (raised, _) if raised.is_empty() => Ok(()),
        (raised, sources) => Err(highwater::scenario::render(&raised, &sources, false)),
    }
}

#[test]
fn the_help_of_every_planted_fault_ends_it() {
    let mut wrong = Vec::new();
    for (row, steps) in MENDED {
        if let Err(why) = follow(twins(row).1, steps) {
            wrong.push(format!("{row}:\n{why}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// Designs in which the help of a rule would break another rule, were it always the same.
#[test]
fn no_help_leads_in_a_circle() {
    let mut wrong = Vec::new();
    for (start, steps) in CIRCLES {
        let text = start.iter().fold(BASE.to_owned(), |text, edit| apply(&text, *edit));
        if let Err(why) = follow(text, steps) {
            wrong.push(format!("{start:?}:\n{why}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// A misspelled key, an unknown name or word: each is told once, whatever would follow from it.
#[test]
fn one_mistake_is_told_once() {
    // Between them, designs of all kinds of endpoints and plans, and of ways out of MaxCompute.
    let rows = ["P-09", "P-11", "P-12", "P-25", "P-27", "X-20", "X-25", "X-27", "X-40", "X-50"];
    let mut designs: Vec<(&str, String)> = rows.map(|row| (row, twins(row).0)).into();
    designs.push(("egress", super::planted_egress::BASE.to_owned()));
    designs.push(("circuits", super::planted_circuits::BASE.to_owned()));
    let (mut tried, mut wrong) = (0, Vec::new());
    for (row, clean) in designs {
        for (at, line) in clean.split_inclusive('\n').scan(0, |start, line| {
            *start += line.len();
            Some((*start - line.len(), line))
        }) {
            for (after, slip) in slips(line) {
                let mut text = clean.clone();
                text.insert_str(at + after, slip);
                tried += 1;
                let (raised, sources) = said(&text);
                if raised.len() > 1 {
                    let told = highwater::scenario::render(&raised, &sources, false);
                    wrong.push(format!("{row}: {}{told}", &text[at..at + line.len() + slip.len()]));
                }
            }
        }
    }
    assert!(tried > 600, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Slips of the pen in a line: after the key, the name of the table, and every word in quotes.
fn slips(line: &str) -> Vec<(usize, &'static str)> {
    let mut slips: Vec<(usize, &str)> = Vec::new();
    if let Some(key) = line.find(" = ") {
        slips.push((key, "x"));
    }
    slips.extend(line.strip_prefix('[').and_then(|l| Some((l.find(']')? + 1, "zz"))));
    // What anything can stand for.
    let free = ["allow", "cidr", "custom_domain", "id", "service_name"];
    if !free.iter().any(|key| line.starts_with(&format!("{key} "))) {
        let quotes = line.match_indices('"').skip(1).step_by(2).map(|q| (q.0, "zz"));
        slips.extend(quotes.filter(|(end, _)| {
            line[..*end].rsplit('"').next().is_some_and(|word| !word.contains('/'))
        }));
    }
    slips
}

const CLB: Edit = ("type = \"nlb\"", "type = \"clb\"");

const CIRCLES: &[(&[Edit], &[Step])] = &[
    // P-39: what is promised is used by a change only.
    (
        &[("# more", "[change.more]\nat = \"5 s\"\nof = \"endpoint.e\"\nceiling = \"60 Gbps\"\n")],
        &[(
            "P-39",
            "on the endpoint: raised_limit = \"ticket 4711\"",
            &[("# e", "\nraised_limit = \"ticket 4711\" # e")],
        )],
    ),
    // P-39: an endpoint beside its service has no cross-region bandwidth to state (X-03).
    (
        &[("# e", "\nraised_limit = \"ticket 4711\" # e")],
        &[("P-39", "as `ceiling`, or leave this out", &[("# e", "\nceiling = \"60 Gbps\" # e")])],
    ),
    // P-26, X-01: VPCs whose blocks overlap are not to be connected.
    (
        &[
            ("10.1.0.0/16", "10.0.0.0/8"),
            ("# e", "\nvpc = \"app\" # e"),
            ("# w", "\nvpc = \"other\" # w"),
        ],
        &[(
            "P-26",
            "declare an endpoint of the service in vpc.other, and call that",
            &[
                (
                    "# more",
                    "[endpoint.o]\nservice = \"svc\"\nzones = [\"a\", \"b\"]\nvpc = \"other\"\n\
                     created_at = 2026-03-01",
                ),
                ("path = [\"endpoint.e\"]", "path = [\"endpoint.o\"]"),
            ],
        )],
    ),
    // X-02, X-23: what cannot be shared across regions is not to be opened.
    (
        &[
            CLB,
            ("# svc", "\nresources = [\"lb2\"] # svc"),
            ("# lb2", "\nprimary_zone = \"b\" # lb2"),
            ("zones = [\"a\", \"b\"]\ncreated_at", "zones = [\"q1\", \"q2\"]\ncreated_at"),
            ("# e", "\ncross_region_round_trip = \"30 ms\" # e"),
        ],
        &[(
            "X-02",
            "put the endpoint into zones of `r`",
            &[("[\"q1\", \"q2\"]", "[\"a\", \"b\"]")],
        )],
    ),
    // X-14, X-19, P-28: no CLB is dual-stack, so neither its service nor the endpoint is.
    (
        &[
            CLB,
            ("# svc", "\nresources = [\"lb2\"]\nip_version = \"dual_stack\" # svc"),
            ("# lb2", "\nprimary_zone = \"b\" # lb2"),
        ],
        &[("X-14", "leave `ip_version` out", &[("\nip_version = \"dual_stack\"", "")])],
    ),
    // X-33, X-68: where everybody is let in, somebody or a law accepts.
    (
        &[
            ("# svc", "\nwhitelist = [\"*\"] # svc"),
            ("# more", "[change.new]\nat = \"5 s\"\nof = \"endpoint.e\"\naction = \"create\""),
        ],
        &[
            ("X-33", "set auto_accept = false", &[("# svc", "\nauto_accept = false # svc")]),
            (
                "X-68",
                "with approval = \"1 h\" on the service",
                &[("# svc", "\napproval = \"1 h\" # svc")],
            ),
        ],
    ),
    // P-50, Z-12: a throttle that fits, overshoot included.
    (
        &[("# e", "\nthrottle = \"15 Gbps\"\novershoot = 1.25 # e")],
        &[("P-50", "at most 8 Gbps", &[("\"15 Gbps\"", "\"8 Gbps\"")])],
    ),
    // Z-12, X-61: no throttle is as low as that, so that the backend is to grow.
    (
        &[
            ("bandwidth = \"10 Gbps\"", "bandwidth = \"60 Mbps\""),
            ("# e", "\nthrottle = \"100 Mbps\" # e"),
        ],
        &[(
            "P-50",
            "enlarge the backend: no throttle can be set as low as 60 Mbps",
            &[("bandwidth = \"60 Mbps\"", "bandwidth = \"100 Mbps\"")],
        )],
    ),
    // An endpoint that was deleted is gone; another one can come after it.
    (
        &[
            (
                "# more",
                "[change.gone]\nat = \"5 s\"\nof = \"endpoint.e\"\naction = \"delete\"\n# more",
            ),
            (
                "# more",
                "[change.new]\nat = \"9 s\"\nof = \"endpoint.e\"\naction = \"create\"\n# more",
            ),
        ],
        &[(
            "change",
            "declare another [endpoint.name]",
            &[
                ("at = \"9 s\"\nof = \"endpoint.e\"", "at = \"9 s\"\nof = \"endpoint.f\""),
                (
                    "# more",
                    "[endpoint.f]\nservice = \"svc\"\nzones = [\"a\", \"b\"]\n\
                     created_at = 2026-03-01",
                ),
            ],
        )],
    ),
    // X-35: a resource is attached before a zone is bound to it.
    (
        &[
            CLB,
            (
                "lb2]\ntype = \"clb\"\nzones = [\"a\", \"b\"]",
                "lb2]\ntype = \"clb\"\nzones = [\"b\", \"a\"]",
            ),
            (
                "# more",
                "[load_balancer.lb3]\ntype = \"clb\"\nzones = [\"a\", \"b\"]\nbackend = \"app\"\n# more",
            ),
            ("# svc", "\nresources = [\"lb2\"]\nmanaged_resources = true # svc"),
            (
                "# more",
                "[change.a]\nat = \"5 s\"\nof = \"endpoint_service.svc\"\n\
                 automatic_allocation = { resource = \"lb\", on = false }\n\
                 [change.b]\nat = \"9 s\"\nof = \"endpoint.e\"\n\
                 replace = { zone = \"a\", by = \"lb3\", manner = \"forcible\" }\n\
                 [change.join]\nat = \"12 s\"\nof = \"endpoint_service.svc\"\nattach = \"lb3\"",
            ),
        ],
        &[("X-35", "attach = \"lb3\" comes first", &[("at = \"12 s\"", "at = \"3 s\"")])],
    ),
    // X-10, P-09: nobody calls a GWLB endpoint by a name that could prefer a zone.
    (
        &[
            ("type = \"nlb\"", "type = \"gwlb\""),
            ("# svc", "\nzone_affinity = true # svc"),
            ("# e", "\nvpc = \"app\" # e"),
            ("path = [\"endpoint.e\"]", "path = [\"endpoint.e\", \"backend.app\"]"),
        ],
        &[(
            "P-09",
            "vpc = \"app\" and routes = [{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }]",
            &[(
                "# more",
                "[route_table.name]\nvpc = \"app\"\nroutes = [{ to = \"0.0.0.0/0\", \
                 next_hop = \"endpoint.e\" }]",
            )],
        )],
    ),
];
