//! From a scenario file to a world: organization, accounts, roles.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{self, File};
use super::{ScenarioError, network};
use crate::sandbox::auth::document::Document;
use crate::sandbox::catalogue::Catalogue;
use crate::sandbox::dice::Dice;
use crate::sandbox::ecr;
use crate::sandbox::world::account::{Account, AccountState, Role};
use crate::sandbox::world::bucket::Bucket;
use crate::sandbox::world::organization::{Denial, Organization};
use crate::sandbox::world::topic::{self, Topic};
use crate::sandbox::world::{World, zones};

type Done<T = ()> = Result<T, ScenarioError>;

/// The world of a file.
pub(super) fn world(file: &File) -> Done<World> {
    if file.format != 1 {
        let message = format!("this version reads scenarios of format 1, not {}", file.format);
        return Err(ScenarioError::new(message));
    }
    known_region(&file.home)?;
    let ids = ids(file)?;
    let mut world = World::empty(file.seed);
    world.home.clone_from(&file.home);
    world.clock_skew_seconds = file.clock_skew_seconds;
    world.operator.clone_from(&file.management.id);
    world.accounts.clear();
    let file::Management { id, name, email, vpc, policies: own } = &file.management;
    let mut management = Account::new(id, name, email);
    management.invited = true;
    management.operator_policies = documents("the operator", own)?;
    world.accounts.insert(id.clone(), management);
    if let Some(table) = &file.organization {
        world.organization = Some(organization(file, table, &ids)?);
    }
    for account in &file.account {
        add_account(&mut world, file, account, &ids)?;
    }
    place(&mut world, file, &ids)?;
    policies(&mut world, file, &ids)?;
    services(&mut world, file)?;
    faults(&mut world, file, &ids);
    buckets(&mut world, file, &ids)?;
    topics(&mut world, file, &ids)?;
    repositories(&mut world, file, &ids)?;
    for vpc in vpc {
        network::add_vpc(&mut world, id, vpc, &ids)?;
    }
    for account in &file.account {
        for vpc in &account.vpc {
            network::add_vpc(&mut world, &ids[&account.name], vpc, &ids)?;
        }
    }
    Ok(world)
}

/// Refuses a region that there is not.
pub(super) fn known_region(name: &str) -> Done {
    if zones::facts(name).is_some() {
        return Ok(());
    }
    Err(ScenarioError::new(format!("there is no region `{name}`")))
}

/// Account ids by name.
fn ids(file: &File) -> Done<BTreeMap<String, String>> {
    let mut ids = BTreeMap::from([(file.management.name.clone(), file.management.id.clone())]);
    let mut taken: BTreeSet<_> =
        file.account.iter().filter_map(|account| account.id.clone()).collect();
    taken.insert(file.management.id.clone());
    for account in &file.account {
        let id = account.id.clone().unwrap_or_else(|| {
            let mut dice = Dice::new(file.seed, &["account id", &account.name]);
            loop {
                let id = (100_000_000_000 + dice.below(899_999_999_999)).to_string();
                if taken.insert(id.clone()) {
                    return id;
                }
            }
        });
        if ids.insert(account.name.clone(), id).is_some() {
            let message = format!("two accounts are named `{}`", account.name);
            return Err(ScenarioError::new(message));
        }
    }
    let mut seen = BTreeSet::new();
    for (name, id) in &ids {
        if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("account `{name}`: an id has twelve digits, `{id}` has not");
            return Err(ScenarioError::new(message));
        }
        if !seen.insert(id) {
            return Err(ScenarioError::new(format!(
                "account `{name}`: the id {id} is there twice"
            )));
        }
    }
    Ok(ids)
}

fn organization(
    file: &File,
    table: &file::OrganizationTable,
    ids: &BTreeMap<String, String>,
) -> Done<Organization> {
    let mut organization = Organization::new(file.seed, &file.management.id);
    organization.root_tags.clone_from(&table.tags);
    for unit in &file.unit {
        let id = unit_of(&mut organization, file.seed, &unit.path)?;
        if let Some(held) = organization.units.get_mut(&id) {
            held.tags.clone_from(&unit.tags);
        }
    }
    for (name, services) in &table.delegated {
        let id = account_id(ids, name)?;
        let since = services.iter().map(|service| (service.clone(), 1_700_000_000_000)).collect();
        organization.delegated.insert(id, since);
    }
    Ok(organization)
}

