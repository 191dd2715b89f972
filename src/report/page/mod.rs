//! `report.html`: one self-contained file, without script or outside address.

pub(crate) mod drill;
mod sections;

use std::fmt::Write as _;

use super::charts::Figure;
use super::escape::markup;
use super::findings::Verdict;
use super::format::{plural, setting};
use super::summary::verdict_line;
use super::tables;
use crate::measure::{Results, Validation};

const STYLE: &str = include_str!("style.css");

/// Rows of a table behind a chart; the CSV file has all.
const MOST_ROWS: usize = 60;

/// The page of some results.
pub(crate) fn page(results: &Results, figures: &[Figure], command_line: &[String]) -> String {
    let mut body = header(results, command_line);
    body.push_str("<main>\n");
    body.push_str(&sections::workloads(results));
    if !figures.is_empty() {
        body.push_str("<section><h2>What happened</h2>\n");
        figures.iter().for_each(|f| body.push_str(&figure(f)));
        body.push_str("</section>\n");
    }
    body.push_str(&sections::faults(results));
    body.push_str(&sections::outages(results));
    body.push_str(&sections::alerts(results));
    body.push_str(&sections::binding(results));
    body.push_str(&sections::resources(results));
    body.push_str(&sections::notices(results));
    body.push_str(&sections::assumptions(results));
    body.push_str(&sections::limits(results));
    body.push_str(&sections::reproduce(results, command_line, sections::Again::Run));
    body.push_str("</main>\n");
    body.push_str(&footer(results));
    document(title(results), &body)
}

/// A whole document around a body; the policy forbids scripts and every outside address.
pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} - highwater</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
         </body>\n</html>\n",
        markup(title)
    )
}

fn title(r: &Results) -> &str {
    if r.identity.title.is_empty() { &r.identity.scenario } else { &r.identity.title }
}

/// Scenario, question, verdict and its cards, identity.
fn header(r: &Results, command_line: &[String]) -> String {
    let (id, s) = (&r.identity, &r.settings);
    let verdict = Verdict::of(r);
    let class = match verdict {
        Verdict::NoObjectives => "",
        Verdict::Pass(_) => " pass",
        Verdict::Fail { .. } => " fail",
    };
    let line = verdict_line(r);
    let sentence = line.split_once(": ").map_or(line.as_str(), |l| l.1);
    let mut out = format!(
        "<header class=\"top\">\n<p class=\"kicker\">{}</p>\n<h1>{}</h1>\n",
        markup(&id.scenario),
        markup(title(r))
    );
    if !id.description.is_empty() {
        // Line breaks of the description are kept by the style; other controls are escaped.
        let lines: Vec<String> = id.description.trim().lines().map(markup).collect();
        put(&mut out, format_args!("<p class=\"question\">{}</p>\n", lines.join("\n")));
    }
    put(
        &mut out,
        format_args!(
            "<div class=\"verdict{class}\"><strong>{}</strong><p>{}</p></div>\n",
            verdict.word(),
            markup(&capital(sentence))
        ),
    );
    out.push_str(&cards(r));
    let warmup = if s.warmup_ns == 0 { "none".into() } else { setting(s.warmup_ns) };
    let seed = id.seed.to_string();
    let facts = [
        ("Simulated time", setting(s.horizon_ns)),
        ("Replications", s.replications.len().to_string()),
        ("Warm-up, not counted", warmup),
        (
            "Windows",
            plural(super::findings::windows(s), "window", "windows")
                + " of "
                + &setting(s.window_ns),
        ),
        ("Seed", seed),
        ("Scenario hash", id.scenario_hash.clone()),
        ("highwater", id.version.clone()),
    ];
    out.push_str("<dl class=\"facts\">\n");
    for (name, value) in facts {
        put(&mut out, format_args!("<div><dt>{name}</dt><dd>{}</dd></div>\n", markup(&value)));
    }
    if !command_line.is_empty() {
        let command = markup(&sections::shell_line(command_line));
        put(
            &mut out,
            format_args!(
                "<div class=\"wide\"><dt>Command</dt><dd><code>{command}</code></dd></div>\n"
            ),
        );
    }
    out.push_str("</dl>\n</header>\n");
    out
}

