//! Numbers as people read them. No locale: a point for decimals, a comma for thousands.

/// Nanoseconds in a minute, and so on.
pub(crate) const MIN: f64 = 60e9;
const HOUR: f64 = 3_600e9;

/// Decimals that show `x` with three significant digits: 231, 23.1, 2.31, 0.231.
pub(crate) fn decimals3(x: f64) -> usize {
    match x.abs() {
        x if x >= 99.95 => 0,
        x if x >= 9.995 => 1,
        x if x >= 0.9995 || x == 0.0 => 2,
        _ => 3,
    }
}

/// Three significant digits, trailing zeros kept so that columns compare.
pub(crate) fn sig3(x: f64) -> String {
    if x == 0.0 { "0".into() } else { format!("{x:.*}", decimals3(x)) }
}

/// `x` with at most `decimals`, trailing zeros cut, no `-0`.
pub(crate) fn plain(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    if text == "-0" { "0".into() } else { text.into() }
}

/// 1234567 as `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count per replication, which need not be whole: `1,234.5`, `12.5`, `3`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, for people")]
pub(crate) fn mean_count(x: f64) -> String {
    if x >= 100.0 { count(libm::round(x) as u64) } else { plain(x, 1) }
}

/// The unit of a latency of `ns` and how many ns it has.
pub(crate) fn span_unit(ns: f64) -> (f64, &'static str) {
    match ns.abs() {
        x if x < 999.5 => (1.0, "ns"),
        x if x < 999.5e3 => (1e3, "µs"),
        x if x < 999.5e6 => (1e6, "ms"),
        x if x < 120e9 => (1e9, "s"),
        x if x < 120.0 * MIN => (MIN, "min"),
        _ => (HOUR, "h"),
    }
}

/// The unit of a rate of `bps` and how many bit/s it has.
pub(crate) fn rate_unit(bps: f64) -> (f64, &'static str) {
    match bps.abs() {
        x if x < 999.5 => (1.0, "bps"),
        x if x < 999.5e3 => (1e3, "kbps"),
        x if x < 999.5e6 => (1e6, "Mbps"),
        x if x < 999.5e9 => (1e9, "Gbps"),
        _ => (1e12, "Tbps"),
    }
}

fn in_unit(x: f64, (factor, unit): (f64, &str)) -> String {
    let x = x / factor;
    if unit == "ns" || unit == "bps" {
        format!("{} {unit}", plain(x, 0))
    } else {
        format!("{} {unit}", sig3(x))
    }
}

/// A latency in ns: `2.31 ms`.
pub(crate) fn span(ns: f64) -> String {
    if ns == 0.0 {
        return "0 s".into();
    }
    in_unit(ns, span_unit(ns))
}

/// A rate in bit/s: `4.21 Gbps`.
pub(crate) fn rate(bps: f64) -> String {
    in_unit(bps, rate_unit(bps))
}

/// A value and its half-width in one unit: `2.31 ± 0.04 ms`; one digit more where the half-width
/// would vanish.
pub(crate) fn with_half(x: f64, half: Option<f64>, (factor, unit): (f64, &str)) -> String {
    let Some(half) = half else { return in_unit(x, (factor, unit)) };
    let (x, half) = (x / factor, half / factor);
    let mut digits = decimals3(x);
    if x == 0.0 && half == 0.0 {
        digits = 0;
    }
    let text = format!("{half:.digits$}");
    if half > 0.0 && text.bytes().all(|b| b == b'0' || b == b'.') {
        let least = if digits == 0 { "1".to_owned() } else { format!("0.{:0>digits$}", 1) };
        return format!("{x:.digits$} ± <{least} {unit}");
    }
    format!("{x:.digits$} ± {text} {unit}")
}

/// A length of time that is a setting: `2 h`, `1 h 30 min`, `90 s`, `250 ms`.
pub(crate) fn setting(ns: u64) -> String {
    const UNITS: [(u64, &str); 7] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "µs"),
        (1, "ns"),
    ];
    let mut rest = ns;
    let mut parts = Vec::new();
    for (factor, unit) in UNITS {
        if rest >= factor && parts.len() < 2 {
            parts.push(format!("{} {unit}", rest / factor));
            rest %= factor;
        }
    }
    if parts.is_empty() { "0 s".into() } else { parts.join(" ") }
}

/// A share as per cent with one decimal: `97.3 %`. Only exactly 1 is `100 %`, only 0 is `0 %`.
pub(crate) fn percent(share: f64) -> String {
    if share == 0.0 {
        return "0 %".into();
    }
    if share == 1.0 {
        return "100 %".into();
    }
    let text = format!("{:.1}", share * 100.0);
    match text.as_str() {
        "0.0" => "<0.1 %".into(),
        "100.0" if share < 1.0 => ">99.9 %".into(),
        _ => format!("{text} %"),
    }
}

/// Decimals at which an availability still shows two digits of what is missing, 2 to 6.
fn availability_decimals(share: f64) -> usize {
    let mut missing = (1.0 - share) * 100.0;
    let mut decimals = 2;
    while decimals < 6 && missing > 0.0 && missing < 0.1 {
        missing *= 10.0;
        decimals += 1;
    }
    decimals
}