/// The id of an account by its name or id.
pub(super) fn account_id(ids: &BTreeMap<String, String>, name: &str) -> Done<String> {
    let by_id = || ids.values().find(|id| *id == name);
    let found = ids.get(name).or_else(by_id).cloned();
    found.ok_or_else(|| ScenarioError::new(format!("there is no account `{name}`")))
}

/// The id of the unit at a path; it and those above it are made if they are not there.
fn unit_of(organization: &mut Organization, seed: u64, path: &str) -> Done<String> {
    if !path.starts_with('/') {
        return Err(ScenarioError::new(format!("the path of a unit begins with `/`: `{path}`")));
    }
    let mut at = organization.root.clone();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let held = organization.child_named(&at, name).map(|unit| unit.id.clone());
        at = held.unwrap_or_else(|| organization.add_unit(seed, &at, name, BTreeMap::new()));
    }
    Ok(at)
}

fn add_account(
    world: &mut World,
    file: &File,
    described: &file::Account,
    ids: &BTreeMap<String, String>,
) -> Done {
    let id = &ids[&described.name];
    let email =
        described.email.clone().unwrap_or_else(|| format!("{}@example.com", described.name));
    let mut account = Account::new(id, &described.name, &email);
    account.state = described.state.unwrap_or(AccountState::Active);
    account.invited = described.invited;
    account.tags.clone_from(&described.tags);
    account.quotas = described.quotas.clone();
    account.default_vpcs = described.default_vpcs;
    for region in described.regions_on.iter().chain(&described.regions_off) {
        known_region(region)?;
    }
    account.regions_on = described.regions_on.iter().cloned().collect();
    account.regions_off = described.regions_off.iter().cloned().collect();
    let management = &file.management.id;
    match &described.roles {
        None => {
            let name = "OrganizationAccountAccessRole".to_owned();
            account.roles.insert(name, Role::administrator(management));
        }
        Some(roles) => {
            for described in roles {
                account.roles.insert(described.name.clone(), role(described, management, ids)?);
            }
        }
    }
    world.accounts.insert(id.clone(), account);
    Ok(())
}

/// Policy documents from their texts.
fn documents<'a>(of: &str, texts: impl IntoIterator<Item = &'a String>) -> Done<Vec<Document>> {
    let read = |text: &String| {
        text.parse().map_err(|why: String| ScenarioError::new(format!("a policy of {of}: {why}")))
    };
    texts.into_iter().map(read).collect()
}

fn role(described: &file::Role, management: &str, ids: &BTreeMap<String, String>) -> Done<Role> {
    let trusts = described.trusts.clone().unwrap_or_else(|| vec![management.to_owned()]);
    Ok(Role {
        path: described.path.clone(),
        // A name of an account stands for its id; everything else is taken as it is.
        trusts: trusts.into_iter().map(|name| ids.get(&name).cloned().unwrap_or(name)).collect(),
        external_id: described.external_id.clone(),
        max_session: described.max_session_seconds,
        tag_session: described.tag_session,
        source_identity: described.source_identity,
        allows: described.allows.clone(),
        denies: described.denies.clone(),
        policies: documents(&described.name, &described.policies)?,
        trust_policy: documents(&described.name, &described.trust_policy)?.pop(),
        boundary: described.boundary.clone(),
    })
}

/// Puts the accounts into their units.
fn place(world: &mut World, file: &File, ids: &BTreeMap<String, String>) -> Done {
    let Some(organization) = &mut world.organization else {
        return Ok(());
    };
    let root = organization.root.clone();
    if let Some(management) = world.accounts.get_mut(&file.management.id) {
        management.parent.clone_from(&root);
    }
    for described in &file.account {
        let path = described.unit.as_deref().unwrap_or("/");
        let parent = unit_of(organization, file.seed, path)?;
        if let Some(account) = world.accounts.get_mut(&ids[&described.name]) {
            account.parent = parent;
        }
    }
    Ok(())
}

