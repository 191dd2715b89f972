//! The sections of the page below its header.

use super::put;
use crate::measure::Results;
use crate::report::alerts;
use crate::report::escape::markup;
use crate::report::findings::{self, gaps_of, is_no_limit};
use crate::report::format::{percent, setting, span};
use crate::report::table::Table;
use crate::report::tables::{self, moment};

/// More rows than anyone reads; the files have all.
const MOST: usize = 40;

fn part(title: &str, lead: &str, table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let lead =
        if lead.is_empty() { String::new() } else { format!("<p class=\"lead\">{lead}</p>\n") };
    format!("<h3>{title}</h3>\n{lead}{}", table.markup(MOST))
}

/// Traffic, latency and errors per workload with their intervals.
pub(super) fn workloads(r: &Results) -> String {
    if r.workloads.is_empty() {
        return String::new();
    }
    let n = r.settings.replications.len();
    let interval = match n {
        0 | 1 => "One replication: no intervals.".to_owned(),
        n => format!(
            "Means per replication, \u{b1} half of the 95 % interval (t over {n} replications)."
        ),
    };
    let mut out = format!("<section><h2>Workloads</h2>\n<p class=\"lead\">{interval}</p>\n");
    out.push_str(&part("Traffic", "", &tables::traffic(r)));
    let lead = "Ok requests, from their intended start. A percentile has no interval where a \
                replication has too few requests for it.";
    out.push_str(&part("Latency", lead, &tables::latency(r, true)));
    let lead = "Counts are means per replication. Reruns start from zero, after a lost node or an error; \
                made again are requests that had been done before, or may have been. Times of jobs \
                from their start, of stages from when all that they come after was done.";
    out.push_str(&part("Jobs", lead, &tables::jobs(r)));
    out.push_str(&part("Errors", "", &tables::errors(r)));
    let transfers = findings::transfers(r);
    if !transfers.is_empty() {
        out.push_str("<h3>Transfers</h3>\n<ul class=\"plain\">\n");
        for line in &transfers {
            put(&mut out, format_args!("<li>{}</li>\n", markup(line)));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
    out
}

/// Faults and the gaps that users felt.
pub(super) fn faults(r: &Results) -> String {
    if r.faults.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "<section><h2>{} and who knew when</h2>\n<ul class=\"plain\">\n",
        findings::events(r)
    );
    for fault in &r.faults {
        let gaps = gaps_of(r, fault);
        let felt = match gaps.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((gap, ns)) => format!(
                "users of {} were wrong for {} (sum of the medians)",
                gap.selector,
                span(*ns)
            ),
            None => "no selector had to notice it".into(),
        };
        if fault.planned {
            let felt = if gaps.is_empty() { String::new() } else { format!("; {felt}") };
            let at = moment(&r.settings, fault.from_ns);
            let text = format!("{}: {} at {at}{felt}.", fault.name, fault.label);
            put(&mut out, format_args!("<li>{}</li>\n", markup(&text)));
            continue;
        }
        let text = format!(
            "{}: {} at {} for {}; {felt}.",
            fault.name,
            fault.label,
            moment(&r.settings, fault.from_ns),
            setting(fault.to_ns.saturating_sub(fault.from_ns))
        );
        put(&mut out, format_args!("<li>{}</li>\n", markup(&text)));
    }
    out.push_str("</ul>\n");
    let lead = "Median / longest over replications and branches. Detect: failure to its detection. \
                Propagate: to the changed record or choice. Cache: to the last new connection that \
                still took the dead branch. Reconnect: to the last error on it.";
    out.push_str(&part("Gaps between truth and belief", lead, &tables::gaps(r)));
    let lead = "How each workload came off what failed, median / longest: the parts sum to the \
                whole, which ends with the last new connection or error on the dead branch. Then \
                requests with a failed try on it, by who caught them: the choice at this level, \
                the client's own retry, the repair, or nobody.";
    out.push_str(&part("Recovery by workload", lead, &tables::recoveries(r)));
    let lead = "Mean per replication. Dropped: tries that failed while this shut them out.";
    out.push_str(&part("States", lead, &tables::states(r)));
    out.push_str("</section>\n");
    out
}

/// What failed at random.
pub(super) fn outages(r: &Results) -> String {
    if r.outages.is_empty() {
        return String::new();
    }
    let lead = "Per replication: elements that fail by their MTBF and are repaired by their MTTR. Time that \
                something else had them down does not count.";
    format!("<section>{}</section>\n", part("Random outages", lead, &tables::outages(r)))
}

/// What those who watch were told.
pub(super) fn alerts(r: &Results) -> String {
    if r.alerts.is_empty() {
        return String::new();
    }
    let lead = "Per replication; the first instant is the middle one.";
    let levels = part("Levels", lead, &alerts::levels(r));
    let lead = "Replications in which an objective was broken, and how long before that each level was \
                reached. In time: before the end of the first period with more failed or late requests \
                than the objective allows. Late: broken before, or without. Alone: reached, and never \
                broken.";
    let leads = part("Lead on broken objectives", lead, &alerts::lead_times(r));
    format!("<section><h2>Alerts</h2>\n{levels}{leads}</section>\n")
}

