//! What is ours and no longer wanted: said and left as it is, or deleted where that is asked for.

use crate::ids::TargetId;
use crate::model::endpoint::{EndpointKind, EndpointState};
use crate::model::network::{SecurityGroup, Vpc};
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::short_name;
use crate::model::spec::{EndpointSpec, ServiceRef, Settings};
use crate::plan::draft::Draft;
use crate::plan::removal::Removal;
use crate::plan::service::Wanted;
use crate::plan::target::{is_ours, uses_managed_group};

/// What accounts.toml no longer asks for.
#[derive(Debug, Default)]
pub(super) struct Orphans<'a> {
    endpoints: Vec<&'a Endpoint>,
    groups: Vec<(&'a Vpc, &'a SecurityGroup)>,
}

impl<'a> Orphans<'a> {
    /// Endpoints and security groups of ours that accounts.toml no longer asks for. An entry that is
    /// blocked is still asked for.
    pub(super) fn find(
        target: &TargetId,
        settings: &Settings,
        observed: &'a Observed,
        vpcs: &[&Vpc],
        wanted: &[Wanted],
        unresolved: &[&EndpointSpec],
    ) -> Self {
        let mut orphans = Self::default();
        let in_selected = |id| vpcs.iter().any(|vpc| &vpc.id == id);
        for endpoint in observed.endpoints.values() {
            let gone = matches!(endpoint.state, EndpointState::Deleting | EndpointState::Deleted);
            let ours = is_ours(&endpoint.tags, settings) && !endpoint.requester_managed;
            let asked_for = in_selected(&endpoint.key.vpc)
                && (wanted.iter().any(|wanted| is_for(endpoint, wanted))
                    || unresolved.iter().any(|spec| names(spec, endpoint, target)));
            if ours && !gone && !asked_for {
                orphans.endpoints.push(endpoint);
            }
        }
        orphans.endpoints.sort_by_key(|endpoint| &endpoint.key);
        let interfaces =
            wanted.iter().filter(|wanted| wanted.offer.kind == EndpointKind::Interface);
        let managed = interfaces
            .map(|wanted| wanted.spec)
            .chain(unresolved.iter().copied())
            .any(uses_managed_group);
        for vpc in observed.vpcs.values() {
            let ours = vpc.security_groups.values().filter(|group| is_ours(&group.tags, settings));
            for group in ours {
                let used =
                    managed && in_selected(&vpc.id) && group.name == settings.security_group.name;
                if !used {
                    orphans.groups.push((vpc, group));
                }
            }
        }
        orphans
    }

    /// Says that they are there.
    pub(super) fn note(&self, target: &TargetId, draft: &mut Draft) {
        let text =
            |what: &str| format!("{what} is ours and no longer in accounts.toml; left as it is");
        for endpoint in &self.endpoints {
            let short = short_name(&endpoint.key.service, &target.region);
            let id = endpoint.id.as_str();
            draft.note_of(&endpoint.key.vpc, short, "orphan", id, text(id));
        }
        for (vpc, group) in &self.groups {
            let id = group.id.as_str();
            draft.note_of(&vpc.id, &group.name, "orphan", id, text(id));
        }
    }

    /// Plans their deletion. What is in a VPC that is not this account's is only said.
    pub(super) fn remove(&self, removal: &Removal, draft: &mut Draft) {
        let is_own = |vpc: &Vpc| vpc.owner == removal.target.account;
        let is_here =
            |endpoint: &&Endpoint| removal.observed.vpcs.get(&endpoint.key.vpc).is_some_and(is_own);
        let (own, others): (Vec<&Endpoint>, Vec<&Endpoint>) =
            self.endpoints.iter().copied().partition(is_here);
        for endpoint in own {
            removal.endpoint(endpoint, draft);
        }
        let (own, shared): (Vec<_>, Vec<_>) =
            self.groups.iter().copied().partition(|(vpc, _)| is_own(vpc));
        for (vpc, group) in own {
            removal.group(vpc, group, draft);
        }
        Self { endpoints: others, groups: shared }.note(removal.target, draft);
    }
}

