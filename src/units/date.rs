//! Days of the calendar.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, as days since 1970-01-01.
///
/// ```
/// use highwater::units::Date;
/// let day: Date = "2026-11-30".parse()?;
/// assert_eq!(day.plus(92).to_string(), "2027-03-02");
/// # Ok::<(), highwater::units::ParseDateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i64);

/// Why a text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a day of the calendar, such as 2026-11-30")]
pub struct ParseDateError;

impl Date {
    /// So many days later (or earlier).
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Days from `other` to this.
    pub const fn since(self, other: Self) -> i64 {
        self.0 - other.0
    }

    /// Year, month and day, by the algorithm of H. Hinnant (chrono-compatible low-level date
    /// algorithms).
    fn parts(self) -> (i64, i64, i64) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year + era * 400 + i64::from(month <= 2), month, day)
    }

    fn of(year: i64, month: i64, day: i64) -> Self {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let of_era = y.rem_euclid(400);
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || ParseDateError;
        let parts: Vec<&str> = text.trim().split('-').collect();
        let [y, m, d] = parts.as_slice() else { return Err(fault()) };
        let digits = |t: &str, n: usize| {
            (t.len() == n && t.bytes().all(|b| b.is_ascii_digit()))
                .then(|| t.parse::<i64>().ok())?
        };
        let (Some(y), Some(m), Some(d)) = (digits(y, 4), digits(m, 2), digits(d, 2)) else {
            return Err(fault());
        };
        if !(1..=12).contains(&m) || !(1..=31).contains(&d) {
            return Err(fault());
        }
        let date = Self::of(y, m, d);
        // A day that is none, such as the 31st of April, is another one's number.
        if date.parts() == (y, m, d) { Ok(date) } else { Err(fault()) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.parts();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        let day = |t: &str| t.parse::<Date>().unwrap();
        assert_eq!(day("1970-01-01"), Date(0));
        assert_eq!(day("2000-03-01").since(day("2000-02-28")), 2);
        assert_eq!(day("2100-03-01").since(day("2100-02-28")), 1);
        assert_eq!(day("2027-01-01").since(day("2026-01-01")), 365);
        for days in (-200_000..200_000).step_by(37) {
            let date = Date(days);
            assert_eq!(date.to_string().parse::<Date>().map(|d| d.0), Ok(days), "{date}");
        }
        for wrong in ["2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026-04-31", "", "a-b-c"]
        {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }
}
