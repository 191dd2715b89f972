//! What things cost, as their user says.

/// Prices in one currency. None are ours: the documents give no figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceBook {
    /// `EUR`.
    pub currency: String,
    /// In the order of their names.
    pub prices: Vec<Price>,
}

/// What some things cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Its name in the book.
    pub name: String,
    /// Names of links, pools and stations; `*` stands for anything.
    pub of: String,
    /// What is paid for.
    pub basis: Basis,
    /// Of the currency, not negative.
    pub amount: f64,
}

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Each 1e9 bytes that a link carries, both directions together.
    Gigabyte,
    /// Each thing, an hour.
    Hour,
    /// Each thing, a month.
    Month,
    /// Each Gbps of a link (one direction), unit of a pool or server of a station, a month.
    Unit,
}

impl Price {
    /// Whether it is of a thing of this name.
    ///
    /// ```
    /// use highwater::plan::{Basis, Price};
    /// let price = |of: &str| Price { name: "p".into(), of: of.into(), basis: Basis::Month, amount: 1.0 };
    /// assert!(price("circuit.*").is_of("circuit.c1") && !price("circuit.*").is_of("vpn.c1"));
    /// assert!(price("*.eni*").is_of("endpoint.shop.eni-1") && !price("circuit.c").is_of("circuit.c1"));
    /// ```
    pub fn is_of(&self, name: &str) -> bool {
        let mut parts = self.of.split('*');
        let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else { return rest.is_empty() };
        let Some(mut rest) = rest.strip_suffix(last) else { return false };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}
