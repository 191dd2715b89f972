//! Results as money.

use serde::Serialize;

use super::results::Results;
use crate::plan::{Basis, PriceBook};

/// Hours of a month: a twelfth of 365 days.
const MONTH_HOURS: f64 = 730.0;

/// What the traffic and the things of some results cost, by the month.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Of the price book.
    pub currency: String,
    /// One for each price.
    pub items: Vec<CostItem>,
}

/// What one price makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CostItem {
    /// Its name in the price book.
    pub name: String,
    /// What it is of, as written there.
    pub of: String,
    /// How many things that are.
    pub things: usize,
    /// How much is paid for in a month.
    pub quantity: f64,
    /// Of what: `GB`, `hours`, `months`, `Gbps`, `units`, `servers`.
    pub unit: &'static str,
    /// For one of them.
    pub price: f64,
    /// A month.
    pub amount: f64,
}

impl Cost {
    /// Prices the results: bytes carried are scaled from the run to a month, mean over replications; things
    /// are paid for whether they carry anything or not.
    ///
    /// ```
    /// use highwater::{measure::{Cost, Results}, plan::PriceBook};
    /// assert_eq!(Cost::of(&Results::default(), &PriceBook::default()).total(), 0.0);
    /// ```
    #[expect(clippy::cast_precision_loss, reason = "money")]
    pub fn of(results: &Results, book: &PriceBook) -> Self {
        let runs = results.settings.replications.len().max(1) as f64;
        let hours = results.settings.horizon_ns as f64 / 3.6e12;
        let months = hours / MONTH_HOURS;
        let item = |price: &crate::plan::Price| {
            let links = || results.links.iter().filter(|l| price.is_of(&l.name));
            let mut names: Vec<&str> = links().map(|l| l.name.as_str()).collect();
            names.dedup();
            let pools = || results.pools.iter().filter(|p| price.is_of(&p.name));
            let stations = || results.stations.iter().filter(|s| price.is_of(&s.name));
            let things = names.len() + pools().count() + stations().count();
            let (quantity, unit) = match price.basis {
                Basis::Gigabyte => {
                    let bytes: f64 =
                        links().flat_map(|l| &l.bytes_by_window).map(|b| *b as f64).sum();
                    (if months > 0.0 { bytes / runs / 1e9 / months } else { 0.0 }, "GB")
                }
                Basis::Hour => (things as f64 * MONTH_HOURS, "hours"),
                Basis::Month => (things as f64, "months"),
                Basis::Unit => {
                    // Mean capacity of one direction: bytes it could have carried, in bits a second.
                    let gbps = names.iter().map(|name| {
                        let of_it = links().filter(|l| l.name == *name);
                        let most = of_it
                            .map(|l| l.capacity_by_window.iter().map(|b| *b as f64).sum::<f64>())
                            .fold(0.0, f64::max);
                        most / runs * 8.0 / (hours.max(1e-12) * 3600.0) / 1e9
                    });
                    let gbps: f64 = gbps.sum();
                    let units: f64 = pools().map(|p| p.units as f64).sum();
                    let servers: f64 = stations().map(|s| s.servers as f64).sum();
                    let unit = match (gbps > 0.0, units > 0.0, servers > 0.0) {
                        (true, false, false) => "Gbps",
                        (false, _, true) => "servers",
                        _ => "units",
                    };
                    (gbps + units + servers, unit)
                }
            };
            CostItem {
                name: price.name.clone(),
                of: price.of.clone(),
                things,
                quantity,
                unit,
                price: price.amount,
                amount: quantity * price.amount,
            }
        };
        Self { currency: book.currency.clone(), items: book.prices.iter().map(item).collect() }
    }

    /// All of it, a month.
    pub fn total(&self) -> f64 {
        self.items.iter().map(|i| i.amount).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{LinkResults, PoolResults};
    use crate::plan::Price;

    #[test]
    fn prices_by_hand() {
        // Two replications of an hour; 3e9 bytes forward and 1e9 backward in all: 2 GB an hour.
        let link = |name: &str, direction: &str, bytes: u64| LinkResults {
            name: name.into(),
            direction: direction.into(),
            bytes_by_window: vec![bytes / 2, bytes - bytes / 2],
            // 10 Gbps for an hour, in each replication.
            capacity_by_window: vec![2 * 1_250_000_000 * 1_800; 2],
            ..LinkResults::default()
        };
        let mut results = Results {
            links: vec![
                link("circuit.c1", "forward", 3_000_000_000),
                link("circuit.c1", "backward", 1_000_000_000),
                link("circuit.c2", "forward", 0),
            ],
            pools: vec![PoolResults {
                name: "nat.n.ports".into(),
                units: 100,
                ..PoolResults::default()
            }],
            ..Results::default()
        };
        results.settings.horizon_ns = 3_600_000_000_000;
        results.settings.replications = vec![0, 1];
        let price =
            |of: &str, basis, amount| Price { name: of.into(), of: of.into(), basis, amount };
        let book = PriceBook {
            currency: "EUR".into(),
            prices: vec![
                price("circuit.*", Basis::Gigabyte, 0.5),
                price("circuit.*", Basis::Month, 100.0),
                price("circuit.c1", Basis::Hour, 0.1),
                price("circuit.*", Basis::Unit, 7.0),
                price("nat.*", Basis::Unit, 0.01),
                price("vpn.*", Basis::Month, 9.0),
            ],
        };
        let cost = Cost::of(&results, &book);
        let amounts: Vec<f64> = cost.items.iter().map(|i| i.amount).collect();
        let by_hand = [2.0 * 730.0 * 0.5, 200.0, 73.0, 20.0 * 7.0, 1.0, 0.0];
        for (a, b) in amounts.iter().zip(by_hand) {
            assert!((a - b).abs() < 1e-9 * b.max(1.0), "{amounts:?} beside {by_hand:?}");
        }
        assert_eq!(cost.items[5].things, 0);
        assert!((cost.total() - by_hand.iter().sum::<f64>()).abs() < 1e-6);
    }
}
