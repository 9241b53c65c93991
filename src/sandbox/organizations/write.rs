//! How an organization is built.

use serde_json::{Value, json};

use super::read::{no_account, no_target};
use super::{Call, denied, shapes};
use crate::sandbox::dice::Dice;
use crate::sandbox::load::delay;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::world::Tags;
use crate::sandbox::world::account::{Account, AccountState, Role};
use crate::sandbox::world::organization::{AccountRequest, Organization};

type Answer = Result<Value, Refusal>;

/// The most levels of units under the root.
const DEPTH: usize = 5;

/// `CreateOrganization`: the caller's account becomes the management account.
pub(super) fn create_organization(call: &mut Call) -> Answer {
    let features = call.fields.text("FeatureSet")?.unwrap_or_else(|| "ALL".to_owned());
    call.fields.finish()?;
    if !matches!(features.as_str(), "ALL" | "CONSOLIDATED_BILLING") {
        let message = "You specified an invalid value.";
        return Err(Refusal::new("InvalidInputException", message).because("INVALID_ENUM"));
    }
    if call.organization().is_ok() || call.world.organization.is_some() {
        let message = "The AWS account is already a member of an organization.";
        return Err(Refusal::new("AlreadyInOrganizationException", message));
    }
    let mut organization = Organization::new(call.world.seed, call.account);
    organization.all_features = features == "ALL";
    let root = organization.root.clone();
    if let Some(account) = call.world.accounts.get_mut(call.account) {
        account.parent = root;
        account.invited = true;
        account.joined = call.now.wall;
    }
    call.world.organization = Some(organization);
    Ok(shapes::organization(call, call.organization()?))
}

/// `CreateOrganizationalUnit`.
pub(super) fn create_unit(call: &mut Call) -> Answer {
    let parent = call.fields.need("ParentId")?;
    let name = call.fields.need("Name")?;
    let tags = call.fields.tags("Tags")?;
    call.fields.finish()?;
    let seed = call.world.seed;
    let organization = call.writable()?;
    if !organization.is_parent(&parent) {
        let message = "You specified parent that doesn't exist.";
        return Err(Refusal::new("ParentNotFoundException", message));
    }
    if organization.child_named(&parent, &name).is_some() {
        let message = "An OU with the same name already exists.";
        return Err(Refusal::new("DuplicateOrganizationalUnitException", message));
    }
    if organization.ancestry(&parent).len() > DEPTH {
        let message = "You have exceeded the allowed OU depth limit.";
        return Err(Refusal::new("ConstraintViolationException", message)
            .because("OU_DEPTH_LIMIT_EXCEEDED"));
    }
    let id = organization.add_unit(seed, &parent, &name, tags);
    let unit = organization.units.get(&id).ok_or_else(denied)?;
    Ok(json!({ "OrganizationalUnit": shapes::unit(organization, unit) }))
}

/// `CreateAccount`: it is active, with its administrator's role, some seconds later.
pub(super) fn create_account(call: &mut Call) -> Answer {
    let email = call.fields.need("Email")?;
    let name = call.fields.need("AccountName")?;
    let role =
        call.fields.text("RoleName")?.unwrap_or_else(|| "OrganizationAccountAccessRole".to_owned());
    call.fields.text("IamUserAccessToBilling")?;
    let tags = call.fields.tags("Tags")?;
    call.fields.finish()?;
    let management = call.writable()?.management.clone();
    let taken = call.world.accounts.values().any(|account| account.email == email);
    let serial = call.world.next_serial().to_string();
    let mut dice = Dice::new(call.world.seed, &["account", &serial]);
    let wait = delay::account_created(&mut dice);
    let request = AccountRequest {
        id: format!("car-{}", dice.hex(32)),
        name: name.clone(),
        account: (!taken).then(|| new_account_id(call, &mut dice)),
        failure: taken.then(|| "EMAIL_ALREADY_EXISTS".to_owned()),
        requested: call.now.wall,
        done_sim: call.now.sim + wait,
        done_wall: call.now.wall + wait,
    };
    if let Some(id) = &request.account {
        let mut account = Account::new(id, &name, &email);
        account.state = AccountState::PendingActivation;
        account.settles = Some(request.done_sim);
        account.joined = call.now.wall;
        account.parent.clone_from(&call.organization()?.root);
        account.tags = tags;
        account.default_vpcs = true;
        account.roles.insert(role, Role::administrator(&management));
        call.world.accounts.insert(id.clone(), account);
    }
    let answer = shapes::request(call, &request);
    call.writable()?.requests.insert(request.id.clone(), request);
    Ok(answer)
}

