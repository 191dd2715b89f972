//! Single values: quantities, numbers, dates, texts.

use std::str::FromStr;

use super::context::{Context, wrong_type};
use super::diagnostic::{Diagnostic, nearest};
use super::tree::{Node, Value};
use crate::units::{Bytes, ParseQuantityError, Rate, Ratio, Span};

/// Something that one value of a scenario can be.
pub(crate) trait Read: Sized {
    /// An example, as written in a scenario.
    const EXPECTED: &'static str;
    /// Reads, or complains and gives nothing.
    fn read(node: &Node, cx: &Context) -> Option<Self>;
}

/// A quantity with a unit.
pub(crate) trait Quantity: Read + FromStr<Err = ParseQuantityError> + Copy {
    /// What it is, with an article.
    const WHAT: &'static str;
    /// The amount in base units: bit/s, bytes, nanoseconds.
    fn base(self) -> f64;
    /// An amount in base units as people write it.
    fn spell(base: f64) -> String;
}

/// A quantity above zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Above0<Q>(pub(crate) Q);

/// A number of events per second, written `"200/s"`, `"12/min"` or `"3/h"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PerSecond(pub(crate) f64);

/// A factor that is finite and not negative: `1.2`, or `"120 %"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Factor(pub(crate) f64);

/// A share: 0..=1, or `"95 %"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share(pub(crate) f64);

/// A calendar day, in the order of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) u16, pub(crate) u8, pub(crate) u8);

/// A time of day, since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeOfDay(pub(crate) Span);

macro_rules! quantity {
    ($($type:ident, $what:literal, $example:literal, $base:expr, $of:expr;)*) => {$(
        impl Read for $type {
            const EXPECTED: &'static str = $example;
            fn read(node: &Node, cx: &Context) -> Option<Self> {
                read_quantity(node, cx, $what, $example)
            }
        }
        impl Quantity for $type {
            const WHAT: &'static str = $what;
            fn base(self) -> f64 {
                let base: fn(Self) -> u64 = $base;
                #[expect(clippy::cast_precision_loss, reason = "distributions are of f64")]
                let base = base(self) as f64;
                base
            }
            fn spell(base: f64) -> String {
                let of: fn(u64) -> Self = $of;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a spelling; saturates"
                )]
                let value = of(base as u64);
                value.to_string()
            }
        }
    )*};
}

quantity! {
    Bytes, "an amount of data", "\"20 kB\"", Bytes::get, Bytes::new;
    Rate, "a bandwidth", "\"10 Gbps\"", Rate::bps, Rate::from_bps;
    Span, "a time", "\"250 ms\"", Span::nanos, Span::from_nanos;
}

fn read_quantity<Q: FromStr<Err = ParseQuantityError>>(
    node: &Node,
    cx: &Context,
    what: &str,
    example: &str,
) -> Option<Q> {
    match &node.value {
        Value::Text(text) => match text.parse() {
            Ok(value) => return Some(value),
            Err(error) => cx.complain(not_a_quantity(node, text, what, example, &error)),
        },
        Value::Integer(_) | Value::Float(_) => {
            let written = cx.written(node.place);
            let message = format!("{what} needs a unit, found the bare number `{written}`");
            cx.complain(
                Diagnostic::error("unit", node.place, message)
                    .label("the unit is missing")
                    .help(format!("write it as a string with its unit, such as {example}")),
            );
        }
        _ => cx.complain(wrong_type(node, &format!("{what} such as {example}"))),
    }
    None
}

