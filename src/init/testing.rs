//! Organizations for tests, in a few words.

use crate::model::account::{Account, AccountState};

/// An active member in a unit of this path; the ids of units are made from their names.
pub(super) fn member(number: u64, name: &str, unit: &str) -> Account {
    let mut ou_ids = vec!["r-ab12".to_owned()];
    let mut path = String::new();
    for name in unit.split('/').filter(|name| !name.is_empty()) {
        path = format!("{path}/{name}");
        let digits = path.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        ou_ids.push(format!("ou-ab12-{:08x}", digits % (1 << 32)));
    }
    Account {
        id: format!("{number:012}").parse().unwrap(),
        name: name.to_owned(),
        email: String::new(),
        ou_path: unit.to_owned(),
        ou_ids,
        tags: None,
        state: AccountState::Active,
    }
}
