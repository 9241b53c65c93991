//! Whether the quotas leave room for what the plan adds.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Facts, Looked, Proof, Status, Topic};
use crate::ids::VpcId;
use crate::model::denial::Denial;
use crate::model::endpoint::{EndpointKind, EndpointState, OWNER_TAG};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::network::{Peer, Rule};
use crate::model::quota::{QuotaKind, QuotaValue};
use crate::model::spec::Settings;
use crate::plan::action::Verb;

/// How much of a quota is there, and what the plan adds, where it is tightest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Use {
    there: i64,
    added: i64,
}

impl Use {
    fn total(self) -> i64 {
        self.there + self.added
    }
}

/// The quotas that what accounts.toml asks for can run into.
pub fn needed(looked: &Looked) -> BTreeSet<QuotaKind> {
    let actions = looked.plan.actions.iter().chain(&looked.fresh.actions);
    actions
        .flat_map(|action| match &action.verb {
            Verb::CreateEndpoint(desired) if desired.key.kind == EndpointKind::Gateway => {
                vec![QuotaKind::GatewayEndpoints]
            }
            Verb::CreateEndpoint(_) => vec![QuotaKind::InterfaceEndpoints],
            Verb::CreateSecurityGroup(_) => vec![QuotaKind::SecurityGroups, QuotaKind::Rules],
            _ => Vec::new(),
        })
        .collect()
}

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let Some(Ok(looked)) = &facts.looked else { return Vec::new() };
    let check = |(kind, value): (&QuotaKind, &Result<QuotaValue, Failure>)| {
        let used = match kind {
            QuotaKind::InterfaceEndpoints => interfaces(looked),
            QuotaKind::GatewayEndpoints => gateways(looked),
            QuotaKind::SecurityGroups => groups(looked),
            QuotaKind::Rules => rules(facts.settings, looked),
        };
        match value {
            Ok(value) => against(facts, *kind, used, *value),
            Err(failure) => unread(*kind, used, failure),
        }
    };
    facts.quotas.iter().map(check).collect()
}

fn against(facts: &Facts, kind: QuotaKind, used: Use, value: QuotaValue) -> Check {
    let (value, proof) = match value {
        QuotaValue::Applied(value) => (value, Proof::Proven),
        QuotaValue::Default(value) => (value, Proof::Inferred),
    };
    let most = i64::try_from(value).unwrap_or(i64::MAX);
    let left = most.saturating_sub(used.total());
    let (noun, code, region) = (kind.noun(), kind.code(), &facts.target.region);
    let detail =
        format!("{} in use, the plan adds {}, the quota is {value}", used.there, used.added);
    let raise = || {
        let wanted = (used.total() * 3 / 2).max(most.saturating_mul(2));
        format!(
            "aws service-quotas request-service-quota-increase --region {region} --service-code vpc \
             --quota-code {code} --desired-value {wanted}   # in the account; or ask for less there"
        )
    };
    let check = if left < 0 && used.added > 0 {
        let text = format!("the plan needs more {noun} than the quota {code} allows");
        Check::problem(Topic::Quota, "quota-exhausted", text).next(raise())
    } else if used.added > 0 && left.saturating_mul(10) < most {
        let text = format!("the plan leaves less than a tenth of the quota {code}");
        Check::warning(Topic::Quota, "quota-nearly-exhausted", text).next(raise())
    } else {
        Check::ok(Topic::Quota, "", "there is room")
    };
    check.about(noun).detail(detail).rests_on(proof)
}

/// The account's own value is not known; it is never below AWS's default.
fn unread(kind: QuotaKind, used: Use, failure: &Failure) -> Check {
    let (default, noun) = (kind.documented(), kind.noun());
    let detail =
        format!("{} in use, the plan adds {}, AWS's default is {default}", used.there, used.added);
    let fits = used.total() <= i64::try_from(default).unwrap_or(i64::MAX) || used.added <= 0;
    let text = if fits {
        "the quota could not be read; there is room by AWS's default"
    } else {
        "the quota could not be read, and AWS's default is not enough"
    };
    let check = Check::unknown(Topic::Quota, "quota-not-read", text).about(noun).detail(detail);
    let next = (failure.class == ErrorClass::Denied).then(|| {
        let denial = Denial::read(&failure.message);
        let action =
            denial.action.clone().unwrap_or_else(|| "servicequotas:GetServiceQuota".to_owned());
        Denial { action: Some(action), ..denial }.next_for_member()
    });
    let status = if fits { Status::Unknown } else { Status::Warning };
    Check { status, next, ..check }.because(failure)
}

