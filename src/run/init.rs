//! The first look around: who is there, which role opens the accounts, and what some of them look like.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, stream};

use super::budget::Budget;
use super::discover::nobody_listed;
use super::fleet::{Turn, fleet};
use super::observe::READERS;
use super::{Run, Target, Targets};
use crate::aws::{Organizations, Sessions};
use crate::ids::{AccountId, Region, TargetId};
use crate::init::{Look, RoleTried, Seen, sample};
use crate::model::account::{Account, AccountState};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::region;
use crate::plan::outcome::Outcome;
use crate::report::event::{EventKind, Phase, Step};
use crate::shutdown::Level;

/// Accounts on which roles are tried.
const HANDFUL: usize = 6;

/// Regions of one account that are read at once.
const REGIONS: usize = 8;

/// What to look at.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Roles to try, in this order.
    pub roles: Vec<String>,
    /// Where to look; empty: in every enabled region.
    pub regions: Vec<Region>,
    /// The accounts, where Organizations is not to be asked.
    pub accounts: Vec<AccountId>,
    /// Every account instead of a sample.
    pub all: bool,
    /// Whether this is the sandbox.
    pub sandbox: bool,
}

/// Looks around. Reads only. `None` when someone has asked to stop.
pub async fn look_around(run: &Arc<Run>, asked: &Asked) -> Result<Option<Seen>, Failure> {
    run.sessions.caller().await?;
    let organizations = run.sessions.organizations(Arc::new(|_| {}));
    let (management, accounts) = members(&organizations, asked).await?;
    let delegated = if asked.accounts.is_empty() {
        organizations.delegated_administrators().await.ok()
    } else {
        None
    };
    let chosen = sample(&accounts, management.as_ref(), asked.all || !asked.accounts.is_empty());
    let chosen: Vec<Account> = chosen.into_iter().cloned().collect();
    run.events.send(EventKind::Discovered {
        consumers: chosen.len(),
        skipped: accounts.len() - chosen.len(),
        targets: chosen.len(),
    });
    let (sessions, roles) = best_role(run, &chosen, &asked.roles).await;
    let role = sessions.role().to_owned();
    let looks = look(run, Arc::new(sessions), &chosen, &asked.regions).await;
    if run.shutdown.level() > Level::Run {
        return Ok(None);
    }
    Ok(Some(Seen {
        sandbox: asked.sandbox,
        management,
        accounts,
        listed: !asked.accounts.is_empty(),
        delegated,
        roles,
        role,
        external_id: run.config.organization.external_id.clone(),
        regions: asked.regions.clone(),
        home: run.config.organization.regions[0].clone(),
        looks,
    }))
}

/// The organization's members, or the accounts that were named.
async fn members(
    organizations: &Organizations,
    asked: &Asked,
) -> Result<(Option<AccountId>, Vec<Account>), Failure> {
    if !asked.accounts.is_empty() {
        let management = organizations.describe().await.ok().map(|(_, id)| id);
        if let Some(id) = management.as_ref().filter(|id| asked.accounts.contains(id)) {
            let wrong = format!("{id} is the management account, which is never touched");
            return Err(Failure::local("--account", ErrorClass::Invalid, wrong));
        }
        let distinct: BTreeSet<_> = asked.accounts.iter().collect();
        return Ok((management, distinct.into_iter().map(named).collect()));
    }
    let told = |mut failure: Failure| {
        if failure.class != ErrorClass::Credentials {
            failure.hint = Some(HINT.to_owned());
        }
        failure
    };
    let (_, management) = organizations.describe().await.map_err(told)?;
    let mut accounts = organizations.accounts().await.map_err(told)?;
    if accounts.is_empty() {
        return Err(told(nobody_listed()));
    }
    accounts.sort_by(|a, b| (&a.ou_path, &a.name, &a.id).cmp(&(&b.ou_path, &b.name, &b.id)));
    Ok((Some(management), accounts))
}

/// What helps who may not read the organization.
const HINT: &str = "run as the management account or a delegated administrator (AWS_PROFILE says as whom); or name \
                    the accounts: linkwalk init --account 111122223333; or write a starter without asking \
                    anybody: linkwalk init --offline";

/// An account of which no more than its id is known.
fn named(id: &AccountId) -> Account {
    Account {
        id: id.clone(),
        name: id.to_string(),
        email: String::new(),
        ou_path: "/".to_owned(),
        ou_ids: Vec::new(),
        tags: None,
        state: AccountState::Active,
    }
}

