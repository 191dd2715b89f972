//! The text for stdout: the verdict first, then what explains it.

use super::alerts;
use super::escape::terminal;
use super::findings::{self, Verdict};
use super::format::{columns, plural, setting};
use super::table::Table;
use super::tables;
use crate::measure::Results;

/// Rows of a table before "and n more".
const MOST: usize = 12;

/// The results as text of at most `width` columns (60 or more), ending in a line break.
///
/// The first line is the verdict with the worst objective and the tightest limit. No colours, no
/// control characters: names are escaped.
///
/// ```
/// use highwater::measure::Results;
/// let text = highwater::report::summary(&Results::default(), 100);
/// assert!(text.starts_with("NO OBJECTIVES"));
/// ```
pub fn summary(results: &Results, width: usize) -> String {
    let width = width.max(60);
    let mut out = wrapped(&verdict_line(results), width, 6);
    out.push('\n');
    if !results.identity.title.is_empty() {
        out.push_str(&wrapped(&terminal(&results.identity.title), width, 2));
    }
    out.push_str(&wrapped(&identity_line(results), width, 2));
    section(&mut out, "Traffic, per replication", &tables::traffic(results), width);
    section(&mut out, &latency_title(results), &tables::latency(results, width > 110), width);
    let jobs = "Jobs and their stages, per replication; time from the start, or from being ready";
    section(&mut out, jobs, &tables::jobs(results), width);
    section(&mut out, "Errors, per replication", &tables::errors(results), width);
    section(&mut out, "What held flows back", &tables::binding(results), width);
    section(&mut out, findings::events(results), &tables::faults(results), width);
    let random = "Random outages, per replication";
    section(&mut out, random, &tables::outages(results), width);
    let states = "States, mean time per replication";
    section(&mut out, states, &tables::states(results), width);
    let gaps = "Gaps between what failed and what its users believed, median / longest";
    let of_gaps = tables::gaps(results);
    section(&mut out, gaps, &columns_of(&of_gaps, [0, 1, 3, 4, 5, 6]), width);
    let recoveries = tables::recoveries(results);
    let off = "Recovery by workload, median / longest";
    // The selector is in the next table, too, which has room for it.
    let told_apart = columns_of(&recoveries, [0, 2, 3]);
    let selectors = if told_apart.has_repeats() { 0..2 } else { 0..1 };
    section(&mut out, off, &columns_of(&recoveries, selectors.chain(2..9)), width);
    let who = "Requests that failed on the way, by who caught them, per replication";
    section(&mut out, who, &columns_of(&recoveries, (0..4).chain(9..13)), width);
    let told = "Alerts, per replication";
    section(&mut out, told, &columns_of(&alerts::levels(results), [0, 2, 3, 4, 5, 6, 7]), width);
    let leads = "Lead of alerts on broken objectives, in replications";
    section(&mut out, leads, &alerts::lead_times(results), width);
    section(&mut out, "Links, fullest window first", &tables::links(results), width);
    let pools = "Pools, counters per replication";
    section(&mut out, pools, &tables::pools(results), width);
    let stations = "Stations, counters per replication";
    section(&mut out, stations, &tables::stations(results), width);
    let scalers = "Instances that come and go, counters per replication";
    section(&mut out, scalers, &tables::scalers(results), width);
    transfers(&mut out, results, width);
    notices(&mut out, results, width);
    out
}

/// Some columns of a table: the terminal is narrow.
fn columns_of(table: &Table, columns: impl IntoIterator<Item = usize>) -> Table {
    let columns: Vec<usize> = columns.into_iter().collect();
    let of = |row: &Vec<String>| columns.iter().filter_map(|i| row.get(*i).cloned()).collect();
    Table {
        head: of(&table.head),
        left: columns.iter().filter(|i| **i < table.left).count(),
        rows: table.rows.iter().map(of).collect(),
    }
}