/// One card per objective, the missed ones first; a word and a colour.
fn cards(r: &Results) -> String {
    let list = tables::objectives(r);
    if list.is_empty() {
        return String::new();
    }
    let mut out = String::from("<ul class=\"cards\">\n");
    for (w, o) in list {
        let (class, word) = if o.met { ("pass", "PASS") } else { ("fail", "FAIL") };
        put(
            &mut out,
            format_args!(
                "<li class=\"card {class}\"><span class=\"word\">{word}</span> \
                 <span class=\"who\">{}</span><div class=\"measured\">{}</div>\
                 <div class=\"text\">{}</div></li>\n",
                markup(&w.name),
                markup(&o.measured),
                markup(&o.text)
            ),
        );
    }
    out.push_str("</ul>\n");
    out
}

/// A chart: its finding, the drawing, how to read it, and its table.
pub(crate) fn figure(f: &Figure) -> String {
    let table = if f.table.is_empty() {
        String::new()
    } else {
        format!(
            "<details><summary>The numbers as a table</summary>\n{}</details>\n",
            f.table.markup(MOST_ROWS)
        )
    };
    format!(
        "<figure id=\"figure-{name}\">\n<h3>{finding}</h3>\n{svg}<figcaption>{reading} \
         File: <code>{csv}</code>, picture: <code>charts/{name}.svg</code>.</figcaption>\n{table}\
         </figure>\n",
        name = markup(&f.name),
        finding = markup(&f.finding),
        svg = f.inline,
        reading = markup(&f.reading),
        csv = f.csv,
    )
}

fn footer(r: &Results) -> String {
    format!(
        "<footer>Made by highwater {}. This page holds no script and loads \
         nothing.</footer>\n",
        markup(&r.identity.version)
    )
}

/// The page of a validation: verdict, chart, table, and what it does not show.
pub(crate) fn validation(found: &Validation, chart: &Figure, command_line: &[String]) -> String {
    let line = super::validation::verdict_line(found);
    let (word, sentence) = line.split_once(": ").unwrap_or(("", &line));
    let mut body = format!(
        "<header class=\"top\">\n<p class=\"kicker\">validate</p>\n\
         <h1>Can I trust the numbers?</h1>\n\
         <div class=\"verdict {}\"><strong>{word}</strong><p>{}</p></div>\n\
         <p class=\"question\">{}.</p>\n</header>\n<main>\n",
        if found.agrees() { "pass" } else { "fail" },
        markup(&capital(sentence)),
        markup(&super::validation::identity_line(found)),
    );
    put(&mut body, format_args!("<section><h2>Deviations</h2>\n{}</section>\n", figure(chart)));
    let table = chart.table.markup(chart.table.rows.len());
    put(&mut body, format_args!("<section><h2>All comparisons</h2>\n{table}</section>\n"));
    let mut sources = super::table::Table::new(2, ["case", "theory by"]);
    for case in found.rows.chunk_by(|a, b| a.case == b.case) {
        sources.row([case[0].case.clone(), case[0].source.clone()]);
    }
    let sources = sources.markup(sources.rows.len());
    put(&mut body, format_args!("<section><h2>Sources</h2>\n{sources}</section>\n"));
    put(
        &mut body,
        format_args!(
            "<section><h2>What this does not show</h2>\n<p class=\"lead\">Exactness of the engine is \
             not validity of the model. These rows say that the program computes what the model \
             says; they do not say that your network behaves like the model. Packets, losses, \
             buffers and the provider's unpublished numbers are in none of them: compare one \
             measured week of your own circuit with a run, and state the error.</p>\n\
             <p class=\"lead\">With the default seed the table is the same on every machine. With \
             another one, a stochastic row may miss by chance: once in 10,000 by the level of \
             its interval, more often where values are skewed and few.</p>\n\
             </section>\n"
        ),
    );
    let command = markup(&sections::shell_line(command_line));
    put(
        &mut body,
        format_args!(
            "<section><h2>How to reproduce this</h2>\n<pre>{command}</pre>\n</section>\n\
             </main>\n<footer>Made by highwater {}. This page holds no script and loads \
             nothing.</footer>\n",
            markup(&found.version)
        ),
    );
    document("Validation", &body)
}

/// A sentence's first letter as a capital.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Appends formatted markup.
pub(crate) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String");
}

