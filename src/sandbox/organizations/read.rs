//! What an organization tells about itself.

use serde_json::{Value, json};

use super::{Call, shapes};
use crate::sandbox::dice::Dice;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::world::Tags;
use crate::sandbox::world::account::Account;
use crate::sandbox::world::organization::Organization;

type Answer = Result<Value, Refusal>;

fn not_found(code: &'static str, message: &str) -> Refusal {
    Refusal::new(code, message)
}

pub(super) fn no_account() -> Refusal {
    not_found("AccountNotFoundException", "You specified an account that doesn't exist.")
}

fn no_parent() -> Refusal {
    not_found("ParentNotFoundException", "You specified parent that doesn't exist.")
}

/// `DescribeOrganization`: for every member.
pub(super) fn describe_organization(call: &mut Call) -> Answer {
    call.fields.finish()?;
    Ok(shapes::organization(call, call.organization()?))
}

/// `ListRoots`.
pub(super) fn list_roots(call: &mut Call) -> Answer {
    let page = call.page("ListRoots")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    let Organization { id, management, root, .. } = organization;
    let root = json!({
        "Id": root,
        "Arn": format!("arn:aws:organizations::{management}:root/{id}/{root}"),
        "Name": "Root",
        "PolicyTypes": [{ "Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED" }],
    });
    let (items, next) = page.cut([root], |_| "root".to_owned());
    Ok(shapes::list("Roots", items, next))
}

/// `ListOrganizationalUnitsForParent`.
pub(super) fn list_units_for_parent(call: &mut Call) -> Answer {
    let parent = call.fields.need("ParentId")?;
    let page = call.page("ListOrganizationalUnitsForParent")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    if !organization.is_parent(&parent) {
        return Err(no_parent());
    }
    let units = organization.units.values().filter(|unit| unit.parent == parent);
    let (items, next) = page.cut(units, |unit| unit.id.clone());
    let items = items.into_iter().map(|unit| shapes::unit(organization, unit));
    Ok(shapes::list("OrganizationalUnits", items, next))
}

/// `ListAccounts`.
pub(super) fn list_accounts(call: &mut Call) -> Answer {
    accounts(call, "ListAccounts", None)
}

/// `ListAccountsForParent`: those directly in the root or unit.
pub(super) fn list_accounts_for_parent(call: &mut Call) -> Answer {
    let parent = call.fields.need("ParentId")?;
    accounts(call, "ListAccountsForParent", Some(&parent))
}

fn accounts(call: &mut Call, action: &str, parent: Option<&str>) -> Answer {
    let page = call.page(action)?;
    call.fields.finish()?;
    let organization = call.readable()?;
    if parent.is_some_and(|parent| !organization.is_parent(parent)) {
        return Err(no_parent());
    }
    // A page may be empty and still not be the last.
    let mut dice = Dice::new(call.world.seed, &["empty page", action, parent.unwrap_or("")]);
    if call.options.empty_pages && page.first() && dice.below(3) == 0 {
        return Ok(shapes::list("Accounts", [], Some(page.again())));
    }
    let members = call.world.accounts.values().filter(|account| {
        !account.parent.is_empty() && parent.is_none_or(|parent| account.parent == parent)
    });
    let (items, next) = page.cut(members, |account| account.id.clone());
    let items = items.into_iter().map(|account| shapes::account(call, organization, account));
    Ok(shapes::list("Accounts", items, next))
}

