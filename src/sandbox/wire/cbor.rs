//! CBOR (RFC 8949), as far as the RPC v2 CBOR protocol uses it: what CloudWatch speaks with newer clients.
//! Read into and written from JSON values, so that the actions know one form only.

use serde_json::{Map, Value};

/// How deep a document may nest.
const DEPTH: u8 = 32;
/// The tag of a time in seconds since the epoch.
const EPOCH: u64 = 1;
/// Members that hold times: they are written with the tag, as clients expect it.
const TIMES: &str = "Timestamps";

/// The value of a document, if it is one that JSON could hold. A tag is read as what it marks.
pub(crate) fn read(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { bytes };
    let value = reader.value(DEPTH)?;
    reader.bytes.is_empty().then_some(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

/// The first byte of an item, and the number that follows it; none for an indefinite length.
struct Head {
    major: u8,
    low: u8,
    argument: Option<u64>,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn head(&mut self) -> Option<Head> {
        let first = *self.take(1)?.first()?;
        let (major, low) = (first >> 5, first & 31);
        let wide = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let argument = match low {
            0..24 => Some(u64::from(low)),
            24..28 => Some(wide(self.take(1 << (low - 24))?)),
            31 => None,
            _ => return None,
        };
        Some(Head { major, low, argument })
    }

    fn value(&mut self, depth: u8) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let head = self.head()?;
        match (head.major, head.argument) {
            (0, Some(number)) => Some(Value::from(number)),
            (1, Some(number)) => Some(Value::from(-1 - i64::try_from(number).ok()?)),
            (3, Some(length)) => {
                let text = self.take(usize::try_from(length).ok()?)?;
                Some(Value::from(std::str::from_utf8(text).ok()?))
            }
            (4, length) => self.items(length, |reader| reader.value(depth)).map(Value::Array),
            (5, length) => {
                let pair = |reader: &mut Self| {
                    let Value::String(key) = reader.value(depth)? else { return None };
                    Some((key, reader.value(depth)?))
                };
                let pairs = self.items(length, pair)?;
                Some(Value::Object(pairs.into_iter().collect::<Map<_, _>>()))
            }
            (6, Some(_)) => self.value(depth),
            (7, Some(bits)) => simple(head.low, bits),
            _ => None,
        }
    }

    /// So many items, or those up to the mark of the end.
    fn items<T>(
        &mut self,
        length: Option<u64>,
        mut one: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut items = Vec::new();
        loop {
            let ended = match length {
                Some(length) => items.len() as u64 == length,
                None => self.bytes.first() == Some(&0xff),
            };
            if ended {
                break;
            }
            items.push(one(self)?);
        }
        if length.is_none() {
            self.take(1)?;
        }
        Some(items)
    }
}

fn simple(low: u8, bits: u64) -> Option<Value> {
    match low {
        20 => Some(Value::Bool(false)),
        21 => Some(Value::Bool(true)),
        22 | 23 => Some(Value::Null),
        26 => Some(Value::from(f64::from(f32::from_bits(u32::try_from(bits).ok()?)))),
        27 => Some(Value::from(f64::from_bits(bits))),
        _ => None,
    }
}

/// The document of a value.
pub(crate) fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, value, false);
    out
}

fn put(out: &mut Vec<u8>, value: &Value, times: bool) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(truth) => out.push(if *truth { 0xf5 } else { 0xf4 }),
        Value::Number(number) => {
            if times {
                head(out, 6, EPOCH);
            }
            if let Some(whole) = number.as_u64() {
                head(out, 0, whole);
            } else {
                out.push(0xfb);
                out.extend(number.as_f64().unwrap_or_default().to_be_bytes());
            }
        }
        Value::String(text) => {
            head(out, 3, text.len() as u64);
            out.extend(text.as_bytes());
        }
        Value::Array(items) => {
            head(out, 4, items.len() as u64);
            for item in items {
                put(out, item, times);
            }
        }
        Value::Object(members) => {
            head(out, 5, members.len() as u64);
            for (key, member) in members {
                put(out, &Value::from(key.as_str()), false);
                put(out, member, key == TIMES);
            }
        }
    }
}

fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let [.., low] = argument.to_be_bytes();
    if argument < 24 {
        out.push(major << 5 | low);
    } else {
        out.push(major << 5 | 0x1b);
        out.extend(argument.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{read, write};

    #[test]
    fn what_is_written_is_read_again() {
        for value in [
            json!(null),
            json!({ "a": [true, false, 7, 1000, 2.5, "text"], "b": {} }),
            json!({ "Timestamps": [1.5, 1_700_000_000_u64] }),
        ] {
            assert_eq!(read(&write(&value)), Some(value));
        }
    }

    // The examples are of RFC 8949, appendix A.
    #[test]
    fn the_documents_of_the_standard_are_read() {
        for (hex, value) in [
            ("1903e8", json!(1000)),
            ("3863", json!(-100)),
            ("fb3ff199999999999a", json!(1.1)),
            ("fa47c35000", json!(100_000.0)),
            ("c11a514b67b0", json!(1_363_896_240)),
            ("bf61610161629f0203ffff", json!({ "a": 1, "b": [2, 3] })),
            ("a26161016162820203", json!({ "a": 1, "b": [2, 3] })),
        ] {
            assert_eq!(read(&hex::decode(hex).unwrap()), Some(value), "{hex}");
        }
    }

    #[test]
    fn what_is_cut_short_or_too_deep_is_refused() {
        for hex in ["", "19", "1903", "6361", "9f01", "a1", "a101", "01ff", &"81".repeat(40)] {
            assert_eq!(read(&hex::decode(hex).unwrap()), None, "{hex}");
        }
        // A length that no memory could hold is not believed.
        assert_eq!(read(&hex::decode("9bffffffffffffffff").unwrap()), None);
    }
}