/// The unit that was probably meant: the same in other letters, a usual other name, or, of two
/// letters and more, one that is nearly the same.
fn unit_meant<'a>(unit: &str, allowed: &'a str) -> Option<&'a str> {
    const NAMES: [(&str, &str); 17] = [
        ("m", "min"),
        ("mins", "min"),
        ("minute", "min"),
        ("minutes", "min"),
        ("sec", "s"),
        ("secs", "s"),
        ("second", "s"),
        ("seconds", "s"),
        ("hr", "h"),
        ("hrs", "h"),
        ("hour", "h"),
        ("hours", "h"),
        ("day", "d"),
        ("days", "d"),
        ("msec", "ms"),
        ("usec", "us"),
        ("\u{b5}s", "us"),
    ];
    let known = || allowed.split(", ");
    let named = |name: &str| known().find(|k| k.eq_ignore_ascii_case(name));
    let usual = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    named(unit)
        .or_else(|| named(usual?.1))
        .or_else(|| (unit.len() > 1).then(|| nearest(unit, known()))?)
}

fn not_a_quantity(
    node: &Node,
    text: &str,
    what: &str,
    example: &str,
    error: &ParseQuantityError,
) -> Diagnostic {
    let message = format!("`{text}` is not {what}");
    let complaint = Diagnostic::error("unit", node.place, message);
    let negative = text.trim_start().starts_with('-');
    match error {
        ParseQuantityError::NoNumber { .. } if negative => {
            complaint.label("must not be negative").help(format!("write it as in {example}"))
        }
        ParseQuantityError::UnknownUnit { unit, allowed } => {
            let label = match unit_meant(unit, allowed) {
                Some(guess) => format!("unknown unit `{unit}`: did you mean `{guess}`?"),
                None => format!("unknown unit `{unit}`"),
            };
            complaint.label(label).help(format!("units of {what} are {allowed}"))
        }
        ParseQuantityError::NoUnit { allowed, .. } => complaint
            .label("the unit is missing")
            .help(format!("write one of {allowed} after the number, as in {example}")),
        ParseQuantityError::NoNumber { .. } | ParseQuantityError::TooLarge { .. } => {
            complaint.label(error.to_string())
        }
    }
}

impl<Q: Quantity> Read for Above0<Q> {
    const EXPECTED: &'static str = Q::EXPECTED;
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let value = Q::read(node, cx)?;
        if value.base() > 0.0 {
            return Some(Self(value));
        }
        let message = format!("{} of zero makes no sense here", Q::WHAT);
        cx.complain(Diagnostic::error("range", node.place, message).label("must be above 0"));
        None
    }
}

/// A number, whatever its spelling, that must lie in a range.
fn number(node: &Node, cx: &Context, what: &str, low: f64, high: f64) -> Option<f64> {
    let value = match &node.value {
        #[expect(clippy::cast_precision_loss, reason = "factors are small")]
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Text(text) => match text.parse::<Ratio>() {
            Ok(ratio) => ratio.get(),
            Err(error) => {
                let message = format!("`{text}` is not {what}");
                cx.complain(
                    Diagnostic::error("unit", node.place, message).label(error.to_string()),
                );
                return None;
            }
        },
        _ => {
            cx.complain(wrong_type(node, what));
            return None;
        }
    };
    if (low..=high).contains(&value) {
        return Some(value);
    }
    let rule = match (low, high.is_finite() && high < 1e9) {
        (_, true) => format!("must lie in {low}..={high}"),
        (_, false) => "must not be negative".to_owned(),
    };
    let message = format!("`{}` is out of range for {what}", cx.written(node.place));
    cx.complain(Diagnostic::error("range", node.place, message).label(rule));
    None
}

impl Read for Factor {
    const EXPECTED: &'static str = "1.2";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        number(node, cx, "a factor", 0.0, 1e12).map(Self)
    }
}

impl Read for Share {
    const EXPECTED: &'static str = "\"95 %\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        number(node, cx, "a share", 0.0, 1.0).map(Self)
    }
}

impl Read for u64 {
    const EXPECTED: &'static str = "4";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        match node.value {
            Value::Integer(number) => {
                let value = Self::try_from(number).ok();
                if value.is_none() {
                    let message = format!("`{number}` is negative");
                    cx.complain(
                        Diagnostic::error("range", node.place, message).label("must be 0 or more"),
                    );
                }
                value
            }
            _ => {
                cx.complain(wrong_type(node, "a whole number"));
                None
            }
        }
    }
}

