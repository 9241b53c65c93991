//! One target's plan: VPC by VPC, gateways first, because an S3 interface endpoint leans on one.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{SubnetId, TargetId};
use crate::model::endpoint::{EndpointKey, EndpointKind, OWNER_TAG, Tags};
use crate::model::network::Vpc;
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::{Catalogue, short_name};
use crate::model::spec::{EndpointSpec, GroupRef, Settings, VpcSelector};
use crate::plan::action::ActionId;
use crate::plan::aim::{Aim, Changes, Mode, Purpose, Usage};
use crate::plan::dns::S3Gateway;
use crate::plan::draft::{Draft, Refusal};
use crate::plan::group::Group;
use crate::plan::orphan::Orphans;
use crate::plan::removal::Removal;
use crate::plan::service::Wanted;
use crate::plan::{
    TargetPlan, appliance, destroy, dns, gateway, interface, narrow, quota, select, service,
};

/// Everything that is known while one VPC is planned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) target: &'a TargetId,
    pub(super) settings: &'a Settings,
    pub(super) observed: &'a Observed,
    pub(super) catalogue: &'a Catalogue,
    pub(super) vpc: &'a Vpc,
    pub(super) changes: &'a Changes,
}

impl<'a> Site<'a> {
    /// Whether these are the tags of something of ours.
    pub(super) fn is_ours(&self, tags: &Tags) -> bool {
        is_ours(tags, self.settings)
    }

    /// Every endpoint of the VPC.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = &'a Endpoint> {
        let vpc = self.vpc;
        self.observed.endpoints.values().filter(move |endpoint| endpoint.key.vpc == vpc.id)
    }

    /// Identity of a wanted endpoint in this VPC.
    pub(super) fn key(&self, wanted: &Wanted) -> EndpointKey {
        EndpointKey {
            vpc: self.vpc.id.clone(),
            service: wanted.offer.name.clone(),
            kind: wanted.offer.kind.clone(),
        }
    }
}

/// Whether these are the tags of something of this deployment. What AWS services made is never ours,
/// whatever its tags say; see [`Endpoint::requester_managed`].
pub(super) fn is_ours(tags: &Tags, settings: &Settings) -> bool {
    tags.get(OWNER_TAG) == Some(&settings.deployment)
}

/// What the endpoints of one VPC share while they are planned one after the other.
pub(super) struct Vicinity<'a> {
    /// The deployment's security group.
    pub(super) group: Group<'a>,
    /// The gateway an S3 interface endpoint can lean on.
    pub(super) s3_gateway: Option<S3Gateway>,
    /// Private DNS names that endpoints of this plan take, and which.
    pub(super) names: BTreeMap<String, String>,
    /// The actions that turn on the VPC's DNS attributes; `None` while nothing has needed them.
    pub(super) turned_on: Option<BTreeSet<ActionId>>,
    /// Addresses that are still free once this plan is carried out.
    pub(super) free: BTreeMap<SubnetId, u32>,
    /// Subnets that endpoints of ours are in.
    pub(super) in_use: BTreeSet<SubnetId>,
}

/// Works out what one target needs to be as accounts.toml says. Everything AWS would refuse is blocked,
/// with its reason.
pub fn plan_target(
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    catalogue: &Catalogue,
) -> TargetPlan {
    plan_for(&Aim::default(), target, settings, observed, catalogue, None)
}

/// The same for any aim. `usage` is who uses what would be deleted; without it nothing is taken to be
/// in use, which is for finding out what has to be asked.
pub fn plan_for(
    aim: &Aim,
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    catalogue: &Catalogue,
    usage: Option<&Usage>,
) -> TargetPlan {
    let removal = Removal { target, observed, deletions: &aim.deletions, usage };
    match &aim.purpose {
        Purpose::Destroy => destroy::plan(target, settings, observed, &aim.deletions, usage),
        Purpose::Converge(changes) => {
            let whole = converge(changes, removal, settings, catalogue);
            narrow::allowed(whole, changes)
        }
    }
}

fn converge(
    changes: &Changes,
    removal: Removal,
    settings: &Settings,
    catalogue: &Catalogue,
) -> TargetPlan {
    let Removal { target, observed, .. } = removal;
    let mut draft = Draft::default();
    let mut wanted = Vec::new();
    let mut unresolved = Vec::new();
    for spec in &settings.endpoints {
        match service::resolve(spec, &target.region, catalogue) {
            Ok(one) => admit(one, &mut wanted, &mut draft),
            Err(refusal) => {
                draft.block(None, service::named(&spec.service), refusal);
                unresolved.push(spec);
            }
        }
    }
    let vpcs = selected_vpcs(target, settings, observed, &mut draft);
    for vpc in &vpcs {
        let site = Site { target, settings, observed, catalogue, vpc, changes };
        plan_vpc(site, &wanted, &mut draft);
    }
    let orphans = Orphans::find(target, settings, observed, &vpcs, &wanted, &unresolved);
    if changes.mode == Mode::Sync {
        orphans.remove(&removal, &mut draft);
    } else {
        orphans.note(target, &mut draft);
    }
    quota::note(observed, &mut draft);
    draft.finish()
}

