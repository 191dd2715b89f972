//! Data files: distribution functions and traces, as CSV with `#` comment lines.

use super::context::Context;
use super::diagnostic::{Diagnostic, Place};
use super::read::Quantity;
use crate::plan::TraceRow;
use crate::units::Span;

/// Most rows of one file.
pub(crate) const MOST_ROWS: usize = 5_000_000;

/// Points of a distribution function from a file with the header `value,cumulative`. Values are
/// quantities with units; the headers `bytes`, `bps` and `ns` allow bare numbers instead.
pub(crate) fn read_cdf<Q: Quantity>(
    path: &str,
    place: Place,
    cx: &Context,
) -> Option<Vec<(f64, f64)>> {
    let bare = match Q::EXPECTED {
        "\"20 kB\"" => "bytes",
        "\"10 Gbps\"" => "bps",
        "20" => "requests",
        _ => "ns",
    };
    let headers = [["value", "cumulative"], [bare, "cumulative"]];
    let mut bare_numbers = false;
    read_rows(path, place, cx, &headers, |header, cells| {
        bare_numbers = header != 0;
        let value = match bare_numbers {
            true => number(cells[0])?,
            false => cells[0].parse::<Q>().map_err(|e| e.to_string())?.base(),
        };
        Ok((value, number(cells[1])?))
    })
}

fn number(cell: &str) -> Result<f64, String> {
    let number: Option<f64> = cell.parse().ok();
    number.filter(|n| n.is_finite()).ok_or_else(|| format!("`{cell}` is no number"))
}

/// A trace with the header `start_s,request_bytes,response_bytes`, in order of start.
pub(crate) fn read_trace(path: &str, place: Place, cx: &Context) -> Option<Vec<TraceRow>> {
    let headers = [["start_s", "request_bytes", "response_bytes"]];
    let mut last = Span::ZERO;
    read_rows(path, place, cx, &headers, |_, cells| {
        let at = format!("{} s", cells[0]).parse::<Span>().map_err(|e| e.to_string())?;
        if at < last {
            return Err("starts must not go back".to_owned());
        }
        last = at;
        let [request, response] = [message(cells[1])?, message(cells[2])?];
        Ok(TraceRow { at, request, response })
    })
}

/// Bytes of a message: whole, and few enough to be exact as a double.
fn message(cell: &str) -> Result<u64, String> {
    let bytes: u64 = cell.parse().map_err(|_| format!("`{cell}` is no whole number"))?;
    match bytes < 1 << 53 {
        true => Ok(bytes),
        false => Err(format!("`{cell}` is more than 9 PB")),
    }
}

/// Reads rows below one of the allowed headers. A bad row ends the reading: later ones are likely
/// bad for the same reason.
fn read_rows<T, const N: usize>(
    path: &str,
    place: Place,
    cx: &Context,
    headers: &[[&str; N]],
    mut row: impl FnMut(usize, [&str; N]) -> Result<T, String>,
) -> Option<Vec<T>> {
    let file = cx.file(path, place)?;
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(file.text.as_bytes());
    let mut rows = Vec::new();
    let mut header = None;
    let complain = |at: u64, why: String| {
        let line = line_place(&file.text, at, file.source);
        let message = format!("the data file `{path}` cannot be used");
        let complaint = Diagnostic::error("data-file", line, message).label(why);
        cx.complain(complaint.also(place, "named here"));
    };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                complain(error.position().map_or(1, csv::Position::line), error.to_string());
                return None;
            }
        };
        let line = record.position().map_or(1, csv::Position::line);
        let mut cells = [""; N];
        let fits = record.len() == N;
        for (cell, text) in cells.iter_mut().zip(&record) {
            *cell = text;
        }
        let Some(known) = header else {
            header = headers.iter().position(|h| fits && *h == cells);
            if header.is_none() {
                let allowed: Vec<_> = headers.iter().map(|h| h.join(",")).collect();
                complain(line, format!("the header must be {}", allowed.join(" or ")));
                return None;
            }
            continue;
        };
        let parsed = match fits {
            true => row(known, cells),
            false => Err(format!("expected {N} cells, found {}", record.len())),
        };
        match parsed {
            Ok(value) if rows.len() < MOST_ROWS => rows.push(value),
            Ok(_) => {
                complain(line, format!("more than {MOST_ROWS} rows"));
                return None;
            }
            Err(why) => {
                complain(line, why);
                return None;
            }
        }
    }
    if rows.is_empty() {
        complain(1, "there are no rows".to_owned());
        return None;
    }
    Some(rows)
}

/// The place of a whole line, counted from 1.
#[expect(clippy::cast_possible_truncation, reason = "a data file is at most 64 MiB")]
fn line_place(text: &str, line: u64, source: u32) -> Place {
    let mut start = 0;
    for _ in 1..line {
        start += text[start..].find('\n').map_or(text.len() - start, |i| i + 1);
    }
    let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    Place { source, start: start as u32, end: end as u32 }
}