/// What held each workload back, as one bar and one table.
pub(super) fn binding(r: &Results) -> String {
    let table = tables::binding(r);
    if table.is_empty() {
        return String::new();
    }
    let mut out = String::from("<section><h2>What held flows back</h2>\n");
    for w in &r.workloads {
        let shares = findings::binding_in_rows(r, w);
        let Some((limit, permille)) = shares.iter().find(|s| !is_no_limit(&s.0)) else { continue };
        let text = format!(
            "{} was held back by {limit} for {} of its flow time.",
            w.name,
            percent(findings::float(*permille) / 1e3)
        );
        put(&mut out, format_args!("<p class=\"lead\">{}</p>\n", markup(&text)));
    }
    out.push_str(&table.markup(MOST));
    out.push_str(
        "<p class=\"note\">Each flow is at every instant held back by exactly one limit; the shares \
         of a workload sum to 100 %. \u{201c}own cap\u{201d} is the flow's own rate, \
         \u{201c}down\u{201d} a failure on its path, \u{201c}start-up\u{201d} \
         a window that waits for acknowledgements.</p>\n</section>\n",
    );
    out
}

/// Links, pools and stations.
pub(super) fn resources(r: &Results) -> String {
    let parts = [
        part(
            "Links",
            "Fullest window first, after the warm-up; of the devices of a throttle the fullest.",
            &tables::links(r),
        ),
        part("Pools", "Counters per replication.", &tables::pools(r)),
        part("Stations", "Counters per replication.", &tables::stations(r)),
        part("Instances that come and go", "Counters per replication.", &tables::scalers(r)),
    ];
    if parts.iter().all(String::is_empty) {
        return String::new();
    }
    format!("<section><h2>Links, pools, stations</h2>\n{}</section>\n", parts.concat())
}

/// Warnings and notes of the check.
pub(super) fn notices(r: &Results) -> String {
    if r.notices.is_empty() {
        return String::new();
    }
    let mut out =
        String::from("<section><h2>Warnings and notes of the check</h2>\n<ul class=\"plain\">\n");
    for n in &r.notices {
        let class = if n.severity == "warning" { "warning" } else { "note" };
        put(
            &mut out,
            format_args!(
                "<li><span class=\"chip {class}\">{} {}</span> <code>{}</code> {}</li>\n",
                markup(&n.severity),
                markup(&n.code),
                markup(&n.place),
                markup(&n.text)
            ),
        );
    }
    out.push_str("</ul>\n</section>\n");
    out
}

/// Every parameter that no document gives.
pub(super) fn assumptions(r: &Results) -> String {
    if r.assumptions.is_empty() {
        return String::new();
    }
    let mut table = Table::new(4, ["parameter", "value", "source", "confidence"]);
    for a in &r.assumptions {
        table.row([a.parameter.clone(), a.value.clone(), a.source.clone(), a.confidence.clone()]);
    }
    format!(
        "<section><h2>Assumptions</h2>\n<p class=\"lead\">No document gives these values. They were \
         used; measure the ones that matter to you. Confidence runs from A to D; \u{201c}set\u{201d} \
         was chosen in the scenario.</p>\n{}</section>\n",
        table.markup(usize::MAX)
    )
}

/// What the model leaves out.
pub(super) fn limits(r: &Results) -> String {
    let few = if r.settings.replications.len() < 5 {
        "<li>Fewer than five replications: intervals are wide or absent.</li>\n"
    } else {
        ""
    };
    format!(
        "<section><h2>Limits of the model</h2>\n<ul class=\"plain\">\n\
         <li>Bandwidth is shared as a fluid, max-min fair at every instant: no packets, buffers, loss \
         or pacing. Percentiles, those of short flows above all, are loss-free: loss on a real path \
         makes tails longer. The section on workloads says whether TCP start-up is on.</li>\n\
         <li>Latency is measured from the intended start of a request, so waiting for a stalled \
         client counts. Percentiles are of ok requests; failures stand beside them.</li>\n\
         <li>Histograms round up by at most 0.1 %; counts, means and maxima are exact.</li>\n\
         <li>Utilization is a mean over a window and over replications: shorter bursts are higher.</li>\n\
         <li>A provider's real device counts, hashes and schedulers are not known; limits and \
         defaults change. The engine being exact does not make the model valid: compare a measured \
         week with a run of it.</li>\n{few}</ul>\n</section>\n"
    )
}

/// Of what a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Run,
    Sweep,
    Drill,
}

/// How to get the same bytes again.
pub(super) fn reproduce(r: &Results, command_line: &[String], of: Again) -> String {
    let again = match of {
        Again::Drill => "<code>drill.json</code> holds all that is shown here",
        Again::Sweep => "each folder of <code>points</code> holds a <code>results.json</code>",
        Again::Run => "<code>results.json</code> beside this page is enough to draw it again",
    };
    let command = match command_line.is_empty() {
        true => String::new(),
        false => format!("<pre>{}</pre>\n", markup(&shell_line(command_line))),
    };
    let id = &r.identity;
    format!(
        "<section><h2>How to reproduce this</h2>\n{command}<p class=\"lead\">highwater {}, scenario \
         {} with hash {}, seed {}: the same bytes on any machine; {again}; \
         <code>manifest.toml</code> lists every file.</p>\n</section>\n",
        markup(&id.version),
        markup(&id.scenario),
        markup(&id.scenario_hash),
        id.seed
    )
}

/// The command as it can be pasted into a shell.
pub(super) fn shell_line(command_line: &[String]) -> String {
    command_line.iter().map(|w| shell(w)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it: quoted where it is not plain.
fn shell(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&b);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(shell("circuit.c1=40"), "circuit.c1=40");
        assert_eq!(shell("40 Gbps"), "'40 Gbps'");
        assert_eq!(shell("it's"), "'it'\\''s'");
        assert_eq!(shell(""), "''");
    }
}