/// Whole numbers stand for things that are simulated one by one: a bound keeps a slip of the pen
/// from exhausting memory.
const MOST_COUNT: u64 = 10_000_000;

impl Read for u32 {
    const EXPECTED: &'static str = "4";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let value = u64::read(node, cx)?;
        if value <= MOST_COUNT {
            return Self::try_from(value).ok();
        }
        let message = format!("`{value}` is too many");
        let rule = format!("at most {MOST_COUNT}");
        cx.complain(Diagnostic::error("range", node.place, message).label(rule));
        None
    }
}

/// A whole number from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count(pub(crate) u32);

impl Read for Count {
    const EXPECTED: &'static str = "4";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        match u32::read(node, cx)? {
            0 => {
                let complaint = Diagnostic::error("range", node.place, "0 is too few");
                cx.complain(complaint.label("at least 1"));
                None
            }
            value => Some(Self(value)),
        }
    }
}

/// A number of requests: a bare number, or one of a law of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Requests(f64);

impl Read for Requests {
    const EXPECTED: &'static str = "20";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        match node.value {
            Value::Integer(_) | Value::Float(_) => Factor::read(node, cx).map(|n| Self(n.0)),
            _ => {
                cx.complain(wrong_type(node, "a number of requests"));
                None
            }
        }
    }
}

impl FromStr for Requests {
    type Err = ParseQuantityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
        number.map(Self).ok_or(ParseQuantityError::NoNumber { example: "20" })
    }
}

impl Quantity for Requests {
    const WHAT: &'static str = "a number of requests";
    fn base(self) -> f64 {
        self.0
    }
    fn spell(base: f64) -> String {
        base.to_string()
    }
}

/// A port of TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port(pub(crate) u16);

impl Read for Port {
    const EXPECTED: &'static str = "443";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let value = u64::read(node, cx)?;
        let port = u16::try_from(value).ok().filter(|port| *port > 0);
        if port.is_none() {
            let complaint = Diagnostic::error("range", node.place, format!("{value} is no port"));
            cx.complain(complaint.label("must lie in 1..=65535"));
        }
        port.map(Self)
    }
}

/// A cloud account: its UID, a number of up to 20 digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account(pub(crate) String);

impl Account {
    /// Whether a text is a UID.
    pub(crate) fn is_uid(text: &str) -> bool {
        (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    }
}

impl Read for Account {
    const EXPECTED: &'static str = "\"1234567890123456\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            _ => {
                cx.complain(wrong_type(node, "the UID of an account"));
                return None;
            }
        };
        if Self::is_uid(&text) {
            return Some(Self(text));
        }
        cx.complain(
            Diagnostic::error("X-04", node.place, format!("`{text}` is no account of the cloud"))
                .label("a UID is a number")
                .reason(
                    "provider and consumer must both be users of the cloud \
                     (PrivateLink endpoint services)",
                )
                .help("write the UID of the account, as in \"1234567890123456\""),
        );
        None
    }
}

/// The id of a region or zone, as `cn-hangzhou-h`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloudId(pub(crate) String);

impl Read for CloudId {
    const EXPECTED: &'static str = "\"cn-hangzhou\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let text = String::read(node, cx)?;
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            return Some(Self(text));
        }
        let message = format!("`{text}` is no id of a region or zone");
        cx.complain(
            Diagnostic::error("name", node.place, message)
                .help("small letters, digits and `-`, as in \"cn-hangzhou\" and \"cn-hangzhou-h\""),
        );
        None
    }
}

impl Read for bool {
    const EXPECTED: &'static str = "true";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        match node.value {
            Value::Bool(yes) => Some(yes),
            _ => {
                cx.complain(wrong_type(node, "true or false"));
                None
            }
        }
    }
}

