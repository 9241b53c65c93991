//! Invariants of adoption and deletion: what may be taken, what may go, and in which order.

use super::Reader;
use crate::ids::{EndpointId, SecurityGroupId};
use crate::model::endpoint::{OWNER_TAG, Tags};
use crate::model::network::Vpc;
use crate::model::observed::Endpoint;
use crate::plan::action::{Action, Verb};
use crate::plan::aim::{Adoption, Mode, Purpose};

impl Reader<'_> {
    /// What the run is not for.
    pub(super) fn beyond_the_aim(&self, action: &Action) -> Vec<String> {
        let deletes =
            matches!(action.verb, Verb::DeleteEndpoint { .. } | Verb::DeleteSecurityGroup { .. });
        let creates = matches!(action.verb, Verb::CreateEndpoint(_) | Verb::CreateSecurityGroup(_));
        let adopts = matches!(action.verb, Verb::Adopt { .. });
        let broken = match &self.aim.purpose {
            Purpose::Destroy => (!deletes).then_some("is no deletion, in a run that only deletes"),
            Purpose::Converge(changes) if adopts && changes.adopt == Adoption::No => {
                Some("adopts, which nobody asked for")
            }
            Purpose::Converge(changes) if changes.mode == Mode::CreateOnly => {
                (!creates && !adopts).then_some("changes something, in a run that only creates")
            }
            Purpose::Converge(_) => None,
        };
        broken.map(str::to_owned).into_iter().collect()
    }

    pub(super) fn adoption(&self, vpc: &Vpc, resource: &str, set: &Tags) -> Vec<String> {
        let mut broken: Vec<String> = self.unowned(set).into_iter().collect();
        let endpoint = self.observed.endpoints.get(&EndpointId::new(resource));
        let group = vpc.security_groups.get(&SecurityGroupId::new(resource));
        let tags = match (endpoint, group) {
            (Some(endpoint), _) if endpoint.key.vpc != vpc.id => None,
            (Some(endpoint), _) => {
                if endpoint.requester_managed {
                    broken.push(format!("{resource} is managed by an AWS service"));
                }
                Some(&endpoint.tags)
            }
            (None, group) => group.map(|group| &group.tags),
        };
        match tags {
            None => broken.push(format!("{resource} is not in {}", vpc.id)),
            Some(tags) => broken.extend(
                tags.get(OWNER_TAG).map(|owner| format!("{resource} is of deployment {owner}")),
            ),
        }
        broken
    }

    /// Outside a run that deletes orphans, only what cannot live and what is one too many goes.
    pub(super) fn deletion(&self, there: &Endpoint) -> Vec<String> {
        let protection = self.protection(there);
        if self.aim.deletes_orphans() && protection.is_none() {
            return Vec::new();
        }
        let is_dead = matches!(there.state.as_str(), "failed" | "rejected" | "expired");
        let stays = |other: &&Endpoint| {
            other.id != there.id
                && other.key == there.key
                && self.is_ours(&other.tags)
                && !self.is_deleted(&other.id)
        };
        let has_twin = self.observed.endpoints.values().any(|other| stays(&other));
        if is_dead || has_twin {
            return Vec::new();
        }
        let why = protection.map(|tag| format!(" and {tag} protects it")).unwrap_or_default();
        vec![format!("deletes {}, which does its job{why}", there.id)]
    }

    fn protection(&self, there: &Endpoint) -> Option<String> {
        let vpc = self.observed.vpcs.get(&there.key.vpc);
        let all = [Some(&there.tags), vpc.map(|vpc| &vpc.tags)];
        all.into_iter().flatten().find_map(|tags| self.aim.deletions.protection(tags))
    }

    fn is_deleted(&self, id: &EndpointId) -> bool {
        self.plan.actions.iter().any(
            |action| matches!(&action.verb, Verb::DeleteEndpoint { id: deleted, .. } if deleted == id),
        )
    }

    pub(super) fn group_deletion(
        &self,
        action: &Action,
        vpc: &Vpc,
        id: &SecurityGroupId,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        match vpc.security_groups.get(id) {
            None => broken.push(format!("{id} is not in {}", vpc.id)),
            Some(there) => {
                if !self.is_ours(&there.tags) {
                    broken.push(format!("{id} is not ours"));
                }
                let protection = [&there.tags, &vpc.tags]
                    .into_iter()
                    .find_map(|tags| self.aim.deletions.protection(tags));
                broken.extend(protection.map(|tag| format!("{tag} protects {id}")));
                if there.name == "default" {
                    broken.push(format!("{id} is a default group"));
                }
            }
        }
        if !self.aim.deletes_orphans() {
            broken.push("deletes a security group, which nobody asked for".to_owned());
        }
        let uses = |there: &&Endpoint| {
            there.security_groups.contains(id) && there.state.as_str() != "deleting"
        };
        for user in self.observed.endpoints.values().filter(uses) {
            let lets_go = |earlier: &Action| match &earlier.verb {
                Verb::DeleteEndpoint { id: deleted, .. } => deleted == &user.id,
                Verb::ModifyEndpoint { id: changed, change, .. } => {
                    changed == &user.id && change.remove_security_groups.contains(id)
                }
                _ => false,
            };
            if !action.after.iter().filter_map(|id| self.by_id(*id)).any(lets_go) {
                broken.push(format!("{} still uses {id}", user.id));
            }
        }
        broken
    }
}
