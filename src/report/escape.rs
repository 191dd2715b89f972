//! Names become something else here and nowhere else: one function per target.
//!
//! Scenario text is untrusted. A workload may be called `<script>`, `=cmd|' /C calc'!A1`,
//! `../../etc/passwd` or `\x1b[2J`; none of these may act in a page, a spreadsheet, a file system
//! or a terminal.

use std::fmt::Write as _;

/// Whether a character would act on a terminal or reorder the text around it.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// For terminals: control and direction characters become `\u{1b}`.
pub(crate) fn terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// For the text and the attributes of SVG and HTML.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// For a text cell of a CSV file (quoting is the csv crate's): a cell that a spreadsheet would
/// take for a formula gets an apostrophe.
pub(crate) fn csv_cell(text: &str) -> String {
    let text = terminal(text);
    match text.trim_start().chars().next() {
        // The full-width forms are formulas to some spreadsheets too.
        Some('=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}') => {
            format!("'{text}")
        }
        _ => text,
    }
}

/// For a part of a file name: letters, digits, `-`, `_` and inner points stay, every other byte
/// becomes `~` and two hexadecimal digits. Never empty, never `.` or `..`, at most 81 bytes.
pub(crate) fn file_name(text: &str) -> String {
    /// Longer names are cut; their hash keeps them apart.
    const LONGEST: usize = 64;
    let mut out = String::new();
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => out.push(char::from(byte)),
            b'.' | b'-' if i > 0 && i + 1 < text.len() => out.push(char::from(byte)),
            byte => write!(out, "~{byte:02x}").expect("writing to a String"),
        }
    }
    if out.len() > LONGEST {
        out.truncate(LONGEST);
        write!(out, "~{:016x}", digest(text.as_bytes())).expect("writing to a String");
    }
    if out.is_empty() { "~".into() } else { out }
}

/// For a basic string of a TOML file, quotes included.
pub(crate) fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if acts(c) => write!(out, "\\U{:08X}", u32::from(c)).expect("writing to a String"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// FNV-1a of 64 bits: tells a damaged or mixed-up file, not an attacker.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_has_no_way_out() {
        let text = markup("<script>alert('x')</script>\" onload=\"y\u{1b}[2J&");
        assert!(!text.contains(['<', '>', '"', '\'', '\u{1b}']), "{text}");
        assert_eq!(markup("a & b"), "a &amp; b");
        assert_eq!(markup("\u{202e}gnp"), "\\u{202e}gnp");
    }

    #[test]
    fn cells_are_no_formulas() {
        for bad in ["=cmd|' /C calc'!A1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1"] {
            let cell = csv_cell(bad);
            let first = cell.trim_start().chars().next().unwrap();
            assert!(!"=+-@".contains(first), "{cell}");
        }
        assert_eq!(csv_cell("circuit.c1 >"), "circuit.c1 >");
    }

    #[test]
    fn file_names_stay_in_their_folder() {
        assert_eq!(file_name("shop.eu-1_a"), "shop.eu-1_a");
        assert_eq!(file_name("../x"), "~2e.~2fx");
        assert_eq!(file_name(".."), "~2e~2e");
        assert_eq!(file_name(""), "~");
        assert_eq!(file_name("a/b\\c\0:d"), "a~2fb~5cc~00~3ad");
        assert_eq!(file_name("zürich"), "z~c3~bcrich");
        let (a, b) = (file_name(&"x".repeat(300)), file_name(&"x".repeat(301)));
        assert!(a != b && a.len() == 81 && b.len() == 81);
    }

    #[test]
    fn terminals_are_not_driven() {
        assert_eq!(terminal("a\u{1b}[31mb\r\n"), "a\\u{1b}[31mb\\u{d}\\u{a}");
        assert_eq!(terminal("Größe 東京"), "Größe 東京");
    }

    #[test]
    fn toml_strings_read_back() {
        let text = "a\"b\\c\n\u{1b}[2J \u{202e}é";
        let table: toml::Table = format!("x = {}", toml_string(text)).parse().unwrap();
        assert_eq!(table["x"].as_str(), Some(text));
    }

    #[test]
    fn digest_of_the_published_vectors() {
        // FNV-1a 64: the offset basis for no bytes, and "a".
        assert_eq!(digest(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(digest(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
