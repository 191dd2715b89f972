//! A fingerprint of what a scenario means: values and data, not spacing, comments or table order.

use super::context::Context;
use super::tree::{Table, Value};

/// 64-bit FNV-1a (Fowler, Noll & Vo): offset basis and prime of the published algorithm.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// A tag and a length before the bytes keep neighbours apart.
    fn add_tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.add(&[tag]);
        self.add(&(bytes.len() as u64).to_le_bytes());
        self.add(bytes);
    }
}

/// The fingerprint of a resolved scenario and of the data files it used.
pub(super) fn fingerprint(root: &Table, cx: &Context) -> u64 {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    add_table(root, &mut fnv);
    for (path, file) in cx.files().iter() {
        fnv.add_tagged(b'f', path.as_bytes());
        fnv.add_tagged(b'd', file.text.as_bytes());
    }
    fnv.0
}

fn add_table(table: &Table, fnv: &mut Fnv) {
    fnv.add_tagged(b't', &(table.entries.len() as u64).to_le_bytes());
    for (key, entry) in &table.entries {
        fnv.add_tagged(b'k', key.as_bytes());
        add_value(&entry.node.value, fnv);
    }
}

fn add_value(value: &Value, fnv: &mut Fnv) {
    match value {
        Value::Text(text) => fnv.add_tagged(b's', text.as_bytes()),
        Value::Integer(number) => fnv.add_tagged(b'i', &number.to_le_bytes()),
        Value::Float(number) => fnv.add_tagged(b'n', &number.to_bits().to_le_bytes()),
        Value::Bool(yes) => fnv.add_tagged(b'b', &[u8::from(*yes)]),
        Value::Moment(moment) => fnv.add_tagged(b'm', moment.as_bytes()),
        Value::List(items) => {
            fnv.add_tagged(b'l', &(items.len() as u64).to_le_bytes());
            for item in items {
                add_value(&item.value, fnv);
            }
        }
        Value::Table(table) => add_table(table, fnv),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        // The published test vector of FNV-1a 64: "foobar" -> 85944171f73967e8.
        let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
        fnv.add(b"foobar");
        assert_eq!(fnv.0, 0x8594_4171_f739_67e8);
    }
}
