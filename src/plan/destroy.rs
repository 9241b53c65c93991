//! The plan of `destroy`: everything of the deployment in one target goes, and nothing else.

use crate::ids::TargetId;
use crate::model::endpoint::EndpointState;
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::short_name;
use crate::model::spec::Settings;
use crate::plan::TargetPlan;
use crate::plan::aim::{Deletions, Usage};
use crate::plan::draft::{Draft, Refusal};
use crate::plan::removal::Removal;
use crate::plan::target::is_ours;

/// Plans the deletion of all that carries the deployment's tag. `pending` of the plan is what is on its
/// way out already.
pub(super) fn plan(
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    deletions: &Deletions,
    usage: Option<&Usage>,
) -> TargetPlan {
    let mut draft = Draft::default();
    let removal = Removal { target, observed, deletions, usage };
    let ours = |endpoint: &&Endpoint| is_ours(&endpoint.tags, settings);
    let mut endpoints: Vec<&Endpoint> = observed.endpoints.values().filter(ours).collect();
    // By what they are and not by their ids, so that accounts that are alike have plans that are.
    endpoints.sort_by_key(|endpoint| &endpoint.key);
    for endpoint in endpoints {
        let owner = observed.vpcs.get(&endpoint.key.vpc).map(|vpc| &vpc.owner);
        let (vpc, short) =
            (Some(&endpoint.key.vpc), short_name(&endpoint.key.service, &target.region));
        match &endpoint.state {
            EndpointState::Deleted => {}
            _ if endpoint.requester_managed => {
                let text = format!("{} is managed by an AWS service, left alone", endpoint.id);
                draft.note(vpc, short, "requester-managed", text);
            }
            EndpointState::Deleting => draft.pending(&endpoint.id),
            _ if owner != Some(&target.account) => {
                let text = format!("{} is in a VPC that another account shares", endpoint.id);
                draft.block(vpc, short, Refusal::new("shared-vpc", text));
            }
            _ => removal.endpoint(endpoint, &mut draft),
        }
    }
    for vpc in observed.vpcs.values().filter(|vpc| vpc.owner == target.account) {
        for group in vpc.security_groups.values().filter(|group| is_ours(&group.tags, settings)) {
            removal.group(vpc, group, &mut draft);
        }
    }
    draft.finish()
}
