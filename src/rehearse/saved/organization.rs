//! Accounts, units and roles of a saved world.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{REGION_OFF, Seen, is_locked_out, network, salt};
use crate::ids::{AccountId, Region};
use crate::model::account::{Account, AccountState};

/// The tree of units; nothing where Organizations was not asked.
pub(super) fn organization(seen: &Seen<'_>) -> Value {
    let Some(management) = seen.management else { return Value::Null };
    let roots = seen.members.iter().find_map(|member| member.account.ou_ids.first());
    let delegated: Map<String, Value> = if seen.caller == management.as_str() {
        Map::new()
    } else {
        [(seen.caller.to_owned(), json!({ "linkwalk": 0 }))].into_iter().collect()
    };
    json!({
        "id": "o-rehearsal00",
        "management": management,
        "root": roots.map_or("r-root", String::as_str),
        "root_tags": {},
        "all_features": true,
        "units": units(seen),
        "delegated": delegated,
        "denials": {},
        "requests": {},
    })
}

fn units(seen: &Seen<'_>) -> Value {
    let mut units = Map::new();
    for Account { ou_ids, ou_path, .. } in seen.members.iter().map(|member| &member.account) {
        let names: Vec<_> = ou_path.split('/').filter(|name| !name.is_empty()).collect();
        for (depth, pair) in ou_ids.windows(2).enumerate() {
            // A name with a slash in it cannot be told apart; then ids stand for all of them.
            let is_clear = names.len() == ou_ids.len() - 1;
            let name = if is_clear { names[depth] } else { pair[1].as_str() };
            let unit = json!({ "id": pair[1], "name": name, "parent": pair[0], "tags": {} });
            units.insert(pair[1].clone(), unit);
        }
    }
    units.into()
}

/// Every account, and what was seen in it.
pub(super) fn accounts(seen: &Seen<'_>) -> Value {
    let mut accounts: BTreeMap<String, Value> = seen
        .members
        .iter()
        .map(|member| (member.account.id.to_string(), account(seen, &member.account)))
        .collect();
    let elsewhere = seen.via.iter().filter_map(|arn| arn.split(':').nth(4));
    let management = seen.management.map(AccountId::as_str);
    for id in elsewhere.chain(management).chain([seen.caller]) {
        let email = format!("{id}@example.com");
        let entry = || bare(id, id, &email, "ACTIVE", "");
        accounts.entry(id.to_owned()).or_insert_with(entry);
    }
    for arn in seen.via {
        let place = arn.split(':').nth(4).and_then(|id| accounts.get_mut(id));
        if let (Some(account), Some((_, role))) = (place, arn.split_once(":role/")) {
            let (name, described) = role_of(role);
            account["roles"][name] = described;
        }
    }
    accounts.into_iter().collect::<Map<_, _>>().into()
}

fn account(seen: &Seen<'_>, account: &Account) -> Value {
    let id = account.id.as_str();
    let email = if seen.with_emails { account.email.clone() } else { format!("{id}@example.com") };
    let state = match &account.state {
        AccountState::Unknown(_) => AccountState::Suspended.to_string(),
        known => known.to_string(),
    };
    let parent = account.ou_ids.last().map_or("", String::as_str);
    let mut described = bare(id, &account.name, &email, &state, parent);
    described["tags"] = json!(account.tags.clone().unwrap_or_default());
    let failures = seen.unreachable.iter().filter(|(target, _)| target.account == account.id);
    let is_closed = failures.clone().any(|(_, failure)| is_locked_out(failure));
    if !is_closed {
        let (name, role) = role_of(seen.role);
        described["roles"][name] = role;
    }
    let off = failures.filter(|(_, failure)| failure.code.as_deref() == Some(REGION_OFF));
    let off: BTreeSet<&Region> = off.map(|(target, _)| &target.region).collect();
    let on: BTreeSet<&Region> = seen.offers.keys().filter(|region| !off.contains(region)).collect();
    (described["regions_on"], described["regions_off"]) = (json!(on), json!(off));
    for (target, observed) in seen.observed.iter().filter(|(t, _)| t.account == account.id) {
        let region = network::region(target, observed, seen.offers.get(&target.region));
        described["regions"][target.region.as_str()] = region;
    }
    described
}

/// An account with nothing in it.
fn bare(id: &str, name: &str, email: &str, state: &str, parent: &str) -> Value {
    json!({
        "id": id, "name": name, "email": email, "state": state, "invited": false,
        "joined": 1_700_000_000_000_i64, "parent": parent, "tags": {}, "roles": {},
        "regions_on": [], "regions_off": [], "quotas": {}, "sessions_void_through": 0,
        "settles": null, "default_vpcs": false, "regions": {},
    })
}

/// A role that everybody may assume and that may do everything: what it was trusted and allowed with is not
/// seen from outside. The name may have a path before it.
fn role_of(name: &str) -> (String, Value) {
    let (path, name) = name.rsplit_once('/').map_or((String::new(), name), |(path, name)| {
        (format!("{}/", path.trim_start_matches('/')), name)
    });
    let role = json!({
        "path": format!("/{path}"), "trusts": ["*"], "external_id": null, "max_session": 3600,
        "tag_session": true, "source_identity": true, "allows": ["*"], "denies": [],
    });
    (name.to_owned(), role)
}

/// The number from which a region's new ids are drawn.
pub(super) fn salt_of(account: &str, region: &Region) -> u64 {
    salt(&[account, region.as_str()])
}
