//! Which accounts are looked at.

use std::collections::BTreeMap;

use super::is_member;
use crate::ids::AccountId;
use crate::model::account::Account;

/// How many accounts are looked at: enough to see what is usual.
const ENOUGH: usize = 20;

/// The most of them, where one of every unit is more than enough.
const MOST: usize = 100;

/// The accounts to look at, in the order in which they tell most: one of every unit, then a second of every
/// unit, and so on; `all` takes every one.
pub fn sample<'a>(
    accounts: &'a [Account],
    management: Option<&AccountId>,
    all: bool,
) -> Vec<&'a Account> {
    let mut units: BTreeMap<_, Vec<&Account>> = BTreeMap::new();
    for account in accounts.iter().filter(|account| is_member(account, management)) {
        units.entry((&account.ou_path, account.ou_ids.last())).or_default().push(account);
    }
    let most = if all { usize::MAX } else { ENOUGH.max(units.len().min(MOST)) };
    for members in units.values_mut() {
        members.sort_by_key(|account| (&account.name, &account.id));
    }
    let rounds = units.values().map(Vec::len).max().unwrap_or(0);
    let in_turn =
        (0..rounds).flat_map(|round| units.values().filter_map(move |unit| unit.get(round)));
    in_turn.copied().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::testing::member;
    use crate::model::account::AccountState;

    fn names(sample: &[&Account]) -> Vec<String> {
        sample.iter().map(|account| account.name.clone()).collect()
    }

    #[test]
    fn every_unit_has_its_turn_before_any_has_a_second_one() {
        let mut accounts = vec![member(9, "management", "/"), member(8, "closed", "/B")];
        accounts[1].state = AccountState::Suspended;
        for (number, name, unit) in
            [(1, "a1", "/A"), (2, "a2", "/A"), (3, "a3", "/A"), (4, "b", "/B")]
        {
            accounts.push(member(number, name, unit));
        }
        let management = accounts[0].id.clone();
        let chosen = sample(&accounts, Some(&management), false);
        assert_eq!(names(&chosen), ["a1", "b", "a2", "a3"]);
    }

    #[test]
    fn a_large_organization_is_sampled_with_one_of_every_unit_and_all_means_all() {
        let many = |units: u64| -> Vec<Account> {
            (0..400).map(|n| member(n, &format!("a{n}"), &format!("/U{}", n % units))).collect()
        };
        for (units, expected) in [(1, 20), (30, 30), (200, 100)] {
            assert_eq!(sample(&many(units), None, false).len(), expected);
        }
        assert_eq!(sample(&many(30), None, true).len(), 400);
    }
}
