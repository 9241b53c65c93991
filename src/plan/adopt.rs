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
    let mut others = Vec::new();
    let mut set = tags::missing(desired, there).0;
    if site.changes.adopt == Adoption::Tag {
        let name_key = site.settings.name_tag.as_ref().map_or("Name", |name| name.key.as_str());
        set.retain(|key, _| key == OWNER_TAG || (key == name_key && !there.contains_key(key)));
        let mut after = there.clone();
        after.extend(set.clone());
        others.extend(differs.iter().cloned());
        others.extend(tags::missing(desired, &after).1);
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
    draft.act(Rank::Adopt, what, verb, others, BTreeSet::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::{EndpointKind, EndpointState};
    use crate::model::network::SecurityGroup;
    use crate::plan::aim::{Aim, Changes, Purpose};
    use crate::plan::testing::{World, gist, restrictive, subnets, world};
    use crate::plan::{TargetPlan, sparing};

    fn asked(adopt: Adoption) -> Aim {
        let changes = Changes { adopt, ..Changes::default() };
        Aim { purpose: Purpose::Converge(changes), ..Aim::default() }
    }

    fn plan(world: &World, adopt: Adoption) -> TargetPlan {
        world.plan_for(&asked(adopt), None)
    }

    /// An endpoint made by hand, a zone short, with a name of its own.
    fn by_hand() -> World {
        world().want(["logs"]).but(|w| {
            let logs = w.add_foreign("logs", EndpointKind::Interface);
            logs.subnets = subnets(["a", "b"]);
            logs.tags.insert("Name".into(), "by hand".into());
        })
    }

    fn set(plan: &TargetPlan) -> Tags {
        match &plan.actions[0].verb {
            Verb::Adopt { set, .. } => set.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_that_matches_gets_our_tag_and_what_else_differs_is_told() {
        let adopted = plan(&by_hand(), Adoption::Tag);
        assert_eq!(gist(&adopted), ["= logs: subnets security_groups tags.Name"]);
        assert_eq!(set(&adopted), [(OWNER_TAG.to_owned(), "privatelink".to_owned())].into());
        let unnamed = by_hand().but(|w| w.endpoint("logs").tags.clear());
        assert_eq!(set(&plan(&unnamed, Adoption::Tag))["Name"], "logs-endpoint");
        assert_eq!(adopted.counts().adopt, 1);
    }

    #[test]
    fn the_next_plan_repairs_it_and_this_one_leaves_it() {
        let mut world = by_hand();
        world.apply(&plan(&world, Adoption::Tag));
        let next = world.plan();
        assert_eq!(
            gist(&next),
            ["+ linkwalk-endpoints", "~ logs: subnets security_groups", "~ logs: tags.Name"]
        );
        let spared = sparing(next, &["vpce-foreign0".to_owned()].into());
        assert!(spared.actions.is_empty(), "{spared:#?}");
        assert_eq!(spared.left_out().count(), 3);
    }

    #[test]
    fn adopted_and_repaired_in_one_run() {
        let mut world = by_hand();
        let both = plan(&world, Adoption::Repair);
        assert_eq!(
            gist(&both),
            ["= logs", "+ linkwalk-endpoints", "~ logs: subnets security_groups"]
        );
        assert_eq!(set(&both)["Name"], "logs-endpoint");
        assert_eq!(both.actions[2].after, [0, 1].into());
        let counts = both.counts();
        assert_eq!((counts.adopt, counts.create, counts.modify), (1, 1, 0));
        world.apply(&both);
        assert!(world.plan().is_in_sync());
    }

    #[test]
    fn what_must_not_be_adopted_is_not() {
        let with = |change: fn(&mut Endpoint)| by_hand().but(|w| change(w.endpoint("logs")));
        for (name, world) in [
            ("an AWS service's", with(|logs| logs.requester_managed = true)),
            (
                "another deployment's",
                with(|logs| drop(logs.tags.insert(OWNER_TAG.into(), "other".into()))),
            ),
            ("one that failed", with(|logs| logs.state = EndpointState::Failed)),
            ("one on its way out", with(|logs| logs.state = EndpointState::Deleting)),
        ] {
            let plan = plan(&world, Adoption::Repair);
            assert_eq!(plan.counts().adopt, 0, "{name}: {plan:#?}");
        }
        assert_eq!(by_hand().plan().counts().adopt, 0, "nobody asked");
        let ours_is_there = world().want(["logs"]).applied().but(|w| {
            let twin = w.endpoint("logs").clone();
            let twin = Endpoint { id: "vpce-x".into(), tags: Tags::new(), ..twin };
            w.observed.endpoints.insert(twin.id.clone(), twin);
        });
        assert_eq!(plan(&ours_is_there, Adoption::Tag).counts().adopt, 0);
    }

    #[test]
    fn one_of_several_is_not_chosen() {
        let two = by_hand().but(|w| {
            let mut twin = w.endpoint("logs").clone();
            twin.id = "vpce-foreign1".into();
            twin.private_dns = false;
            w.observed.endpoints.insert(twin.id.clone(), twin);
        });
        let plan = plan(&two, Adoption::Tag);
        assert_eq!(plan.counts().adopt, 0);
        let said = plan.notes.iter().find(|note| note.code == "adopt-ambiguous").unwrap();
        assert_eq!(
            said.text,
            "vpce-foreign0, vpce-foreign1 all match, so none is adopted: tag the one to keep with \
             linkwalk:deployment = privatelink"
        );
    }

    #[test]
    fn a_gateway_is_adopted_with_its_policy_left_as_it_is() {
        let mut world = world().want(["s3"]).but(|w| {
            w.add_foreign("s3", EndpointKind::Gateway).policy = Some(restrictive());
        });
        let adopted = plan(&world, Adoption::Tag);
        assert_eq!(gist(&adopted), ["= s3: policy"]);
        world.apply(&adopted);
        assert_eq!(gist(&world.plan()), ["~ s3: policy"]);
    }

    fn group(name: &str, tags: Tags) -> World {
        world().want(["logs"]).but(|w| {
            w.settings.security_group.name = name.into();
            let there = SecurityGroup {
                id: "sg-found".into(),
                name: name.into(),
                description: "by hand".into(),
                ingress: BTreeSet::new(),
                egress: BTreeSet::new(),
                tags,
            };
            w.vpc().security_groups.insert(there.id.clone(), there);
        })
    }

    #[test]
    fn a_security_group_of_the_wanted_name_is_adopted() {
        let mut world = group("linkwalk-endpoints", Tags::new());
        assert_eq!(gist(&plan(&world, Adoption::Tag)), ["= linkwalk-endpoints: ingress", "+ logs"]);
        let both = plan(&world, Adoption::Repair);
        assert_eq!(
            gist(&both),
            ["= linkwalk-endpoints", "~ linkwalk-endpoints: ingress", "+ logs"]
        );
        world.apply(&both);
        assert!(world.plan().is_in_sync());
    }

    #[test]
    fn a_group_of_another_deployment_or_the_default_group_is_not() {
        let other = Tags::from([(OWNER_TAG.to_owned(), "other".to_owned())]);
        for world in [group("linkwalk-endpoints", other), group("default", Tags::new())] {
            let plan = plan(&world, Adoption::Tag);
            assert_eq!(plan.counts().adopt, 0);
            assert_eq!(plan.blocked[0].code, "security-group-name-taken");
        }
    }

    #[test]
    fn what_cloudformation_made_is_adopted_with_a_warning() {
        let stack = by_hand().but(|w| {
            let tags = &mut w.endpoint("logs").tags;
            tags.insert("aws:cloudformation:stack-name".into(), "net".into());
        });
        let plan = plan(&stack, Adoption::Tag);
        assert!(plan.notes.iter().any(|n| n.text.contains("is CloudFormation's too")), "{plan:#?}");
    }
}