/// The page of a comparison: verdict, charts, table.
pub(crate) fn comparison(
    it: &super::compare::Compared,
    figures: &[Figure],
    command_line: &[String],
) -> String {
    let mut body = format!(
        "<header class=\"top\">\n<p class=\"kicker\">{}</p>\n<h1>{}</h1>\n{}</header>\n<main>\n",
        markup(&it.a.identity.scenario),
        markup(&super::compare::verdict(it)),
        super::compare::names(it),
    );
    figures.iter().for_each(|f| body.push_str(&figure(f)));
    let table = super::compare::table(it);
    put(
        &mut body,
        format_args!(
            "<section><h2>All differences</h2>\n{}<p class=\"lead\">{}</p>\n</section>\n",
            table.markup(table.rows.len()),
            markup(&super::compare::reading(it)),
        ),
    );
    if let (Some((a, b)), Some(line)) = (&it.cost, super::compare::cost_line(it)) {
        put(
            &mut body,
            format_args!(
                "<section><h2>Cost</h2>\n<p class=\"lead\">{}.</p>\n<h3>A</h3>\n{}<h3>B</h3>\n{}</section>\n",
                markup(&line),
                super::cost::table(a).markup(200),
                super::cost::table(b).markup(200),
            ),
        );
    }
    body.push_str(&sections::limits(&it.a));
    let command = markup(&sections::shell_line(command_line));
    put(
        &mut body,
        format_args!("<section><h2>How to reproduce this</h2>\n<pre>{command}</pre>\n</section>\n"),
    );
    body.push_str("</main>\n");
    body.push_str(&footer(&it.a));
    document(title(&it.a), &body)
}

/// The page of a plan: answer, growth, upgrades, what was tried.
pub(crate) fn plan(
    it: &super::plan::Planned,
    figures: &[Figure],
    command_line: &[String],
) -> String {
    let mut body = format!(
        "<header class=\"top\">\n<p class=\"kicker\">{}</p>\n<h1>{}</h1>\n<p class=\"question\">{}</p>\n",
        markup(&it.base.identity.scenario),
        markup(&it.answer),
        markup(&capital(&it.question)),
    );
    for line in it.growth.iter().flat_map(super::plan::GrowthSeen::sentences) {
        put(&mut body, format_args!("<p class=\"question\">{}</p>\n", markup(&line)));
    }
    body.push_str("</header>\n<main>\n");
    figures.iter().for_each(|f| body.push_str(&figure(f)));
    if !it.upgrades.is_empty() {
        let table = super::plan::upgrades(it);
        put(
            &mut body,
            format_args!(
                "<section><h2>Which upgrade first?</h2>\n<p class=\"lead\">{}.</p>\n{}</section>\n",
                super::plan::UPGRADES,
                table.markup(table.rows.len()),
            ),
        );
    }
    if let Some(cost) = &it.cost {
        let table = super::cost::table(cost).markup(200);
        put(
            &mut body,
            format_args!("<section><h2>Cost a month, as it is</h2>\n{table}</section>\n"),
        );
    }
    let tried = super::plan::tried(it);
    if !tried.is_empty() {
        let tried = tried.markup(tried.rows.len());
        put(&mut body, format_args!("<section><h2>What was tried</h2>\n{tried}</section>\n"));
    }
    body.push_str(&sections::limits(&it.base));
    let command = markup(&sections::shell_line(command_line));
    put(
        &mut body,
        format_args!("<section><h2>How to reproduce this</h2>\n<pre>{command}</pre>\n</section>\n"),
    );
    body.push_str("</main>\n");
    body.push_str(&footer(&it.base));
    document(title(&it.base), &body)
}

/// The page of a sweep: its charts and one table of all points.
pub(crate) fn sweep(
    first: &Results,
    points: usize,
    [table, effects]: &[super::table::Table; 2],
    figures: &[Figure],
    command_line: &[String],
) -> String {
    let mut body = format!(
        "<header class=\"top\">\n<p class=\"kicker\">{}</p>\n<h1>{}</h1>\n\
         <p class=\"question\">A sweep of {}, {} each.</p>\n</header>\n<main>\n",
        markup(&first.identity.scenario),
        markup(title(first)),
        plural(points, "point", "points"),
        plural(first.settings.replications.len(), "replication", "replications"),
    );
    figures.iter().for_each(|f| body.push_str(&figure(f)));
    if !effects.is_empty() {
        let effects = effects.markup(200);
        put(
            &mut body,
            format_args!(
                "<section><h2>Main effects</h2>\n<p class=\"lead\">Mean p99 over all points with a \
                 value, and how far that is from the mean over all points.</p>\n{effects}</section>\n"
            ),
        );
    }
    put(&mut body, format_args!("<section><h2>All points</h2>\n{}</section>\n", table.markup(200)));
    body.push_str(&sections::limits(first));
    body.push_str(&sections::reproduce(first, command_line, sections::Again::Sweep));
    body.push_str("</main>\n");
    body.push_str(&footer(first));
    document(title(first), &body)
}
