//! A table as text rows: the page and the terminal lay it out, each in its way.

use super::escape;
use super::format::{columns, shorten_apart};

/// Rows of cells under a head; the first `left` columns are text, the others numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) left: usize,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(left: usize, head: [&str; N]) -> Self {
        Self { head: head.map(Into::into).to_vec(), left, rows: Vec::new() }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether two rows are the same.
    pub(crate) fn has_repeats(&self) -> bool {
        let distinct: std::collections::BTreeSet<_> = self.rows.iter().collect();
        distinct.len() < self.rows.len()
    }

    /// Aligned columns of at most `width` terminal columns in all: text columns give way, and
    /// names are cut in their middle, but not so far that two of a column look alike. Every cell is escaped for terminals.
    pub(crate) fn text(&self, width: usize) -> String {
        const GAP: usize = 2;
        let clean = |row: &Vec<String>| row.iter().map(|c| escape::terminal(c)).collect();
        let rows: Vec<Vec<String>> =
            std::iter::once(&self.head).chain(&self.rows).map(clean).collect();
        let mut widths: Vec<usize> = (0..self.head.len())
            .map(|i| rows.iter().filter_map(|r| r.get(i)).map(|c| columns(c)).max().unwrap_or(0))
            .collect();
        let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len();
        while total(&widths) > width {
            let texts = &mut widths[..self.left.max(1)];
            let Some(widest) = texts.iter_mut().max().filter(|w| **w > 8) else { break };
            *widest -= 1;
        }
        let mut texts: Vec<Vec<String>> = Vec::new();
        for (i, width) in widths.iter_mut().enumerate() {
            let cells: Vec<&str> = rows.iter().map(|r| r.get(i).map_or("", |c| c)).collect();
            let whole = cells.iter().map(|c| columns(c)).max().unwrap_or(0);
            // Rather too wide than two names that look alike.
            let narrow = (*width..whole).find_map(|w| Some((w, shorten_apart(&cells, w)?)));
            let whole = || (whole, cells.iter().map(|c| (*c).to_owned()).collect());
            let (chosen, shown) = narrow.unwrap_or_else(whole);
            *width = chosen;
            texts.push(shown);
        }
        let mut out = String::new();
        for (j, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (i, column) in texts.iter().enumerate().take(row.len()) {
                let cell = &column[j];
                let pad = " ".repeat(widths[i].saturating_sub(columns(cell)));
                line.push_str("  ");
                match i < self.left {
                    true => line.extend([cell.as_str(), &pad]),
                    false => line.extend([pad.as_str(), cell]),
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// Markup of the table; every cell is escaped. At most `most` rows are shown, and a sentence
    /// says where the others are.
    pub(crate) fn markup(&self, most: usize) -> String {
        let mut out = String::from("<div class=\"scroll\"><table><thead><tr>");
        for (i, cell) in self.head.iter().enumerate() {
            let class = if i < self.left { "" } else { " class=\"n\"" };
            out.push_str(&format!("<th scope=\"col\"{class}>{}</th>", escape::markup(cell)));
        }
        out.push_str("</tr></thead><tbody>\n");
        for row in self.rows.iter().take(most) {
            out.push_str("<tr>");
            for (i, cell) in row.iter().enumerate() {
                let text = escape::markup(cell);
                match i {
                    0 => out.push_str(&format!("<th scope=\"row\">{text}</th>")),
                    i if i < self.left => out.push_str(&format!("<td>{text}</td>")),
                    _ => out.push_str(&format!("<td class=\"n\">{text}</td>")),
                }
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table></div>\n");
        if self.rows.len() > most {
            let rest = self.rows.len() - most;
            out.push_str(&format!("<p class=\"note\">{rest} more rows in the CSV file.</p>\n"));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_names_give_way() {
        let mut table = Table::new(1, ["link", "peak"]);
        table.row(["circuit.east.with.a.long.name".into(), "97.0 %".into()]);
        table.row(["eni".into(), "4.0 %".into()]);
        // 22 columns: 2 + 12 for the name, 2 + 6 for the figure.
        assert_eq!(
            table.text(22),
            "  link            peak\n  circui….name  97.0 %\n  eni            4.0 %\n"
        );
    }

    #[test]
    fn names_of_a_column_stay_apart() {
        let mut table = Table::new(1, ["link", "peak"]);
        for (name, peak) in [("circuit.east-1.forward", "9"), ("circuit.west-1.forward", "8")] {
            table.row([name.into(), peak.into()]);
        }
        // Cut in their middles, both would be `circu…ward`.
        assert_eq!(table.text(18), "  link        peak\n  circuit.e…     9\n  circuit.w…     8\n");
    }

    #[test]
    fn cells_are_escaped() {
        let mut table = Table::new(1, ["link"]);
        table.row(["<b>\u{1b}".into()]);
        assert!(table.markup(9).contains("&lt;b&gt;\\u{1b}"));
        assert!(!table.text(80).contains('\u{1b}'));
    }
}