/// Sessions with the role that opens most of a handful of accounts; of equals the first.
async fn best_role(run: &Run, chosen: &[Account], roles: &[String]) -> (Sessions, Vec<RoleTried>) {
    let handful: Vec<_> = chosen.iter().take(HANDFUL).map(|account| &account.id).collect();
    let mut tried: Vec<RoleTried> = Vec::new();
    for role in roles {
        let sessions = run.sessions.assuming(role);
        let opened = stream::iter(&handful)
            .map(|account| sessions.enter(account))
            .buffer_unordered(HANDFUL)
            .filter(|entered| std::future::ready(entered.is_ok()))
            .count()
            .await;
        tried.push(RoleTried { role: role.clone(), opened, tried: handful.len() });
        if opened == handful.len() {
            break;
        }
    }
    let best = tried.iter().rev().max_by_key(|tried| tried.opened);
    let role = best.map_or(run.sessions.role(), |tried| &tried.role);
    (run.sessions.assuming(role), tried)
}

/// Looks at these accounts, many at a time.
async fn look(
    run: &Arc<Run>,
    sessions: Arc<Sessions>,
    chosen: &[Account],
    regions: &[Region],
) -> BTreeMap<AccountId, Result<Look, Failure>> {
    run.events.send(EventKind::PhaseStarted { phase: Phase::Observe, targets: chosen.len() });
    let home = &run.config.organization.regions[0];
    let mut targets = Targets::new(&run.config, None);
    let targets = chosen.iter().map(|account| targets.of(account, home));
    let work = |target: Arc<Target>, _slot, _entry| {
        let (run, sessions, regions) = (Arc::clone(run), Arc::clone(&sessions), regions.to_vec());
        async move {
            let (id, name) = (target.id.clone(), target.name.clone());
            run.events.send(EventKind::TargetStarted { target: id.clone(), name });
            run.events.send(EventKind::TargetStep { target: id, step: Step::Observing });
            let looked = tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Abort) => return None,
                looked = look_at(&run, &sessions, &target.id, regions) => looked,
            };
            run.events.send(told(&target, &looked));
            Some(looked)
        }
    };
    let budget = Budget::unlimited();
    let mut looks = BTreeMap::new();
    for (target, turn) in fleet(targets.collect(), READERS, &run.shutdown, &budget, work).await {
        let looked = match turn {
            Turn::Done(Some(looked)) => looked,
            Turn::Panicked(failure) => Err(failure),
            Turn::Done(None) | Turn::NotStarted(_) => continue,
        };
        looks.insert(target.id.account.clone(), looked);
    }
    run.events.send(EventKind::PhaseFinished { phase: Phase::Observe });
    looks
}

/// How the look at an account ended: one that could not be entered is told at once.
fn told(target: &Target, looked: &Result<Look, Failure>) -> EventKind {
    let (id, name) = (target.id.clone(), target.name.clone());
    match looked {
        Ok(_) => EventKind::TargetPlanned {
            target: id,
            name,
            create: 0,
            modify: 0,
            delete: 0,
            blocked: 0,
        },
        Err(failure) => EventKind::TargetFinished {
            target: id,
            name,
            outcome: Outcome::Unreachable { failure: failure.clone() },
        },
    }
}

/// One account, in these regions or in all that are enabled. An account in which no region can be read was not
/// looked at.
async fn look_at(
    run: &Run,
    sessions: &Sessions,
    home: &TargetId,
    regions: Vec<Region>,
) -> Result<Look, Failure> {
    sessions.enter(&home.account).await?;
    let regions = if regions.is_empty() { enabled(run, sessions, home).await? } else { regions };
    let surveys = stream::iter(regions.into_iter().collect::<BTreeSet<_>>()).map(|region| async {
        let target = TargetId { account: home.account.clone(), region };
        let surveyed = sessions.ec2(&target, run.on_throttle(&target)).survey().await;
        (target.region, surveyed)
    });
    let mut look = Look::default();
    for (region, surveyed) in surveys.buffer_unordered(REGIONS).collect::<Vec<_>>().await {
        match surveyed {
            Ok(observed) => drop(look.regions.insert(region, observed)),
            Err(failure) => drop(look.failures.insert(region, failure)),
        }
    }
    match look.failures.pop_first() {
        Some((_, failure)) if look.regions.is_empty() => Err(failure),
        Some((region, failure)) => {
            look.failures.insert(region, failure);
            Ok(look)
        }
        None => Ok(look),
    }
}

/// The account's regions, those of the partition: an emulator may know more. Every account has some that cannot be disabled, and one of those answers where the
/// region in which the walk began is not enabled here.
async fn enabled(run: &Run, sessions: &Sessions, home: &TargetId) -> Result<Vec<Region>, Failure> {
    let asked = match sessions.ec2(home, run.on_throttle(home)).regions().await {
        Err(failure) if failure.class == ErrorClass::NotEnabled => {
            let partition = region::partition(&home.region);
            let region = partition.map_or("us-east-1", |partition| partition.home);
            let elsewhere =
                TargetId { account: home.account.clone(), region: Region::from(region) };
            sessions.ec2(&elsewhere, run.on_throttle(&elsewhere)).regions().await
        }
        answer => answer,
    }?;
    let partition = region::partition_of(&home.region);
    Ok(asked.into_iter().filter(|region| region::partition_of(region) == partition).collect())
}
