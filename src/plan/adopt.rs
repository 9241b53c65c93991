//! Adoption: a foreign resource that matches a wanted one becomes ours by its tags. What AWS services
//! made, what another deployment owns and what is one of several are left alone.

use std::collections::BTreeSet;

use crate::model::endpoint::{EndpointKey, OWNER_TAG, Tags};
use crate::model::observed::Endpoint;
use crate::plan::action::{ActionId, Drift, Verb};
use crate::plan::aim::Adoption;
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::standing::{self, Standing};
use crate::plan::target::Site;
use crate::plan::{select, tags};

/// Tags by which other tools know what is theirs; AWS allows nobody else to set the first.
const OTHERS_TAGS: [(&str, &str); 3] = [
    ("aws:cloudformation:stack-name", "CloudFormation"),
    ("pulumi:project", "Pulumi"),
    ("crossplane-name", "Crossplane"),
];

/// How things stand under a key; where nothing of ours does and it is asked for, the one foreign
/// endpoint that can be adopted is the one to keep.
pub(super) fn standing<'a>(
    site: &Site<'a>,
    short: &str,
    key: &EndpointKey,
    draft: &mut Draft,
) -> Result<Standing<'a>, Refusal> {
    let mut standing = Standing::find(site, key)?;
    if standing.kept.is_some() || site.changes.adopt == Adoption::No {
        return Ok(standing);
    }
    let is_free = |other: &&Endpoint| {
        !other.requester_managed && standing::is_usable(&other.state) && has_no_owner(&other.tags)
    };
    let candidates: Vec<&Endpoint> = standing.others.iter().copied().filter(is_free).collect();
    match candidates[..] {
        [] => {}
        [one] => {
            standing.others.retain(|other| other.id != one.id);
            standing.kept = Some(one);
            standing.adopted = true;
        }
        _ => {
            let ids = select::list(candidates.iter().map(|candidate| &candidate.id));
            let text = format!(
                "{ids} all match, so none is adopted: tag the one to keep with {OWNER_TAG} = {}",
                site.settings.deployment
            );
            draft.note(Some(&site.vpc.id), short, "adopt-ambiguous", text);
        }
    }
    Ok(standing)
}

/// Whether no deployment owns what has these tags.
pub(super) fn has_no_owner(tags: &Tags) -> bool {
    !tags.contains_key(OWNER_TAG)
}

/// Takes a resource into the deployment. `differs` is what else is not as it should be; it stays, or is
/// repaired after the action returned.
pub(super) fn take(
    site: &Site,
    what: &str,
    resource: &str,
    there: &Tags,
    desired: &Tags,
    differs: &[Drift],
    draft: &mut Draft,
) -> ActionId {
    let mut drift = Vec::new();
    let mut set = tags::missing(desired, there).0;
    if site.changes.adopt == Adoption::Tag {
        let name_key = site.settings.name_tag.as_ref().map_or("Name", |name| name.key.as_str());
        set.retain(|key, _| key == OWNER_TAG || (key == name_key && !there.contains_key(key)));
        let mut after = there.clone();
        after.extend(set.clone());
        drift.extend(differs.iter().cloned());
        drift.extend(tags::missing(desired, &after).1);
    }
    for (key, tool) in OTHERS_TAGS {
        if let Some(name) = there.get(key) {
            let text = format!(
                "{resource} is {tool}'s too ({key} = {name}): take it out there without deleting it"
            );
            draft.note(Some(&site.vpc.id), what, "adopt-managed-elsewhere", text);
        }
    }
    let verb = Verb::Adopt { resource: resource.to_owned(), vpc: site.vpc.id.clone(), set };
    draft.act(Rank::Adopt, what, verb, drift, BTreeSet::new())
}
