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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::endpoint::{EndpointKind, OWNER_TAG};
    use crate::model::failure::{ErrorClass, Failure};
    use crate::model::network::{Peer, Rule};
    use crate::model::spec::Glob;
    use crate::plan::action::Verb;
    use crate::plan::aim::{Aim, Carried, Purpose};
    use crate::plan::testing::{World, gist, world};

    fn aim() -> Aim {
        Aim { purpose: Purpose::Destroy, ..Aim::default() }
    }

    fn there() -> World {
        world().want(["logs", "s3"]).applied()
    }

    fn says(world: &World, usage: Option<&Usage>) -> Vec<String> {
        gist(&world.plan_for(&aim(), usage))
    }

    #[test]
    fn endpoints_go_first_and_then_the_group_that_nobody_uses_any_more() {
        let plan = there().plan_for(&aim(), None);
        assert_eq!(gist(&plan), ["- logs", "- s3", "- linkwalk-endpoints", ". s3: route-loss"]);
        assert_eq!(plan.actions[2].after, [0].into());
        let mut world = there();
        world.apply(&plan);
        assert_eq!(says(&world, None), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_ours_is_not_even_named() {
        let world = there().but(|w| {
            w.add_foreign("kms", EndpointKind::Interface);
            let other = w.add_foreign("ssm", EndpointKind::Interface);
            other.tags.insert(OWNER_TAG.into(), "another".into());
        });
        let plan = world.plan_for(&aim(), None);
        assert_eq!(gist(&plan), ["- logs", "- s3", "- linkwalk-endpoints", ". s3: route-loss"]);
    }

    #[test]
    fn one_on_its_way_out_is_waited_for() {
        let world = there().but(|w| w.endpoint("logs").state = EndpointState::Deleting);
        let plan = world.plan_for(&aim(), None);
        assert_eq!(gist(&plan), ["- s3", "- linkwalk-endpoints", ". s3: route-loss"]);
        assert_eq!(plan.pending.len(), 1);
    }

    #[test]
    fn what_a_tag_protects_stays_with_all_that_it_needs() {
        let tags = [("tier".to_owned(), Glob::new("prod*").unwrap())].into();
        let deletions = Deletions { protected: tags, ..Deletions::default() };
        let careful = Aim { purpose: Purpose::Destroy, deletions };
        let one = there().but(|w| {
            w.endpoint("logs").tags.insert("tier".into(), "production".into());
        });
        let plan = one.plan_for(&careful, None);
        assert_eq!(
            gist(&plan),
            ["- s3", ". linkwalk-endpoints: group-in-use", ". logs: protected", ". s3: route-loss"]
        );
        assert!(plan.notes[1].text.contains("is protected by its tag tier=production"));
        let all = there().but(|w| drop(w.vpc().tags.insert("tier".into(), "prod".into())));
        let plan = all.plan_for(&careful, None);
        assert!(plan.actions.is_empty());
        assert!(plan.notes[0].text.contains("the tag tier=prod of vpc-1"), "{plan:#?}");
    }

    #[test]
    fn a_group_that_others_use_is_left() {
        let by_endpoint = there().but(|w| {
            let group = w.vpc().security_groups.keys().next().unwrap().clone();
            w.add_foreign("kms", EndpointKind::Interface).security_groups.insert(group);
        });
        let by_rule = there().but(|w| {
            let id = w.vpc().security_groups.keys().next().unwrap().to_string();
            w.add_foreign("kms", EndpointKind::Interface);
            let open = w.vpc().security_groups.get_mut(&"sg-open".into()).unwrap();
            open.ingress.insert(Rule::https_from(Peer::Group(id)));
        });
        let mut lambda = Usage::default();
        let group = there().vpc().security_groups.keys().next().unwrap().clone();
        lambda.groups.insert(group, ["eni-1 (lambda)".to_owned()].into());
        for (world, usage, user) in [
            (by_endpoint, None, "vpce-foreign2"),
            (by_rule, None, "a rule of sg-open"),
            (there(), Some(&lambda), "eni-1 (lambda)"),
        ] {
            let plan = world.plan_for(&aim(), usage);
            assert_eq!(plan.actions.len(), 2, "{plan:#?}");
            let note = plan.notes.iter().find(|note| note.code == "group-in-use").unwrap();
            assert!(note.text.contains(&format!("is still used by {user}; left")), "{note:?}");
        }
    }

    fn carried(what: Carried) -> Usage {
        let id = there().endpoint("logs").id.clone();
        Usage { traffic: [(id, what)].into(), ..Usage::default() }
    }

    #[test]
    fn an_endpoint_that_carried_traffic_is_refused_unless_forced() {
        let denied = Failure::local("GetMetricData", ErrorClass::Denied, "no");
        for (what, code, reason) in [
            (
                Carried::Bytes(1_234_567_890),
                "endpoint-in-use",
                "carried 1.2 GB in the last 24 hours",
            ),
            (Carried::Unknown(denied), "traffic-unknown", "GetMetricData: no"),
        ] {
            let usage = carried(what);
            let plan = there().plan_for(&aim(), Some(&usage));
            assert_eq!(plan.blocked.len(), 1);
            assert_eq!(plan.blocked[0].code, code);
            assert!(plan.blocked[0].reason.contains(reason), "{}", plan.blocked[0].reason);
            assert!(plan.blocked[0].reason.contains("--force"));
            assert_eq!(plan.actions.len(), 1, "the gateway alone: the group is in use");
            let deletions = Deletions { force: true, ..Deletions::default() };
            let forced = Aim { purpose: Purpose::Destroy, deletions };
            assert_eq!(there().plan_for(&forced, Some(&usage)).actions.len(), 3);
        }
        assert_eq!(there().plan_for(&aim(), Some(&carried(Carried::Bytes(0)))).actions.len(), 3);
        let unused_for = Duration::from_hours(7 * 24);
        let deletions = Deletions { unused_for, ..Deletions::default() };
        let longer = Aim { purpose: Purpose::Destroy, deletions };
        let plan = there().plan_for(&longer, Some(&carried(Carried::Bytes(5))));
        assert!(plan.blocked[0].reason.contains("carried 5 bytes in the last 7 days"));
    }

    #[test]
    fn where_a_gateways_traffic_goes_without_it_is_said_by_table() {
        let world = there().but(|w| {
            for (table, target) in [("rtb-a", "nat-1"), ("rtb-b", "tgw-1"), ("rtb-c", "")] {
                let table = w.vpc().route_tables.get_mut(&table.into()).unwrap();
                table.routes.retain(|route| route.destination != "0.0.0.0/0");
                if !target.is_empty() {
                    let destination = "0.0.0.0/0".to_owned();
                    let route = crate::model::network::Route { destination, target: target.into() };
                    table.routes.push(route);
                }
            }
        });
        let plan = world.plan_for(&aim(), None);
        let said: Vec<&str> = plan.notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(
            said,
            [
                "its routes go with it: traffic to s3 from rtb-a goes through the NAT gateway, which costs by the gigabyte",
                "its routes go with it: traffic to s3 from rtb-b takes the default route",
                "its routes go with it: traffic to s3 from rtb-c has no way out any more",
            ]
        );
    }

    #[test]
    fn an_endpoint_in_a_vpc_that_another_account_shares_is_not_ours_to_delete() {
        let shared = there().but(|w| w.vpc().owner = crate::plan::testing::account("999988887777"));
        let plan = shared.plan_for(&aim(), None);
        assert!(plan.actions.iter().all(|action| !matches!(action.verb, Verb::Tag { .. })));
        assert!(plan.actions.is_empty());
        assert_eq!(plan.blocked.len(), 2);
    }
}