fn new_account_id(call: &Call, dice: &mut Dice) -> String {
    loop {
        let id = format!("{:012}", 100_000_000_000 + dice.below(899_999_999_999));
        if !call.world.accounts.contains_key(&id) {
            return id;
        }
    }
}

/// `MoveAccount`.
pub(super) fn move_account(call: &mut Call) -> Answer {
    let id = call.fields.need("AccountId")?;
    let source = call.fields.need("SourceParentId")?;
    let destination = call.fields.need("DestinationParentId")?;
    call.fields.finish()?;
    let organization = call.writable()?;
    let refused = |code: &'static str, message: &str| Err(Refusal::new(code, message));
    if !organization.is_parent(&source) {
        let message = "We can't find a source root or OU with the ParentId that you specified.";
        return refused("SourceParentNotFoundException", message);
    }
    if !organization.is_parent(&destination) {
        let message = "We can't find the destination container (a root or OU) with the ParentId that you specified.";
        return refused("DestinationParentNotFoundException", message);
    }
    let account = call.world.accounts.get_mut(&id).filter(|account| !account.parent.is_empty());
    let account = account.ok_or_else(no_account)?;
    if account.parent == destination {
        return refused(
            "DuplicateAccountException",
            "That account is already present in the specified destination.",
        );
    }
    if account.parent != source {
        return Err(no_account());
    }
    account.parent = destination;
    Ok(Value::Null)
}

/// `CloseAccount`: it is closed some minutes later.
pub(super) fn close_account(call: &mut Call) -> Answer {
    let id = call.fields.need("AccountId")?;
    call.fields.finish()?;
    let management = call.writable()?.management.clone();
    if id == management {
        let message = "You can't close the management account.";
        return Err(Refusal::new("ConstraintViolationException", message)
            .because("CANNOT_CLOSE_MANAGEMENT_ACCOUNT"));
    }
    let sim = call.now.sim;
    let account = call.world.accounts.get_mut(&id).filter(|account| !account.parent.is_empty());
    let account = account.ok_or_else(no_account)?;
    if account.state != AccountState::Active {
        let message = "The account is already closed.";
        return Err(Refusal::new("AccountAlreadyClosedException", message));
    }
    account.state = AccountState::PendingClosure;
    account.settles = Some(sim + 120_000);
    Ok(Value::Null)
}

/// `RegisterDelegatedAdministrator`.
pub(super) fn register_delegated_administrator(call: &mut Call) -> Answer {
    let id = call.fields.need("AccountId")?;
    let service = call.fields.need("ServicePrincipal")?;
    call.fields.finish()?;
    call.writable()?;
    if call.world.accounts.get(&id).is_none_or(|account| account.parent.is_empty()) {
        return Err(no_account());
    }
    if !service.ends_with(".amazonaws.com") {
        let message = "You specified an unrecognized service principal.";
        let refusal = Refusal::new("InvalidInputException", message);
        return Err(refusal.because("UNRECOGNIZED_SERVICE_PRINCIPAL"));
    }
    let now = call.now.wall;
    let services = call.writable()?.delegated.entry(id).or_default();
    if services.contains_key(&service) {
        let message =
            "The specified account is already a delegated administrator for this AWS service.";
        return Err(Refusal::new("AccountAlreadyRegisteredException", message));
    }
    services.insert(service, now);
    Ok(Value::Null)
}

/// `TagResource`.
pub(super) fn tag(call: &mut Call) -> Answer {
    let id = call.fields.need("ResourceId")?;
    let new = call.fields.tags("Tags")?;
    call.fields.finish()?;
    call.writable()?;
    let tags = tags_mut(call, &id).ok_or_else(no_target)?;
    let more = new.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + more > 50 {
        let message = "You have exceeded the number of tags allowed on this resource.";
        return Err(
            Refusal::new("ConstraintViolationException", message).because("MAX_TAG_LIMIT_EXCEEDED")
        );
    }
    tags.extend(new);
    Ok(Value::Null)
}

/// `UntagResource`.
pub(super) fn untag(call: &mut Call) -> Answer {
    let id = call.fields.need("ResourceId")?;
    let keys = call.fields.texts("TagKeys")?;
    call.fields.finish()?;
    call.writable()?;
    let tags = tags_mut(call, &id).ok_or_else(no_target)?;
    tags.retain(|key, _| !keys.contains(key));
    Ok(Value::Null)
}

fn tags_mut<'a>(call: &'a mut Call, id: &str) -> Option<&'a mut Tags> {
    let organization = call.world.organization.as_mut()?;
    if id == organization.root {
        return Some(&mut organization.root_tags);
    }
    if let Some(unit) = organization.units.get_mut(id) {
        return Some(&mut unit.tags);
    }
    let account = call.world.accounts.get_mut(id)?;
    (!account.parent.is_empty()).then_some(&mut account.tags)
}