/// `ListParents`: there is always one.
pub(super) fn list_parents(call: &mut Call) -> Answer {
    let child = call.fields.need("ChildId")?;
    let page = call.page("ListParents")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    let of_unit = organization.units.get(&child).map(|unit| unit.parent.clone());
    let parent = of_unit.or_else(|| member(call, &child).map(|account| account.parent.clone()));
    let message = "You specified a child that doesn't exist.";
    let parent = parent.ok_or_else(|| not_found("ChildNotFoundException", message))?;
    let kind = if parent == organization.root { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
    let (items, next) = page.cut([json!({ "Id": parent, "Type": kind })], |_| "parent".to_owned());
    Ok(shapes::list("Parents", items, next))
}

/// `ListChildren`.
pub(super) fn list_children(call: &mut Call) -> Answer {
    let parent = call.fields.need("ParentId")?;
    let kind = call.fields.need("ChildType")?;
    let page = call.page("ListChildren")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    if !organization.is_parent(&parent) {
        return Err(no_parent());
    }
    let ids: Vec<&String> = match kind.as_str() {
        "ACCOUNT" => {
            let members = call.world.accounts.values().filter(|account| account.parent == parent);
            members.map(|account| &account.id).collect()
        }
        "ORGANIZATIONAL_UNIT" => {
            let units = organization.units.values().filter(|unit| unit.parent == parent);
            units.map(|unit| &unit.id).collect()
        }
        _ => {
            let message = "You specified an invalid value.";
            return Err(Refusal::new("InvalidInputException", message).because("INVALID_ENUM"));
        }
    };
    let (items, next) = page.cut(ids, |id| (*id).clone());
    let items = items.into_iter().map(|id| json!({ "Id": id, "Type": kind }));
    Ok(shapes::list("Children", items, next))
}

/// `DescribeAccount`.
pub(super) fn describe_account(call: &mut Call) -> Answer {
    let id = call.fields.need("AccountId")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    let account = member(call, &id).ok_or_else(no_account)?;
    Ok(json!({ "Account": shapes::account(call, organization, account) }))
}

/// `DescribeOrganizationalUnit`.
pub(super) fn describe_unit(call: &mut Call) -> Answer {
    let id = call.fields.need("OrganizationalUnitId")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    let unit = organization.units.get(&id).ok_or_else(|| {
        let message = "You specified an organizational unit that doesn't exist.";
        not_found("OrganizationalUnitNotFoundException", message)
    })?;
    Ok(json!({ "OrganizationalUnit": shapes::unit(organization, unit) }))
}

/// `ListTagsForResource`.
pub(super) fn list_tags(call: &mut Call) -> Answer {
    let id = call.fields.need("ResourceId")?;
    let page = call.page("ListTagsForResource")?;
    call.fields.finish()?;
    call.readable()?;
    let tags = tags_of(call, &id).ok_or_else(no_target)?;
    let (items, next) = page.cut(tags, |(key, _)| (*key).clone());
    let items = items.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
    Ok(shapes::list("Tags", items, next))
}

pub(super) fn no_target() -> Refusal {
    let message = "You specified a target that doesn't exist.";
    not_found("TargetNotFoundException", message)
}

fn tags_of<'a>(call: &'a Call, id: &str) -> Option<&'a Tags> {
    let organization = call.world.organization.as_ref()?;
    if id == organization.root {
        return Some(&organization.root_tags);
    }
    let unit = organization.units.get(id).map(|unit| &unit.tags);
    unit.or_else(|| member(call, id).map(|account| &account.tags))
}

/// `ListDelegatedAdministrators`.
pub(super) fn list_delegated_administrators(call: &mut Call) -> Answer {
    let service = call.fields.text("ServicePrincipal")?;
    let page = call.page("ListDelegatedAdministrators")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    let delegated = organization.delegated.iter().filter(|(_, services)| {
        service.as_ref().is_none_or(|service| services.contains_key(service))
    });
    let (items, next) = page.cut(delegated, |(id, _)| (*id).clone());
    let items = items.into_iter().filter_map(|(id, services)| {
        let mut value = shapes::account(call, organization, member(call, id)?);
        let since = services.values().min().copied().unwrap_or(0);
        if let Some(members) = value.as_object_mut() {
            members.remove("Paths");
        }
        value["DelegationEnabledDate"] = shapes::seconds(since);
        Some(value)
    });
    Ok(shapes::list("DelegatedAdministrators", items, next))
}

/// `DescribeCreateAccountStatus`.
pub(super) fn describe_create_account_status(call: &mut Call) -> Answer {
    let id = call.fields.need("CreateAccountRequestId")?;
    call.fields.finish()?;
    let organization = call.readable()?;
    let request = organization.requests.get(&id).ok_or_else(|| {
        let message = "You specified a create account request that doesn't exist.";
        not_found("CreateAccountStatusNotFoundException", message)
    })?;
    Ok(shapes::request(call, request))
}

/// An account of the organization.
fn member<'a>(call: &'a Call, id: &str) -> Option<&'a Account> {
    call.world.accounts.get(id).filter(|account| !account.parent.is_empty())
}
