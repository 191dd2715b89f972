//! What results cost, shown.

use super::escape;
use super::files::{Sheet, row};
use super::format::{count, plain};
use super::table::Table;
use crate::measure::Cost;

/// An amount of money: two decimals below 1,000, whole above.
pub(crate) fn money(amount: f64, currency: &str) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "money")]
    let whole = || count(amount.abs().round() as u64);
    let digits = if amount.abs() < 1_000.0 { format!("{:.2}", amount.abs()) } else { whole() };
    let sign = if amount < 0.0 { "-" } else { "" };
    format!("{sign}{digits} {currency}")
}

/// A line for each price, and all of them.
pub(crate) fn table(cost: &Cost) -> Table {
    let mut table = Table::new(2, ["price", "of", "things", "a month", "at", "costs"]);
    for i in &cost.items {
        table.row([
            i.name.clone(),
            i.of.clone(),
            i.things.to_string(),
            format!("{} {}", plain(i.quantity, 2), i.unit),
            format!("{} {}", plain(i.price, 4), cost.currency),
            money(i.amount, &cost.currency),
        ]);
    }
    let none = String::new;
    table.row([
        "total".into(),
        none(),
        none(),
        none(),
        none(),
        money(cost.total(), &cost.currency),
    ]);
    table
}

/// The table for stdout, of at most `width` columns, and what no price found.
pub fn cost_summary(cost: &Cost, width: usize) -> String {
    let mut text = format!("Cost a month, by the user's price book\n{}", table(cost).text(width));
    for i in cost.items.iter().filter(|i| i.things == 0) {
        let (name, of) = (escape::terminal(&i.name), escape::terminal(&i.of));
        text.push_str(&format!("warning: {name}: no link, pool or station is called {of}\n"));
    }
    text
}

/// costs.csv: one row for each price of each variant.
pub(crate) fn sheet(variants: &[(&str, &Cost)]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "variant",
        "price",
        "of",
        "things",
        "quantity_a_month",
        "unit",
        "at",
        "amount_a_month",
        "currency",
    ]);
    for (variant, cost) in variants {
        for i in &cost.items {
            sheet.rows.push(row![
                *variant,
                &i.name,
                &i.of,
                i.things,
                Some(i.quantity),
                i.unit,
                Some(i.price),
                Some(i.amount),
                &cost.currency
            ]);
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_readable() {
        assert_eq!(money(3.456, "EUR"), "3.46 EUR");
        assert_eq!(money(-1234.5, "EUR"), "-1,235 EUR");
        assert_eq!(money(0.0, "EUR"), "0.00 EUR");
    }
}