/// Two entries can name one endpoint in different words, which only the catalogue can tell.
fn admit<'a>(one: Wanted<'a>, wanted: &mut Vec<Wanted<'a>>, draft: &mut Draft) {
    let twin = wanted
        .iter()
        .find(|other| other.offer.name == one.offer.name && other.offer.kind == one.offer.kind);
    match twin {
        None => wanted.push(one),
        Some(twin) => draft.block(
            None,
            one.short,
            Refusal::new(
                "endpoint-twice",
                format!(
                    "[{}] and [{}] lead to the same endpoint: take one out",
                    twin.spec.table, one.spec.table
                ),
            ),
        ),
    }
}

fn selected_vpcs<'a>(
    target: &TargetId,
    settings: &Settings,
    observed: &'a Observed,
    draft: &mut Draft,
) -> Vec<&'a Vpc> {
    let matching: Vec<&Vpc> =
        observed.vpcs.values().filter(|vpc| select::matches_vpc(&settings.vpcs, vpc)).collect();
    if matching.is_empty() {
        let words = select::vpcs_in_words(&settings.vpcs);
        let there = if observed.vpcs.is_empty() {
            "there is no VPC here".to_owned()
        } else {
            let vpcs = observed.vpcs.values().map(|vpc| vpc_in_words(vpc, &settings.vpcs));
            format!("there are {}", select::some(vpcs))
        };
        draft.block(
            None,
            "vpcs",
            Refusal::new("no-vpc-matches", format!("`vpcs` selects {words}, and {there}")),
        );
    }
    let (own, shared): (Vec<&Vpc>, Vec<&Vpc>) =
        matching.into_iter().partition(|vpc| vpc.owner == target.account);
    for vpc in shared {
        let text = format!("shared by account {}, left alone", vpc.owner);
        draft.note(Some(&vpc.id), vpc.id.as_str(), "shared-vpc", text);
    }
    own
}

/// A VPC by what the selector looks at, and its name.
fn vpc_in_words(vpc: &Vpc, selector: &VpcSelector) -> String {
    let asked = |key: &str| match selector {
        VpcSelector::Tags(tags) => tags.contains_key(key),
        _ => false,
    };
    let tags = vpc.tags.iter().filter(|(key, _)| *key == "Name" || asked(key));
    let default = vpc.is_default.then(|| "default".to_owned());
    let facts: Vec<String> =
        default.into_iter().chain(tags.map(|(key, value)| format!("{key}={value}"))).collect();
    if facts.is_empty() { vpc.id.to_string() } else { format!("{} ({})", vpc.id, facts.join(", ")) }
}

fn plan_vpc(site: Site, wanted: &[Wanted], draft: &mut Draft) {
    note_what_is_left_alone(&site, draft);
    let ours = |endpoint: &&Endpoint| site.is_ours(&endpoint.tags) && !endpoint.requester_managed;
    let mut vicinity = Vicinity {
        group: Group::find(site),
        s3_gateway: dns::existing_s3_gateway(&site, wanted),
        names: BTreeMap::new(),
        turned_on: None,
        free: site.vpc.subnets.values().map(|s| (s.id.clone(), s.free_addresses)).collect(),
        in_use: site.endpoints().filter(ours).flat_map(|e| e.subnets.iter().cloned()).collect(),
    };
    let of_kind = |kind: EndpointKind| wanted.iter().filter(move |one| one.offer.kind == kind);
    for one in of_kind(EndpointKind::Gateway) {
        gateway::plan(&site, one, &mut vicinity, draft);
    }
    if of_kind(EndpointKind::Interface).any(|one| uses_managed_group(one.spec)) {
        vicinity.group.repair(draft);
    }
    for one in of_kind(EndpointKind::Interface) {
        interface::plan(&site, one, &mut vicinity, draft);
    }
    for one in of_kind(EndpointKind::GatewayLoadBalancer) {
        appliance::plan(&site, one, &mut vicinity, draft);
    }
}

/// Whether the entry wants the deployment's own security group.
pub(super) fn uses_managed_group(spec: &EndpointSpec) -> bool {
    spec.security_groups.contains(&GroupRef::Managed)
}