fn policies(world: &mut World, file: &File, ids: &BTreeMap<String, String>) -> Done {
    for policy in &file.policy {
        let Some(organization) = &mut world.organization else {
            return Err(ScenarioError::new("policies need an `[organization]`"));
        };
        let target = if policy.target.starts_with('/') {
            unit_of(organization, file.seed, &policy.target)?
        } else {
            account_id(ids, &policy.target)?
        };
        organization.denials.entry(target).or_default().push(Denial {
            policy: policy.id.clone(),
            actions: policy.deny.clone(),
            regions: policy.regions.clone(),
        });
    }
    Ok(())
}

fn services(world: &mut World, file: &File) -> Done {
    for service in &file.service {
        let region = service.region.as_ref().unwrap_or(&file.home);
        known_region(region)?;
        let name = Catalogue::embedded().full_name(region, &service.name);
        let missing =
            || ScenarioError::new(format!("there is no service `{}` in {region}", service.name));
        let known: Vec<_> = zones::facts(region).map(zones::zone_ids).unwrap_or_default();
        if let Some(zone) = service.zones.iter().find(|zone| !known.contains(zone)) {
            return Err(ScenarioError::new(format!("there is no zone `{zone}` in {region}")));
        }
        world.zone_support.insert(name.ok_or_else(missing)?, service.zones.clone());
    }
    Ok(())
}

fn faults(world: &mut World, file: &File, ids: &BTreeMap<String, String>) {
    world.faults.clone_from(&file.fault);
    for rule in &mut world.faults {
        if let Some(id) = ids.get(&rule.account) {
            rule.account.clone_from(id);
        }
    }
}

/// Whose a bucket or topic is, and where.
fn place_of(file: &File, place: &file::Place, ids: &BTreeMap<String, String>) -> Done<[String; 2]> {
    let region = place.region.clone().unwrap_or_else(|| file.home.clone());
    known_region(&region)?;
    let owner = place.account.as_deref().unwrap_or(&file.management.id);
    Ok([account_id(ids, owner)?, region])
}

fn buckets(world: &mut World, file: &File, ids: &BTreeMap<String, String>) -> Done {
    for described in &file.bucket {
        let [account, region] = place_of(file, described, ids)?;
        let bucket = Bucket { account, region, objects: BTreeMap::new() };
        if world.buckets.insert(described.name.clone(), bucket).is_some() {
            let message = format!("two buckets are named `{}`", described.name);
            return Err(ScenarioError::new(message));
        }
    }
    Ok(())
}

fn topics(world: &mut World, file: &File, ids: &BTreeMap<String, String>) -> Done {
    for described in &file.topic {
        let [account, region] = place_of(file, described, ids)?;
        if !topic::is_name(&described.name) {
            let message = format!("a topic cannot be named `{}`", described.name);
            return Err(ScenarioError::new(message));
        }
        let arn = format!("arn:aws:sns:{region}:{account}:{}", described.name);
        world.topics.insert(arn, Topic::default());
    }
    Ok(())
}

fn repositories(world: &mut World, file: &File, ids: &BTreeMap<String, String>) -> Done {
    let organization = world.organization.as_ref().map(|one| one.id.clone()).unwrap_or_default();
    for described in &file.repository {
        let file::Repository { name, region, account, policy } = described;
        let place =
            file::Place { name: name.clone(), region: region.clone(), account: account.clone() };
        let [account, region] = place_of(file, &place, ids)?;
        if !ecr::is_name(name) {
            return Err(ScenarioError::new(format!("a repository cannot be named `{name}`")));
        }
        let arn = ecr::arn(&region, &account, name);
        let policy = policy.as_ref().map(|text| text.replace("ORGANIZATION", &organization));
        if world.repositories.insert(arn, policy).is_some() {
            return Err(ScenarioError::new(format!("two repositories are named `{name}`")));
        }
    }
    Ok(())
}
