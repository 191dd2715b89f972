//! The axes of a sweep: a key of the scenario and the values it takes, listed or from a range.

/// Most values of one range.
const MOST: u32 = 100_000;

/// One key and the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// `endpoint.shop.throttle`
    pub key: String,
    /// Values as TOML texts: `"2 Gbps"` with its quotes, or `20`; of a range, as typed: `2 Gbps`.
    pub values: Vec<String>,
    /// Where they come from, if not from a list.
    pub range: Option<Range>,
}

/// A range of quantities of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The lowest, or first.
    pub from: f64,
    /// The highest, or last.
    pub to: f64,
    /// What stands behind the numbers: ` Gbps`, `/s`, or nothing.
    pub unit: String,
    /// Steps of equal ratio rather than of equal difference.
    pub is_log: bool,
    /// Whole numbers only, since both ends are.
    pub is_whole: bool,
}

impl Range {
    /// The number at a share (0..=1) of the way.
    pub fn number(&self, share: f64) -> f64 {
        if self.is_log {
            self.from * libm::pow(self.to / self.from, share)
        } else {
            self.from + (self.to - self.from) * share
        }
    }

    /// The value at a share (0..=1) of the way: `2.5 Gbps`.
    pub fn at(&self, share: f64) -> String {
        let value = self.number(share);
        // Six digits: a value is to be read, and written again.
        let value = if self.is_whole { value.round() } else { to_digits(value, 6) };
        format!("{value}{}", self.unit)
    }
}

/// Rounds to so many significant digits.
fn to_digits(value: f64, digits: u32) -> f64 {
    let text = format!("{:.*e}", digits as usize - 1, value);
    text.parse().unwrap_or(value)
}

impl Axis {
    /// An axis of listed values.
    pub fn listed(key: &str, values: Vec<String>) -> Self {
        Self { key: key.to_owned(), values, range: None }
    }

    /// An axis as typed: `A,B,C`, or `FROM..TO:N` for N values from one to the other, or
    /// `FROM..TO:N:log`. Values are whole numbers where both ends are; a unit may stand at the
    /// second end only.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    ///
    /// ```
    /// use highwater::scenario::Axis;
    /// let axis = Axis::parse("circuit.c1.port", "1..4 Gbps:3")?;
    /// assert_eq!(axis.values, ["1 Gbps", "2.5 Gbps", "4 Gbps"]);
    /// # Ok::<(), String>(())
    /// ```
    pub fn parse(key: &str, text: &str) -> Result<Self, String> {
        if let Some((from, rest)) = text.split_once("..")
            && !text.contains(['"', ','])
        {
            let (rest, is_log) = match rest.strip_suffix(":log") {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            let form =
                || format!("{key}: write a range as FROM..TO:N or FROM..TO:N:log, not {text}");
            let (to, count) = rest.rsplit_once(':').ok_or_else(form)?;
            let count = count.trim().parse().map_err(|_| form())?;
            return Self::ranged(key, from, to, count, is_log);
        }
        let values = split(text);
        if values.is_empty() {
            return Err(format!("{key}: no value to take"));
        }
        Ok(Self::listed(key, values))
    }

    /// An axis of `count` values from one quantity to another of the same unit.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn ranged(
        key: &str,
        from: &str,
        to: &str,
        count: u32,
        is_log: bool,
    ) -> Result<Self, String> {
        let quantity = |text: &str| -> Result<(f64, String, bool), String> {
            let text = text.trim();
            let end = text
                .find(|c: char| !(c.is_ascii_digit() || "+-._".contains(c)))
                .unwrap_or(text.len());
            let digits = text[..end].replace('_', "");
            let number = digits.parse::<f64>().ok().filter(|x| x.is_finite());
            let number = number.ok_or_else(|| format!("{key}: {text} is no number with a unit"))?;
            Ok((number, text[end..].to_owned(), !digits.contains('.')))
        };
        let ((a, first, whole_a), (b, unit, whole_b)) = (quantity(from)?, quantity(to)?);
        if !first.is_empty() && first.trim() != unit.trim() {
            return Err(format!("{key}: both ends of a range have one unit, not{first} and{unit}"));
        }
        if is_log && (a <= 0.0 || b <= 0.0) {
            return Err(format!("{key}: a range of equal ratios has ends above 0"));
        }
        if !(2..=MOST).contains(&count) || a == b {
            return Err(format!("{key}: a range has 2 to {MOST} values between different ends"));
        }
        let is_whole = whole_a && whole_b && unit.is_empty();
        let range = Range { from: a, to: b, unit, is_log, is_whole };
        let mut values: Vec<String> =
            (0..count).map(|i| range.at(f64::from(i) / f64::from(count - 1))).collect();
        values.dedup();
        Ok(Self { key: key.to_owned(), values, range: Some(range) })
    }

    /// The value at a share (0..1) of the way through: in a range anything between its ends, of a
    /// list the one whose equal part it is in.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a share of a short list"
    )]
    pub fn at(&self, share: f64) -> String {
        match &self.range {
            Some(range) => range.at(share),
            None => {
                let i = (share * self.values.len() as f64) as usize;
                self.values[i.min(self.values.len() - 1)].clone()
            }
        }
    }
}

/// Splits at commas outside of quotes, brackets and braces.
fn split(text: &str) -> Vec<String> {
    let (mut values, mut value, mut depth, mut quoted) = (Vec::new(), String::new(), 0, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                values.push(std::mem::take(&mut value).trim().to_owned());
                continue;
            }
            _ => {}
        }
        value.push(c);
    }
    values.push(value.trim().to_owned());
    values.retain(|v| !v.is_empty());
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<String>, String> {
        Axis::parse("k", text).map(|a| a.values)
    }

    #[test]
    fn values_split_at_bare_commas() {
        assert_eq!(values("1, 2,3").unwrap(), ["1", "2", "3"]);
        let quoted = values(r#""2 Gbps","4, 5",{a=1,b=2}"#).unwrap();
        assert_eq!(quoted, [r#""2 Gbps""#, r#""4, 5""#, "{a=1,b=2}"]);
        assert!(values(" , ").is_err());
    }

    #[test]
    fn ranges_are_even_in_difference_or_ratio() {
        assert_eq!(values("20/s..80/s:4").unwrap(), ["20/s", "40/s", "60/s", "80/s"]);
        assert_eq!(values("1..100 Mbps:3:log").unwrap(), ["1 Mbps", "10 Mbps", "100 Mbps"]);
        assert_eq!(values("0.1..0.3:3").unwrap(), ["0.1", "0.2", "0.3"]);
        // Whole where both ends are, each once.
        assert_eq!(values("1..4:7").unwrap(), ["1", "2", "3", "4"]);
        assert_eq!(values("5..1:3").unwrap(), ["5", "3", "1"]);
        assert_eq!(values("1..2 s:4").unwrap(), ["1 s", "1.33333 s", "1.66667 s", "2 s"]);
        for wrong in ["1..4", "1..4:1", "1..4:x", "1 s..4 ms:3", "0..4:3:log", "a..b:3", "2..2:3"] {
            assert!(values(wrong).unwrap_err().starts_with("k: "), "{wrong}");
        }
    }

    #[test]
    fn shares_of_the_way() {
        let range = Axis::parse("k", "10..20 ms:2").unwrap();
        assert_eq!(range.at(0.25), "12.5 ms");
        let list = Axis::parse("k", "a,b,c").unwrap();
        assert_eq!([0.0, 0.34, 0.99].map(|u| list.at(u)), ["a", "b", "c"]);
    }
}