fn note_what_is_left_alone(site: &Site, draft: &mut Draft) {
    let vpc = Some(&site.vpc.id);
    for subnet in site.vpc.subnets.values().filter(|s| s.owner != site.target.account) {
        let text = format!("shared by account {}, left alone", subnet.owner);
        draft.note(vpc, subnet.id.as_str(), "shared-subnet", text);
    }
    for endpoint in site.endpoints().filter(|endpoint| endpoint.requester_managed) {
        let short = short_name(&endpoint.key.service, &site.target.region);
        let text = format!("{} is managed by an AWS service, left alone", endpoint.id);
        draft.note(vpc, short, "requester-managed", text);
    }
}

#[cfg(test)]
mod tests {
    use crate::model::endpoint::EndpointKind;
    use crate::model::spec::{Glob, ServiceRef, VpcSelector};
    use crate::plan::testing::{account, check, check_blocked, gist, world};

    #[test]
    fn a_fresh_vpc_gets_everything_in_an_order_that_can_be_executed() {
        let world = world().want(["s3", "logs", "ecr.api"]);
        let plan = world.plan();
        assert_eq!(gist(&plan), ["+ linkwalk-endpoints", "+ logs", "+ ecr.api", "+ s3"]);
        assert_eq!(plan.actions[1].after, [0].into());
        assert_eq!(plan.actions[3].after, [].into());
    }

    #[test]
    fn after_the_plan_is_carried_out_nothing_is_left_to_do() {
        let mut world = world()
            .want(["s3", "logs", "ecr.api", "dynamodb"])
            .want_with("s3", |s3| s3.kind = Some(EndpointKind::Interface))
            .applied();
        world.add_vpc("vpc-2");
        let plan = world.plan();
        assert_eq!(plan.in_sync.len(), 5);
        assert_eq!(plan.actions.len(), 6);
        assert!(world.applied().plan().actions.is_empty());
    }

    #[test]
    fn vpcs_are_chosen_by_every_kind_of_selector() {
        let base = world().want(["logs"]).but(|w| w.add_vpc("vpc-2")).but(|w| {
            w.vpc().is_default = true;
            w.vpc().tags.insert("purpose".into(), "workload".into());
        });
        let tagged = |glob: &str| [("purpose".to_owned(), Glob::new(glob).unwrap())].into();
        for (selector, vpcs) in [
            (VpcSelector::All, vec!["vpc-1", "vpc-2"]),
            (VpcSelector::Default, vec!["vpc-1"]),
            (VpcSelector::NonDefault, vec!["vpc-2"]),
            (VpcSelector::Ids(["vpc-2".into(), "vpc-elsewhere".into()].into()), vec!["vpc-2"]),
            (VpcSelector::Tags(tagged("work*")), vec!["vpc-1"]),
        ] {
            let plan = base.clone().but(|w| w.settings.vpcs = selector.clone()).plan();
            let mut found: Vec<_> = plan.actions.iter().map(|a| a.verb.vpc().as_str()).collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found, vpcs, "{selector:?}");
        }
    }

    #[test]
    fn a_selector_that_matches_no_vpc_is_blocked_and_says_what_is_there() {
        let none = [("purpose".to_owned(), Glob::new("none").unwrap())];
        check_blocked([
            (
                "no-vpc-matches",
                world().want(["logs"]).but(|w| {
                    w.settings.vpcs = VpcSelector::Tags(none.into());
                    for (key, value) in [("purpose", "lab"), ("other", "tag"), ("Name", "main")] {
                        w.vpc().tags.insert(key.into(), value.into());
                    }
                    (2..9).for_each(|n| w.add_vpc(&format!("vpc-{n}")));
                }),
                "selects VPCs tagged purpose=none, and there are vpc-1 (Name=main, purpose=lab), vpc-2, vpc-3, vpc-4, vpc-5, vpc-6 and 2 more",
            ),
            (
                "no-vpc-matches",
                world().want(["logs"]).but(|w| w.observed.vpcs.clear()),
                "there is no VPC here",
            ),
        ]);
    }

    #[test]
    fn what_another_account_shares_is_left_alone_and_said() {
        let other = account("999988887777");
        check([
            (
                "a shared VPC",
                world().want(["logs"]).but(|w| w.vpc().owner = other.clone()),
                vec![". vpc-1: shared-vpc"],
            ),
            (
                "a shared subnet",
                world().want(["logs"]).but(|w| w.subnet("subnet-a").owner = other.clone()),
                vec!["+ linkwalk-endpoints", "+ logs", ". subnet-a: shared-subnet"],
            ),
        ]);
    }

    #[test]
    fn two_entries_that_lead_to_one_endpoint_are_blocked() {
        let world = world().want(["logs"]).want_with("logs", |spec| {
            spec.service = ServiceRef::Full("com.amazonaws.eu-west-1.logs".into());
        });
        check_blocked([("endpoint-twice", world, "take one out")]);
    }
}