/// The verdict, the worst objective and the tightest limit, as one sentence.
pub(crate) fn verdict_line(results: &Results) -> String {
    let verdict = Verdict::of(results);
    let mut line = match verdict {
        Verdict::NoObjectives => "NO OBJECTIVES: nothing to pass or fail".to_owned(),
        Verdict::Pass(1) => "PASS: the objective is met".to_owned(),
        Verdict::Pass(n) => format!("PASS: all {n} objectives met"),
        Verdict::Fail { missed, of } => {
            format!("FAIL: {missed} of {} missed", plural(of, "objective", "objectives"))
        }
    };
    if let Some((w, o)) = findings::worst(results) {
        let which = if verdict == Verdict::Pass(1) { "" } else { "worst: " };
        line.push_str(&format!("; {which}{} {} (measured {})", w.name, o.text, o.measured));
    }
    if let Some(limit) = findings::tightest(results) {
        line.push_str(&format!("; tightest limit: {limit}"));
    }
    terminal(&line)
}

/// What was run, in one line.
pub(crate) fn identity_line(results: &Results) -> String {
    let (id, s) = (&results.identity, &results.settings);
    let warmup = match s.warmup_ns {
        0 => "no warm-up".into(),
        ns => format!("warm-up {}", setting(ns)),
    };
    terminal(&format!(
        "{} ({}): {} of {}, {warmup}, seed {}, highwater {}",
        id.scenario,
        id.scenario_hash,
        plural(s.replications.len(), "replication", "replications"),
        setting(s.horizon_ns),
        id.seed,
        id.version
    ))
}

fn latency_title(results: &Results) -> String {
    let interval = match results.settings.replications.len() {
        0 | 1 => "one replication: no interval".to_owned(),
        n => format!("95 % interval, t over {n} replications"),
    };
    format!("Latency of ok requests from their intended start ({interval})")
}

fn section(out: &mut String, title: &str, table: &Table, width: usize) {
    if table.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}\n"));
    let mut table = table.clone();
    let more = table.rows.len().saturating_sub(MOST);
    table.rows.truncate(MOST);
    out.push_str(&table.text(width));
    if more > 0 {
        out.push_str(&format!("  and {more} more in the files\n"));
    }
}

/// How connections carry bytes: percentiles of short transfers depend on it.
fn transfers(out: &mut String, results: &Results, width: usize) {
    let lines = findings::transfers(results);
    if lines.is_empty() {
        return;
    }
    out.push_str("\nTransfers: fluid and loss-free\n");
    for line in lines.iter().take(MOST) {
        out.push_str(&wrapped(&format!("  {}", terminal(line)), width, 4));
    }
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        out.push_str(&format!("  and {more} more in the report\n"));
    }
}

fn notices(out: &mut String, results: &Results, width: usize) {
    if results.notices.is_empty() {
        return;
    }
    out.push_str("\nWarnings and notes\n");
    for n in results.notices.iter().take(MOST) {
        let line = format!("  {} {} {}: {}", n.severity, n.code, n.place, n.text);
        out.push_str(&wrapped(&terminal(&line), width, 4));
    }
    let more = results.notices.len().saturating_sub(MOST);
    if more > 0 {
        out.push_str(&format!("  and {more} more in the report\n"));
    }
}

/// Breaks a line at spaces; what follows is indented. Longer words are cut hard.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let margin: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut out = margin.clone();
    let mut used = margin.len();
    let mut fresh = true;
    for word in text.split_whitespace() {
        let mut word = word;
        if !fresh && used + 1 + columns(word) > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            (used, fresh) = (indent, true);
        }
        if !fresh {
            out.push(' ');
            used += 1;
        }
        while used + columns(word) > width {
            let room = width - used;
            let mut cut = 0;
            for (i, c) in word.char_indices() {
                if columns(&word[..i + c.len_utf8()]) > room {
                    break;
                }
                cut = i + c.len_utf8();
            }
            out.push_str(&word[..cut]);
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = indent;
            word = &word[cut..];
        }
        out.push_str(word);
        used += columns(word);
        fresh = false;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrapped("one two three", 8, 2), "one two\n  three\n");
        assert_eq!(wrapped("abcdefghij", 6, 2), "abcdef\n  ghij\n");
        assert_eq!(wrapped("", 10, 2), "\n");
    }

    #[test]
    fn nothing_at_all_is_still_a_text() {
        let text = summary(&Results::default(), 0);
        assert!(text.starts_with("NO OBJECTIVES"), "{text}");
        assert!(text.contains("0 replications of 0 s"), "{text}");
    }
}
