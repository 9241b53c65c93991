//! What is left of a saved plan that was carried out in part: the run that did so was killed. Planning again
//! comes to the rest, and the rest is ours to carry out where the saved plan already said all of it.
//!
//! | planned again                  | is part of a saved                                          |
//! |--------------------------------|-------------------------------------------------------------|
//! | make a security group          | the same                                                    |
//! | add rules to one               | the group's making, which ended before its rules; or the same change, or less of it |
//! | make an endpoint               | the same; a group that was still to be made has its id now  |
//! | change an endpoint or its tags | the same change, or less of it                              |
//! | anything else                  | the same                                                    |
//!
//! What is no part of the saved plan means that the target has moved since.

use std::collections::BTreeSet;

use crate::ids::TargetId;
use crate::model::observed::Observed;
use crate::model::service::Catalogue;
use crate::model::spec::Settings;
use crate::plan::TargetPlan;
use crate::plan::action::{Action, DesiredEndpoint, EndpointChange, SecurityGroupRef, Verb};
use crate::plan::artifact::{differences, steadied};

/// The rest of the saved plan, with today's ids. The error says what is no part of it, in words.
pub fn remains(
    saved: &TargetPlan,
    fresh: &TargetPlan,
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    catalogue: &Catalogue,
) -> Result<TargetPlan, Vec<String>> {
    if is_part(fresh, saved) {
        return Ok(fresh.clone());
    }
    // Free addresses change by the minute: the saved choice of a subnet stands as long as there is room.
    let left = |action: &&Action| {
        let name = |one: &Action| (one.verb.symbol(), one.what.clone(), one.verb.vpc().clone());
        fresh.actions.iter().any(|one| name(one) == name(action))
    };
    let actions = saved.actions.iter().filter(left).cloned().collect();
    let rest = TargetPlan { actions, ..TargetPlan::default() };
    let steady = steadied(&rest, target, settings, observed, catalogue);
    if is_part(&steady, saved) { Ok(steady) } else { Err(differences(saved, fresh)) }
}

/// Whether every action of one plan is a part of some action of the other.
fn is_part(fresh: &TargetPlan, saved: &TargetPlan) -> bool {
    fresh.actions.iter().all(|action| {
        saved
            .actions
            .iter()
            .any(|whole| whole.what == action.what && covers(&whole.verb, &action.verb))
    })
}

fn covers(saved: &Verb, fresh: &Verb) -> bool {
    match (saved, fresh) {
        (
            Verb::CreateSecurityGroup(group),
            Verb::ModifySecurityGroup { vpc, authorize, revoke, .. },
        ) => group.vpc == *vpc && revoke.is_empty() && authorize.is_subset(&group.ingress),
        (
            Verb::ModifySecurityGroup { id, authorize, revoke, .. },
            Verb::ModifySecurityGroup { id: same, authorize: add, revoke: take, .. },
        ) => id == same && add.is_subset(authorize) && take.is_subset(revoke),
        (Verb::CreateEndpoint(whole), Verb::CreateEndpoint(one)) => is_same_endpoint(whole, one),
        (
            Verb::ModifyEndpoint { id, change, .. },
            Verb::ModifyEndpoint { id: same, change: part, .. },
        ) => id == same && is_part_of_change(part, change),
        (Verb::Tag { resource, set, .. }, Verb::Tag { resource: same, set: part, .. }) => {
            resource == same && part.iter().all(|(key, value)| set.get(key) == Some(value))
        }
        (saved, fresh) => saved == fresh,
    }
}

fn is_same_endpoint(saved: &DesiredEndpoint, fresh: &DesiredEndpoint) -> bool {
    let groups = saved.security_groups.clone();
    let alike = DesiredEndpoint { security_groups: groups, ..fresh.clone() };
    alike == *saved
        && saved.security_groups.len() == fresh.security_groups.len()
        && are_groups_of(&fresh.security_groups, &saved.security_groups)
}

/// Whether these groups are among the saved ones. One that was still to be made is known by its id once it
/// is there, and the saved plan cannot know that id.
fn are_groups_of(fresh: &BTreeSet<SecurityGroupRef>, saved: &BTreeSet<SecurityGroupRef>) -> bool {
    let is_made = |group: &&SecurityGroupRef| matches!(group, SecurityGroupRef::MadeBy(_));
    let unmade = saved.iter().filter(is_made).count();
    let unknown = fresh.iter().filter(|group| is_made(group) || !saved.contains(*group)).count();
    unknown <= unmade
}

