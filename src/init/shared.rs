//! What must never be touched, and what perhaps should not be.

use std::collections::BTreeSet;

use super::units::{Choice, Pick};
use super::{Said, Seen, called, naming, some};
use crate::ids::AccountId;
use crate::model::account::Account;

/// `shared_root` besides the management account: delegated administrators among the consumers. They run
/// something for the whole organization, and whether they are consumers is for a person to say.
pub(super) fn shared_root(seen: &Seen, choice: &Choice<'_, '_>) -> Said<Vec<AccountId>> {
    let management = match &seen.management {
        Some(id) => format!("The management account, {id}, always is one of them"),
        None => "The management account always is one of them".to_owned(),
    };
    let mut why = vec![format!(
        "Never touched: accounts that own the shared resources. {management}; add the others."
    )];
    let Some(delegated) = &seen.delegated else {
        if !seen.listed {
            why.push("Delegated administrators could not be listed.".to_owned());
        }
        return Said { value: Vec::new(), why };
    };
    let found: Vec<_> = choice
        .picks
        .iter()
        .flat_map(Pick::accounts)
        .filter(|account| delegated.contains(&account.id))
        .collect();
    if !found.is_empty() {
        let names = some(found.iter().map(|account| called(account)).collect());
        why.push(format!("Delegated administrators, so perhaps one of those: {names}."));
    }
    let value: BTreeSet<_> = found.iter().map(|account| account.id.clone()).collect();
    Said { value: value.into_iter().collect(), why }
}

/// What `exclude` could name, each with the reason: units for trying things out, and accounts that are
/// retired by their names. Only a suggestion.
pub(super) fn exclude(choice: &Choice<'_, '_>, consumers: &[&Account]) -> Vec<(String, String)> {
    const MOST: usize = 10;
    let sandboxes = choice.picks.iter().filter(|pick| {
        pick.whole && pick.unit.name.and_then(naming::stage) == Some(naming::Stage::Sandbox)
    });
    let why = "for trying things out, by its name";
    let units = sandboxes.flat_map(|pick| pick.unit.selectors(true));
    let units = units.map(|selector| (selector, why.to_owned()));
    let retired = consumers.iter().filter(|account| naming::is_retired(&account.name));
    let retired = retired
        .map(|account| (account.id.to_string(), format!("{}: retired, by its name", account.name)));
    units.chain(retired).take(MOST).collect()
}