impl Read for String {
    const EXPECTED: &'static str = "\"text\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => {
                cx.complain(wrong_type(node, "a string"));
                None
            }
        }
    }
}

impl Read for PerSecond {
    const EXPECTED: &'static str = "\"200/s\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            let expected = "a number of events per time such as \"200/s\"";
            cx.complain(wrong_type(node, expected));
            return None;
        };
        let value = text.split_once('/').and_then(|(number, unit)| {
            let seconds = match unit.trim() {
                "s" => 1.0,
                "min" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
            let number: f64 = number.trim().replace('_', "").parse().ok()?;
            Some(number / seconds)
        });
        match value {
            Some(value) if value.is_finite() && value > 0.0 && value <= 1e9 => Some(Self(value)),
            found => {
                let message = format!("`{text}` is not a number of events per time");
                let label = match found {
                    Some(_) => "must be above 0 and at most 1e9 per second",
                    None => "expected a number, `/` and `s`, `min` or `h`",
                };
                let complaint = Diagnostic::error("unit", node.place, message).label(label);
                cx.complain(complaint.help("write it as in \"200/s\" or \"12/min\""));
                None
            }
        }
    }
}

impl Read for Day {
    const EXPECTED: &'static str = "2026-02-01";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let (Value::Text(text) | Value::Moment(text)) = &node.value else {
            cx.complain(wrong_type(node, "a day such as 2026-02-01"));
            return None;
        };
        let mut parts = text.splitn(3, '-').map(str::parse::<u16>);
        let day = match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(year)), Some(Ok(month @ 1..=12)), Some(Ok(day @ 1..=31))) => {
                Some(Self(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
            }
            _ => None,
        };
        if day.is_none() {
            let message = format!("`{text}` is not a day");
            let complaint = Diagnostic::error("date", node.place, message);
            cx.complain(complaint.label("expected year-month-day, as in 2026-02-01"));
        }
        day
    }
}

impl Read for TimeOfDay {
    const EXPECTED: &'static str = "\"09:30\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let (Value::Text(text) | Value::Moment(text)) = &node.value else {
            cx.complain(wrong_type(node, "a time of day such as \"09:30\""));
            return None;
        };
        let mut parts = text.splitn(3, ':').map(str::parse::<u64>);
        let time = match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(h @ 0..=23)), Some(Ok(m @ 0..=59)), None) => Some((h, m, 0)),
            (Some(Ok(h @ 0..=23)), Some(Ok(m @ 0..=59)), Some(Ok(s @ 0..=59))) => Some((h, m, s)),
            _ => None,
        };
        if time.is_none() {
            let message = format!("`{text}` is not a time of day");
            let complaint = Diagnostic::error("time", node.place, message);
            cx.complain(complaint.label("expected hours:minutes, as in \"09:30\""));
        }
        time.map(|(h, m, s)| Self(Span::from_secs(h * 3600 + m * 60 + s)))
    }
}

#[cfg(test)]
mod tests {
    use super::unit_meant;

    #[test]
    fn units_that_were_meant() {
        let rates = "bps, kbps, Mbps, Gbps, Tbps, B/s, kB/s, MB/s, GB/s";
        let spans = "ns, us, ms, s, min, h, d";
        for (written, meant) in
            [("mbps", "Mbps"), ("KB/s", "kB/s"), ("mb/s", "MB/s"), ("Gbsp", "Gbps")]
        {
            assert_eq!(unit_meant(written, rates), Some(meant), "{written}");
        }
        for (written, meant) in [("sec", "s"), ("hours", "h"), ("M", "min"), ("Days", "d")] {
            assert_eq!(unit_meant(written, spans), Some(meant), "{written}");
        }
        assert_eq!(unit_meant("x", spans), None);
        assert_eq!(unit_meant("hours", rates), None);
    }
}