fn is_for(endpoint: &Endpoint, wanted: &Wanted) -> bool {
    endpoint.key.service == wanted.offer.name && endpoint.key.kind == wanted.offer.kind
}

fn names(spec: &EndpointSpec, endpoint: &Endpoint, target: &TargetId) -> bool {
    match &spec.service {
        ServiceRef::Short(short) => short_name(&endpoint.key.service, &target.region) == short,
        ServiceRef::Full(name) => &endpoint.key.service == name,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::spec::VpcSelector;
    use crate::plan::aim::{Aim, Changes, Mode, Purpose};
    use crate::plan::testing::{check, gist, world};

    #[test]
    fn what_is_ours_and_no_longer_wanted_is_said_and_left() {
        let there = world().want(["logs", "s3"]).applied();
        check([
            (
                "an endpoint less in the file",
                there.clone().but(|w| w.settings.endpoints.truncate(1)),
                vec![". s3: orphan"],
            ),
            (
                "no interface endpoint is left",
                there.clone().but(|w| {
                    w.settings.endpoints.remove(0);
                }),
                vec![". linkwalk-endpoints: orphan", ". logs: orphan"],
            ),
            (
                "the VPC is no longer selected",
                there.clone().but(|w| {
                    w.add_vpc("vpc-2");
                    w.settings.endpoints.clear();
                    w.settings.vpcs = VpcSelector::Ids(["vpc-2".into()].into());
                }),
                vec![". linkwalk-endpoints: orphan", ". logs: orphan", ". s3: orphan"],
            ),
            (
                "the group has another name now",
                there.clone().but(|w| w.settings.security_group.name = "renamed".into()),
                vec!["+ renamed", "~ logs: security_groups", ". linkwalk-endpoints: orphan"],
            ),
            (
                "what an AWS service made is not ours, whatever its tags say",
                there.clone().but(|w| {
                    w.endpoint("s3").requester_managed = true;
                    w.settings.endpoints.truncate(1);
                }),
                vec![". s3: requester-managed"],
            ),
            (
                "the service is no longer offered",
                there.clone().but(|w| {
                    w.catalogue
                        .offers
                        .retain(|offer| offer.name.as_str() != "com.amazonaws.eu-west-1.logs");
                }),
                vec!["! logs: service-not-offered"],
            ),
        ]);
    }

    fn sync() -> Aim {
        let changes = Changes { mode: Mode::Sync, ..Changes::default() };
        Aim { purpose: Purpose::Converge(changes), ..Aim::default() }
    }

    #[test]
    fn sync_deletes_them_endpoints_before_their_groups() {
        let there = world().want(["logs", "s3", "kms"]).applied();
        let renamed = there.clone().but(|w| w.settings.security_group.name = "renamed".into());
        for (name, world, says) in [
            (
                "an endpoint less in the file",
                there.clone().but(|w| w.settings.endpoints.truncate(2)),
                vec!["- kms"],
            ),
            (
                "a VPC less",
                there.clone().but(|w| {
                    w.add_vpc("vpc-2");
                    w.settings.endpoints.clear();
                    w.settings.vpcs = VpcSelector::Ids(["vpc-2".into()].into());
                }),
                vec!["- kms", "- logs", "- s3", "- linkwalk-endpoints", ". s3: route-loss"],
            ),
            (
                "the group has another name now",
                renamed,
                vec![
                    "+ renamed",
                    "~ logs: security_groups",
                    "~ kms: security_groups",
                    "- linkwalk-endpoints",
                ],
            ),
            ("nothing", there, vec![]),
        ] {
            let mut world = world;
            let plan = world.plan_for(&sync(), None);
            assert_eq!(gist(&plan), says, "{name}");
            world.apply(&plan);
            assert!(world.plan_for(&sync(), None).actions.is_empty(), "{name}");
        }
    }
}
