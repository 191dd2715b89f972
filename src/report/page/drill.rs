//! The page of drills: verdict, single points of failure, the ranking, charts, chances.

use super::{Figure, capital, document, figure, footer, put, sections, title};
use crate::measure::{DrillResults, Results};
use crate::report::drill;
use crate::report::escape::markup;
use crate::report::format::{percent, plural};

/// Rows of the ranking; the file has all.
const MOST: usize = 60;

pub(crate) fn page(
    found: &DrillResults,
    base: &Results,
    figures: &[Figure],
    command_line: &[String],
) -> String {
    let line = drill::verdict(found);
    let (word, sentence) = line.split_once(": ").unwrap_or(("", &line));
    let class = match word {
        "PASS" => " pass",
        "FAIL" => " fail",
        _ => "",
    };
    let mut body = format!(
        "<header class=\"top\">\n<p class=\"kicker\">{} - drill</p>\n<h1>{}</h1>\n\
         <p class=\"question\">{}</p>\n\
         <div class=\"verdict{class}\"><strong>{word}</strong><p>{}</p></div>\n</header>\n<main>\n",
        markup(&base.identity.scenario),
        markup(title(base)),
        markup(&capital(&drill::what(found, base))),
        markup(&capital(sentence)),
    );
    single_points(&mut body, found);
    let lead = "Worst first: by workloads cut off, objectives broken, requests lost, requests delayed. Each row \
                shows the workload that the failure hits most. Carried: its bytes during the failure, of those without \
                it. Lost and delayed are per replication, beside the run \
                without failure of the same seed, \u{b1} half of the 95 % interval; delayed requests end ok, but \
                later than the tightest objective on latency allows. Least free: of the link and window with the \
                least room during the failure. Verdicts are over the whole run, as in any run.";
    put(
        &mut body,
        format_args!(
            "<section><h2>Failures, ranked</h2>\n<p class=\"lead\">{lead}</p>\n{}\
             <p class=\"note\">{}</p>\n</section>\n",
            drill::ranked(found).markup(MOST),
            markup(&drill::untold(found))
        ),
    );
    if !figures.is_empty() {
        body.push_str("<section><h2>What happens</h2>\n");
        figures.iter().for_each(|f| body.push_str(&figure(f)));
        body.push_str("</section>\n");
    }
    let year = drill::year(found);
    if !year.is_empty() {
        let lead = "The sum over the states that were drilled of their long-run probability, by the lives that are \
                    given, x the share of the time outside of the objectives in them. A state that lasts longer \
                    than the drill goes on as the drill's second half; what the failure costs before it is \
                    noticed, and after the repair, counts once.";
        put(
            &mut body,
            format_args!(
                "<section><h2>Minutes a year outside of the objectives</h2>\n<p class=\"lead\">{lead}</p>\n{}\
                 <p class=\"note\">{}</p>\n</section>\n",
                year.markup(MOST),
                markup(&drill::chance(found))
            ),
        );
    }
    let pruned = drill::pruned(found);
    if !pruned.is_empty() {
        put(
            &mut body,
            format_args!(
                "<section><h2>What was not run</h2>\n<p class=\"lead\">{} That changes no answer. Elements \
                 that only look alike (two circuits of one kind) are run each: their draws differ.</p>\n</section>\n",
                markup(&pruned)
            ),
        );
    }
    body.push_str(&sections::limits(base));
    body.push_str(&sections::reproduce(base, command_line, sections::Again::Drill));
    body.push_str("</main>\n");
    body.push_str(&footer(base));
    document(title(base), &body)
}

/// Single failures that harm, one card each.
fn single_points(body: &mut String, found: &DrillResults) {
    let singles = found.drills.iter().filter(|d| d.case.elements.len() == 1).count();
    if singles == 0 {
        return;
    }
    let points: Vec<_> = found.single_points().collect();
    if points.is_empty() {
        let all = plural(singles, "single failure", "single failures");
        put(
            body,
            format_args!(
                "<section><h2>Single points of failure</h2>\n<p class=\"lead\">None: {all} break no objective \
                 and cut nobody off.</p>\n</section>\n"
            ),
        );
        return;
    }
    body.push_str("<section><h2>Single points of failure</h2>\n<ul class=\"cards\">\n");
    for seen in points {
        let hit: Vec<String> = seen
            .workloads
            .iter()
            .filter(|w| w.broken > 0 || w.cut_off)
            .map(|w| format!("{}: {}", w.name, drill::word(w)))
            .collect();
        let free = seen.headroom.as_ref().map_or_else(String::new, |(link, share)| {
            format!("<div class=\"text\">least free: {} of {}</div>", percent(*share), markup(link))
        });
        put(
            body,
            format_args!(
                "<li class=\"card fail\"><span class=\"word\">FAIL</span>\
                 <div class=\"measured\">{}</div><div class=\"text\">{}</div>{free}</li>\n",
                markup(&seen.case.name),
                markup(&hit.join("; "))
            ),
        );
    }
    body.push_str("</ul>\n</section>\n");
}