fn is_part_of_change(part: &EndpointChange, whole: &EndpointChange) -> bool {
    fn or_nothing<T: PartialEq>(part: Option<&T>, whole: Option<&T>) -> bool {
        part.is_none() || part == whole
    }
    let EndpointChange {
        add_subnets,
        remove_subnets,
        add_security_groups,
        remove_security_groups,
        add_route_tables,
        remove_route_tables,
        private_dns,
        ip_address_type,
        dns,
        policy,
    } = part;
    add_subnets.is_subset(&whole.add_subnets)
        && remove_subnets.is_subset(&whole.remove_subnets)
        && are_groups_of(add_security_groups, &whole.add_security_groups)
        && remove_security_groups.is_subset(&whole.remove_security_groups)
        && add_route_tables.is_subset(&whole.add_route_tables)
        && remove_route_tables.is_subset(&whole.remove_route_tables)
        && or_nothing(private_dns.as_ref(), whole.private_dns.as_ref())
        && or_nothing(ip_address_type.as_ref(), whole.ip_address_type.as_ref())
        && or_nothing(dns.as_ref(), whole.dns.as_ref())
        && or_nothing(policy.as_ref(), whole.policy.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::EndpointState;
    use crate::plan::testing::{World, world};

    fn left(saved: &TargetPlan, now: &World) -> Result<TargetPlan, Vec<String>> {
        let World { target, settings, observed, catalogue, .. } = now;
        remains(saved, &now.plan(), target, settings, observed, catalogue)
    }

    /// Everything from nothing, and everything that can be mended.
    fn worlds() -> [World; 2] {
        let fresh = world().want(["logs", "ecr.api", "s3"]);
        let drifted = fresh.clone().applied().but(|w| {
            w.endpoint("logs").private_dns = false;
            w.endpoint("logs").tags.remove("Name");
            w.endpoint("ecr.api").subnets.pop_first();
            w.endpoint("s3").state = EndpointState::Failed;
            w.vpc().security_groups.values_mut().for_each(|group| group.ingress.clear());
        });
        [fresh.but(|w| w.add_vpc("vpc-2")), drifted]
    }

    #[test]
    fn wherever_a_plan_stopped_its_rest_is_what_planning_comes_to_and_completes_it() {
        for before in worlds() {
            let saved = before.plan();
            assert!(saved.actions.len() >= 5);
            for done in 0..=saved.actions.len() {
                let mut part = saved.clone();
                part.actions.truncate(done);
                let mut now = before.clone();
                now.apply(&part);
                let rest = left(&saved, &now).unwrap_or_else(|why| panic!("{done}: {why:?}"));
                assert_eq!(rest.actions.len(), saved.actions.len() - done);
                now.apply(&rest);
                assert!(now.plan().is_in_sync(), "{done}");
            }
        }
    }

    #[test]
    fn a_group_that_was_made_and_has_no_rules_yet_is_given_them() {
        let before = world().want(["logs", "ecr.api", "s3"]);
        let saved = before.plan();
        let mut part = saved.clone();
        part.actions.truncate(1);
        let mut now = before;
        now.apply(&part);
        now.vpc().security_groups.values_mut().for_each(|group| group.ingress.clear());
        let rest = left(&saved, &now).unwrap();
        assert!(matches!(rest.actions[0].verb, Verb::ModifySecurityGroup { .. }));
    }

    #[test]
    fn a_saved_choice_of_subnet_stands_while_there_is_room() {
        let before = world().want(["logs", "ecr.api"]).but(|w| {
            let twin = crate::model::network::Subnet {
                id: "subnet-a-twin".into(),
                ..w.subnet("subnet-a").clone()
            };
            w.vpc().subnets.insert(twin.id.clone(), twin);
        });
        let saved = before.plan();
        let mut now = before;
        let mut part = saved.clone();
        part.actions.truncate(1);
        now.apply(&part);
        now.subnet("subnet-a-twin").free_addresses = 250;
        assert_ne!(now.plan().actions[0].verb, saved.actions[1].verb, "the test proves nothing");
        assert_eq!(left(&saved, &now).unwrap().actions.len(), 2);
    }

    #[test]
    fn what_was_not_planned_is_not_done() {
        let [_, drifted] = worlds();
        let fresh = world().want(["logs", "ecr.api", "s3"]);
        let saved = fresh.plan();
        for (now, said) in [
            (fresh.clone().want(["ssm"]), "+ ssm is new"),
            (fresh.clone().but(|w| w.subnet("subnet-a").free_addresses = 0), "+ logs differs"),
            (drifted, "~ linkwalk-endpoints is new"),
            (
                fresh.applied().but(|w| {
                    w.vpc().security_groups.values_mut().for_each(|g| g.ingress.clear());
                    w.endpoint("logs").private_dns = false;
                }),
                "~ logs is new",
            ),
        ] {
            let wrong = left(&saved, &now).unwrap_err().join("; ");
            assert!(wrong.contains(said), "no `{said}` in {wrong}");
        }
    }
}