/// The VPC that has most of them after the plan.
fn interfaces(looked: &Looked) -> Use {
    let mut vpcs: BTreeMap<&VpcId, Use> = BTreeMap::new();
    for (vpc, kind, there, added) in endpoints(looked) {
        if *kind != EndpointKind::Gateway {
            let used = vpcs.entry(vpc).or_default();
            used.there += there;
            used.added += added;
        }
    }
    tightest(vpcs.into_values())
}

fn gateways(looked: &Looked) -> Use {
    let mut used = Use::default();
    for (_, kind, there, added) in endpoints(looked) {
        if *kind == EndpointKind::Gateway {
            used.there += there;
            used.added += added;
        }
    }
    used
}

/// The one the plan adds to comes first: of the others there is nothing to say.
fn tightest(all: impl Iterator<Item = Use>) -> Use {
    all.max_by_key(|used| (used.added > 0, used.total())).unwrap_or_default()
}

fn endpoints<'a>(
    looked: &'a Looked,
) -> impl Iterator<Item = (&'a VpcId, &'a EndpointKind, i64, i64)> {
    let there = looked.observed.endpoints.values();
    let there = there
        .filter(|one| one.state != EndpointState::Deleted)
        .map(|one| (&one.key.vpc, &one.key.kind, 1, 0));
    let new = looked.plan.actions.iter().filter_map(|action| match &action.verb {
        Verb::CreateEndpoint(one) => Some((&one.key.vpc, &one.key.kind, 0, 1)),
        Verb::DeleteEndpoint { key, .. } => Some((&key.vpc, &key.kind, 0, -1)),
        _ => None,
    });
    there.chain(new)
}

fn groups(looked: &Looked) -> Use {
    let there = looked.observed.vpcs.values().map(|vpc| vpc.security_groups.len()).sum::<usize>();
    let added = looked.plan.actions.iter().map(|action| match &action.verb {
        Verb::CreateSecurityGroup(_) => 1,
        Verb::DeleteSecurityGroup { .. } => -1,
        _ => 0,
    });
    Use { there: i64::try_from(there).unwrap_or(i64::MAX), added: added.sum() }
}

/// The fullest of the deployment's groups, in IPv4 or IPv6. A prefix list counts as one rule at least: how
/// many entries it may have is not read.
fn rules(settings: &Settings, looked: &Looked) -> Use {
    let count = |rules: &BTreeSet<Rule>, v6: bool| {
        let of_family = |rule: &&Rule| match &rule.peer {
            Peer::Cidr(net) => net.addr().is_ipv6() == v6,
            Peer::PrefixList(_) | Peer::Group(_) => true,
        };
        i64::try_from(rules.iter().filter(of_family).count()).unwrap_or(i64::MAX)
    };
    let all_groups = || looked.observed.vpcs.values().flat_map(|vpc| &vpc.security_groups);
    let uses = [false, true].into_iter().flat_map(|v6| {
        let planned = looked.plan.actions.iter().filter_map(move |action| match &action.verb {
            Verb::CreateSecurityGroup(group) => {
                Some(Use { there: 0, added: count(&group.ingress, v6) })
            }
            Verb::ModifySecurityGroup { id, authorize, revoke, .. } => {
                let (_, group) = all_groups().find(|(known, _)| *known == id)?;
                let added = count(authorize, v6) - count(revoke, v6);
                Some(Use { there: count(&group.ingress, v6), added })
            }
            _ => None,
        });
        let ours = all_groups().filter_map(move |(_, group)| {
            let is_ours = group.tags.get(OWNER_TAG) == Some(&settings.deployment);
            is_ours.then(|| Use { there: count(&group.ingress, v6), added: 0 })
        });
        planned.chain(ours)
    });
    tightest(uses)
}
