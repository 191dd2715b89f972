//! A price book: a file of its own, since prices are their user's and change by themselves.
//!
//! ```toml
//! currency = "EUR"
//! [price.ports]
//! of = "circuit.*"        # links, pools and stations of this name; * stands for anything
//! per_month = 1500        # or per_hour, per_gb (carried by links), per_unit (Gbps, unit, server, a month)
//! ```

use std::path::Path;

use super::context::Context;
use super::read::Factor;
use super::reader::Reader;
use super::{Failure, Source, read_source, tree};
use crate::plan::{Basis, Price, PriceBook};

/// Loads a price book.
///
/// # Errors
/// As [`load`](super::load).
pub fn load_prices(path: &Path) -> Result<PriceBook, Failure> {
    prices_of(read_source(path)?)
}

/// Reads a price book from its text.
///
/// # Errors
/// [`Failure::Refused`] with every complaint.
///
/// ```
/// use highwater::scenario::{Source, prices_of};
/// let text = "currency = \"EUR\"\n[price.ports]\nof = \"circuit.*\"\nper_month = 1500\n";
/// let book = prices_of(Source { path: "prices.toml".into(), text: text.into() })?;
/// assert_eq!(book.prices[0].amount, 1500.0);
/// # Ok::<(), highwater::scenario::Failure>(())
/// ```
pub fn prices_of(source: Source) -> Result<PriceBook, Failure> {
    let (root, complaints) = tree::parse_document(&source.text, 0);
    let cx = Context::new(std::path::PathBuf::new(), vec![source], &root);
    complaints.into_iter().for_each(|c| cx.complain(c));
    let place = super::Place::default();
    let r = Reader::new(&cx, &root, place, "price book".into());
    let currency = r.req::<String>("currency").unwrap_or_default();
    // Asked for, so that it is known.
    let _ = r.node("price");
    let prices = super::things(&root, "price", &cx, read_price);
    r.done();
    if cx.has_errors() {
        let (diagnostics, sources) = (cx.take_complaints(), cx.sources().clone());
        return Err(Failure::Refused { diagnostics, sources });
    }
    let named = |thing: super::Thing<Price>| Price { name: thing.name, ..thing.spec };
    Ok(PriceBook { currency, prices: prices.into_iter().map(named).collect() })
}

fn read_price(r: &Reader<'_>) -> Option<Price> {
    let of = r.req::<String>("of");
    let bases = [
        ("per_gb", Basis::Gigabyte),
        ("per_hour", Basis::Hour),
        ("per_month", Basis::Month),
        ("per_unit", Basis::Unit),
    ];
    let key = r.one_of(&bases.map(|b| b.0))?;
    let amount = r.req::<Factor>(key)?.0;
    let basis = bases.iter().find(|b| b.0 == key)?.1;
    Some(Price { name: String::new(), of: of?, basis, amount })
}
