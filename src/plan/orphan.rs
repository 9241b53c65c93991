//! What is ours and no longer wanted: said, and left as it is.

use crate::ids::TargetId;
use crate::model::endpoint::EndpointState;
use crate::model::network::Vpc;
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::short_name;
use crate::model::spec::{EndpointSpec, ServiceRef, Settings};
use crate::plan::draft::Draft;
use crate::plan::service::Wanted;
use crate::plan::target::{is_ours, uses_managed_group};

/// Notes endpoints and security groups of ours that accounts.toml no longer asks for. An entry that
/// is blocked is still asked for.
pub(super) fn note(
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    vpcs: &[&Vpc],
    wanted: &[Wanted],
    unresolved: &[&EndpointSpec],
    draft: &mut Draft,
) {
    let text = |what: &str| format!("{what} is ours and no longer in accounts.toml; left as it is");
    let in_selected = |id| vpcs.iter().any(|vpc| &vpc.id == id);
    for endpoint in observed.endpoints.values() {
        let gone = matches!(endpoint.state, EndpointState::Deleting | EndpointState::Deleted);
        let ours = is_ours(&endpoint.tags, settings) && !endpoint.requester_managed;
        let asked_for = in_selected(&endpoint.key.vpc)
            && (wanted.iter().any(|wanted| is_for(endpoint, wanted))
                || unresolved.iter().any(|spec| names(spec, endpoint, target)));
        if ours && !gone && !asked_for {
            let short = short_name(&endpoint.key.service, &target.region);
            draft.note(Some(&endpoint.key.vpc), short, "orphan", text(endpoint.id.as_str()));
        }
    }
    let managed = settings.endpoints.iter().any(uses_managed_group);
    for vpc in observed.vpcs.values() {
        for group in vpc.security_groups.values().filter(|group| is_ours(&group.tags, settings)) {
            let used =
                managed && in_selected(&vpc.id) && group.name == settings.security_group.name;
            if !used {
                draft.note(Some(&vpc.id), &group.name, "orphan", text(group.id.as_str()));
            }
        }
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
