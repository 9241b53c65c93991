//! What is wanted where, without what would be done about it: for those who compare.

use crate::ids::TargetId;
use crate::model::endpoint::{EndpointKey, EndpointKind};
use crate::model::observed::Observed;
use crate::model::service::{Catalogue, short_name};
use crate::model::spec::{EndpointSpec, Settings};
use crate::plan::{select, service};

/// One wanted endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want<'a> {
    /// The entry that asks for it.
    pub spec: &'a EndpointSpec,
    /// The service's short name, as actions and notes name it.
    pub short: String,
    /// The type it has, or that was asked for; `None` where neither is known.
    pub kind: Option<EndpointKind>,
    /// Its identity; `None` where the service cannot be found in the region, or no VPC is selected.
    pub key: Option<EndpointKey>,
}

/// Every wanted endpoint of a target: entries times VPCs of the account's own that are selected. Of
/// entries that lead to the same endpoint the first counts.
pub fn wants<'a>(
    target: &TargetId,
    settings: &'a Settings,
    observed: &Observed,
    catalogue: &Catalogue,
) -> Vec<Want<'a>> {
    let vpcs = || {
        let own = observed.vpcs.values().filter(|vpc| vpc.owner == target.account);
        own.filter(|vpc| select::matches_vpc(&settings.vpcs, vpc))
    };
    let mut wants: Vec<Want<'a>> = Vec::new();
    for spec in &settings.endpoints {
        let resolved = service::resolve(spec, &target.region, catalogue).ok();
        let short = resolved.as_ref().map_or_else(
            || service::named(&spec.service).to_owned(),
            |wanted| short_name(&wanted.offer.name, &target.region).to_owned(),
        );
        let kind = resolved.as_ref().map(|wanted| wanted.offer.kind.clone()).or(spec.kind.clone());
        let keys: Vec<Option<EndpointKey>> = match &resolved {
            Some(wanted) if vpcs().next().is_some() => vpcs()
                .map(|vpc| EndpointKey {
                    vpc: vpc.id.clone(),
                    service: wanted.offer.name.clone(),
                    kind: wanted.offer.kind.clone(),
                })
                .map(Some)
                .collect(),
            _ => vec![None],
        };
        for key in keys {
            if key.is_none() || !wants.iter().any(|other| other.key == key) {
                wants.push(Want { spec, short: short.clone(), kind: kind.clone(), key });
            }
        }
    }
    wants
}