/// An availability, never rounded up to 100 %: `99.63 %`, `99.9987 %`.
pub(crate) fn availability(share: f64, half: Option<f64>) -> String {
    let digits = availability_decimals(share);
    let text = if share == 1.0 {
        "100".to_owned()
    } else {
        let shown = format!("{:.digits$}", share * 100.0);
        if shown.starts_with("100") { ">99.999999".to_owned() } else { shown }
    };
    match half {
        Some(half) if half > 0.0 => {
            let shown = format!("{:.digits$}", half * 100.0);
            if shown.bytes().all(|b| b == b'0' || b == b'.') {
                format!("{text} ± <0.{:0>digits$} %", 1)
            } else {
                format!("{text} ± {shown} %")
            }
        }
        _ => format!("{text} %"),
    }
}

/// Columns of a terminal that a text takes: East Asian wide characters take two, marks none.
pub(crate) fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x0300..=0x036f => 0,
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0x1f300..=0x1faff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

/// Cuts a text in its middle so that it takes at most `most` columns.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.into();
    }
    let most = most.max(3);
    cut(text, most, most / 2)
}

/// The first `front` columns of a text and as many of its last as fit into `most`.
fn cut(text: &str, most: usize, front: usize) -> String {
    let (mut head, mut tail) = (String::new(), String::new());
    for c in text.chars() {
        if columns(&head) + columns(c.encode_utf8(&mut [0; 4])) > front {
            break;
        }
        head.push(c);
    }
    for c in text.chars().rev() {
        if columns(&tail) + columns(c.encode_utf8(&mut [0; 4])) + columns(&head) + 1 > most {
            break;
        }
        tail.insert(0, c);
    }
    format!("{head}…{tail}")
}

/// [`shorten`] for names that stand below each other: what differs stays different, if some place of
/// the cut allows for it, the nearest to the middle; none if no place does.
pub(crate) fn shorten_apart(texts: &[&str], most: usize) -> Option<Vec<String>> {
    let different = texts.iter().collect::<std::collections::BTreeSet<_>>().len();
    let most = most.max(3);
    let mut fronts: Vec<usize> = (0..most).collect();
    fronts.sort_by_key(|front| front.abs_diff(most / 2));
    let shortened = fronts.into_iter().map(|front| -> Vec<String> {
        let one = |text: &&str| match columns(text) <= most {
            true => (*text).to_owned(),
            false => cut(text, most, front),
        };
        texts.iter().map(one).collect()
    });
    let mut apart = shortened
        .filter(|short| short.iter().collect::<std::collections::BTreeSet<_>>().len() == different);
    apart.next()
}

/// `1 run`, `3 runs`.
pub(crate) fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits() {
        for (x, text) in [(231.4, "231"), (23.14, "23.1"), (2.314, "2.31"), (0.2314, "0.231")] {
            assert_eq!(sig3(x), text);
        }
        // 9.996 would print as 10.00 with the digits of 9.99.
        assert_eq!(
            (sig3(9.996), sig3(99.96), sig3(0.0)),
            ("10.0".into(), "100".into(), "0".into())
        );
    }

    #[test]
    fn spans_and_rates() {
        assert_eq!(span(2_310_000.0), "2.31 ms");
        assert_eq!(span(999_600.0), "1.00 ms");
        assert_eq!(span(850.0), "850 ns");
        assert_eq!(span(95e9), "95.0 s");
        assert_eq!(span(150.0 * MIN), "2.50 h");
        assert_eq!(rate(4.2e9), "4.20 Gbps");
        assert_eq!(rate(0.0), "0 bps");
        assert_eq!(setting(5_400_000_000_000), "1 h 30 min");
        assert_eq!(setting(250_000_000), "250 ms");
        assert_eq!(setting(0), "0 s");
    }

    #[test]
    fn half_widths_share_the_unit() {
        let unit = span_unit(2.31e6);
        assert_eq!(with_half(2.31e6, Some(4e4), unit), "2.31 ± 0.04 ms");
        assert_eq!(with_half(231e6, Some(4e4), unit), "231 ± <1 ms");
        assert_eq!(with_half(2.31e6, Some(4e2), unit), "2.31 ± <0.01 ms");
        assert_eq!(with_half(2.31e6, Some(0.0), unit), "2.31 ± 0.00 ms");
        assert_eq!(with_half(2.31e6, None, unit), "2.31 ms");
    }

    #[test]
    fn availabilities_never_round_up_to_all() {
        assert_eq!(availability(0.9963, None), "99.63 %");
        assert_eq!(availability(0.999_987, None), "99.9987 %");
        assert_eq!(availability(1.0, Some(0.0)), "100 %");
        assert_eq!(availability(0.999_999_999_9, None), ">99.999999 %");
        assert_eq!(availability(0.9963, Some(0.0002)), "99.63 ± 0.02 %");
        assert_eq!(percent(0.99999), ">99.9 %");
        assert_eq!(percent(0.00001), "<0.1 %");
    }

    #[test]
    fn counts_and_widths() {
        assert_eq!(
            (count(0), count(999), count(1_234_567)),
            ("0".into(), "999".into(), "1,234,567".into())
        );
        assert_eq!(columns("東京 a"), 6);
        assert_eq!(shorten("workload.very.long.name", 11), "workl….name");
        assert_eq!(columns(&shorten(&"東".repeat(20), 11)), 11);
        let apart = |texts: &[&str], most| shorten_apart(texts, most).map(|t| t.join(" "));
        let ways = ["circuit.east-1-forward", "circuit.west-1-forward"];
        assert_eq!(apart(&ways, 17).unwrap(), "circuit.e…forward circuit.w…forward");
        // Nine of the end are as good as all of it.
        assert_eq!(apart(&ways, 3), None);
        assert_eq!(apart(&["aaaaaaaa", "aaaaaaaa", "b"], 3).unwrap(), "a…a a…a b");
    }
}
