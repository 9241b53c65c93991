//! The deployment's security group in one VPC: found, made when first needed, kept right.

use std::collections::BTreeSet;

use crate::model::network::{Peer, Rule, SecurityGroup};
use crate::plan::action::{ActionId, DesiredGroup, Drift, SecurityGroupRef, Verb};
use crate::plan::aim::Adoption;
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::target::Site;
use crate::plan::{adopt, ingress, tags};

/// Rules of one direction and one address family that a security group takes
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>).
const MAX_RULES: usize = 60;

/// The deployment's security group, as it stands in one VPC.
pub(super) struct Group<'a> {
    site: Site<'a>,
    desired: DesiredGroup,
    standing: Standing<'a>,
}

enum Standing<'a> {
    Missing,
    Planned(ActionId),
    There(&'a SecurityGroup),
    Adopted(&'a SecurityGroup),
    Refused(Refusal),
}

impl<'a> Group<'a> {
    pub(super) fn find(site: Site<'a>) -> Self {
        let group = &site.settings.security_group;
        let desired = DesiredGroup {
            vpc: site.vpc.id.clone(),
            name: group.name.clone(),
            description: "HTTPS to VPC endpoints (linkwalk)".to_owned(),
            ingress: ingress::rules(&group.ingress, site.vpc),
            tags: tags::of_group(&site),
        };
        let there = site.vpc.security_groups.values().find(|there| there.name == group.name);
        let standing = match standing(&site, &desired, there) {
            Ok(standing) => standing,
            Err(refusal) => Standing::Refused(refusal),
        };
        Self { site, desired, standing }
    }

    /// Repairs the group where it is there and wrong, or says why it cannot be had.
    pub(super) fn repair(&self, draft: &mut Draft) {
        let (name, vpc) = (&self.desired.name, &self.desired.vpc);
        match &self.standing {
            Standing::Refused(refusal) => draft.block(Some(vpc), name, refusal.clone()),
            Standing::Missing | Standing::Planned(_) => {}
            Standing::Adopted(there) => self.adopt(there, draft),
            Standing::There(there) => {
                if let Some((verb, difference)) = self.rules(there) {
                    draft.act(Rank::Group, name, verb, vec![difference], BTreeSet::new());
                }
                let (set, differences) = tags::missing(&self.desired.tags, &there.tags);
                if !set.is_empty() {
                    let verb = Verb::Tag { resource: there.id.to_string(), vpc: vpc.clone(), set };
                    draft.act(Rank::Tag, name, verb, differences, BTreeSet::new());
                }
            }
        }
    }

    /// The group for an endpoint to use; makes it if need be.
    pub(super) fn reference(&mut self, draft: &mut Draft) -> Result<SecurityGroupRef, Refusal> {
        match &self.standing {
            Standing::There(there) | Standing::Adopted(there) => {
                Ok(SecurityGroupRef::Id(there.id.clone()))
            }
            Standing::Planned(action) => Ok(SecurityGroupRef::MadeBy(*action)),
            Standing::Refused(refusal) => Err(Refusal::new(
                refusal.code,
                format!("needs the security group {}: {}", self.desired.name, refusal.reason),
            )
            .for_the_sake_of(refusal.resource.as_deref().unwrap_or(&self.desired.name))),
            Standing::Missing => {
                let verb = Verb::CreateSecurityGroup(self.desired.clone());
                let action =
                    draft.act(Rank::Group, &self.desired.name, verb, Vec::new(), BTreeSet::new());
                self.standing = Standing::Planned(action);
                Ok(SecurityGroupRef::MadeBy(action))
            }
        }
    }

    /// The group that an endpoint would use; none is made.
    pub(super) fn preview(&self) -> Result<SecurityGroupRef, Refusal> {
        match &self.standing {
            // The number of no action: this is for people to read and is never sent.
            Standing::Missing => Ok(SecurityGroupRef::MadeBy(ActionId::MAX)),
            Standing::Planned(action) => Ok(SecurityGroupRef::MadeBy(*action)),
            Standing::There(there) | Standing::Adopted(there) => {
                Ok(SecurityGroupRef::Id(there.id.clone()))
            }
            Standing::Refused(refusal) => Err(refusal.clone()),
        }
    }

    fn adopt(&self, there: &SecurityGroup, draft: &mut Draft) {
        let (name, rules) = (&self.desired.name, self.rules(there));
        let differs: Vec<Drift> = rules.iter().map(|(_, differs)| differs.clone()).collect();
        let (id, desired) = (there.id.as_str(), &self.desired.tags);
        let action = adopt::take(&self.site, name, id, &there.tags, desired, &differs, draft);
        if let Some((verb, difference)) =
            rules.filter(|_| self.site.changes.adopt == Adoption::Repair)
        {
            draft.act(Rank::Group, name, verb, vec![difference], BTreeSet::from([action]));
        }
    }

    /// What the group lets in.
    pub(super) fn ingress(&self) -> &BTreeSet<Rule> {
        &self.desired.ingress
    }

    /// What makes its rules right, where they are not.
    fn rules(&self, there: &SecurityGroup) -> Option<(Verb, Drift)> {
        let desired = &self.desired.ingress;
        if *desired == there.ingress {
            return None;
        }
        let verb = Verb::ModifySecurityGroup {
            id: there.id.clone(),
            vpc: self.site.vpc.id.clone(),
            authorize: desired.difference(&there.ingress).cloned().collect(),
            revoke: there.ingress.difference(desired).cloned().collect(),
        };
        let in_words =
            |rules: &BTreeSet<Rule>| rules.iter().map(Rule::to_string).collect::<Vec<_>>().into();
        let difference = Drift {
            field: "ingress".to_owned(),
            was: in_words(&there.ingress),
            should_be: in_words(desired),
        };
        Some((verb, difference))
    }
}

fn standing<'a>(
    site: &Site,
    desired: &DesiredGroup,
    there: Option<&'a SecurityGroup>,
) -> Result<Standing<'a>, Refusal> {
    // Every VPC has a `default` group that cannot be deleted and that others use without naming it.
    let adopted = there.is_some_and(|there| {
        site.changes.adopt != Adoption::No
            && adopt::has_no_owner(&there.tags)
            && there.name != "default"
    });
    if let Some(there) = there
        && !site.is_ours(&there.tags)
        && !adopted
    {
        return Err(Refusal::new(
            "security-group-name-taken",
            format!(
                "{} has this name and is not of deployment `{}`: choose another [security_group] name, or adopt it (apply --adopt)",
                there.id, site.settings.deployment
            ),
        )
        .for_the_sake_of(there.id.as_str()));
    }
    let family = |ipv6: bool| {
        let counts = |rule: &&Rule| match &rule.peer {
            Peer::Cidr(net) => net.addr().is_ipv6() == ipv6,
            // A prefix list counts in its own family, which its id does not tell.
            Peer::PrefixList(_) | Peer::Group(_) => true,
        };
        desired.ingress.iter().filter(counts).count()
    };
    let rules = family(false).max(family(true));
    if rules > MAX_RULES {
        return Err(Refusal::new(
            "too-many-rules",
            format!("it would have {rules} rules of one address family and AWS allows {MAX_RULES}"),
        ));
    }
    tags::acceptable(&desired.tags, there.map(|there| &there.tags))?;
    Ok(match there {
        None => Standing::Missing,
        Some(there) if adopted => Standing::Adopted(there),
        Some(there) => Standing::There(there),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::OWNER_TAG;
    use crate::model::spec::{GroupRef, IngressSource};
    use crate::plan::testing::{World, check, check_blocked, gist, world};

    fn group(world: &mut World) -> &mut SecurityGroup {
        let mut groups = world.vpc().security_groups.values_mut();
        groups.find(|group| group.name == "linkwalk-endpoints").unwrap()
    }

    #[test]
    fn https_is_let_in_from_all_cidrs_of_the_vpc_secondary_and_ipv6_too() {
        let world = world().want(["logs"]).but(|w| {
            w.vpc().cidrs.push("100.64.0.0/16".parse().unwrap());
            w.vpc().cidrs.push("2001:db8::/56".parse().unwrap());
            w.settings.security_group.ingress.push(IngressSource::PrefixList("pl-1".into()));
        });
        let plan = world.plan();
        let Verb::CreateSecurityGroup(group) = &plan.actions[0].verb else { panic!("{plan:?}") };
        let rules: Vec<_> = group.ingress.iter().map(ToString::to_string).collect();
        assert_eq!(
            rules,
            [
                "443/tcp from 10.0.0.0/16",
                "443/tcp from 100.64.0.0/16",
                "443/tcp from 2001:db8::/56",
                "443/tcp from pl-1"
            ]
        );
        assert_eq!(group.tags[OWNER_TAG], "privatelink");
        assert_eq!(group.tags["Name"], "linkwalk-endpoints");
    }

    #[test]
    fn rules_missing_and_rules_too_many_are_both_repaired() {
        let extra = Rule::https_from(Peer::Cidr("0.0.0.0/0".parse().unwrap()));
        let mut world = world().want(["logs"]).applied().but(|w| {
            group(w).ingress = [extra.clone()].into();
        });
        let plan = world.plan();
        assert_eq!(gist(&plan), ["~ linkwalk-endpoints: ingress"]);
        let Verb::ModifySecurityGroup { authorize, revoke, .. } = &plan.actions[0].verb else {
            panic!("{plan:?}")
        };
        assert_eq!(authorize.len(), 1);
        assert_eq!(*revoke, [extra].into());
        world.apply(&plan);
        assert!(world.plan().is_in_sync());
    }

    #[test]
    fn a_group_without_a_user_is_not_made() {
        check([
            ("gateways have none", world().want(["s3"]), vec!["+ s3"]),
            (
                "another group is named",
                world()
                    .but(|w| {
                        w.add_foreign("kms", crate::model::endpoint::EndpointKind::Interface);
                    })
                    .want_with("logs", |spec| {
                        spec.security_groups = vec![GroupRef::Name("open".into())];
                    }),
                vec!["+ logs"],
            ),
        ]);
    }

    #[test]
    fn a_name_that_is_taken_blocks_the_group_and_its_endpoints() {
        let taken = world().want(["logs", "s3"]).applied().but(|w| {
            group(w).tags.clear();
            w.observed.endpoints.clear();
        });
        check([(
            "taken",
            taken,
            vec![
                "+ s3",
                "! linkwalk-endpoints: security-group-name-taken",
                "! logs: security-group-name-taken",
            ],
        )]);
    }

    #[test]
    fn more_rules_than_aws_takes_are_blocked() {
        let world = world().want(["logs"]).but(|w| {
            w.settings.security_group.ingress = (0..61)
                .map(|n| IngressSource::Cidr(format!("10.{n}.0.0/16").parse().unwrap()))
                .collect();
        });
        let codes: Vec<_> = world.plan().blocked.into_iter().map(|b| b.code).collect();
        assert_eq!(codes, ["too-many-rules", "too-many-rules"]);
    }

    #[test]
    fn groups_that_cannot_be_used_block_the_endpoint() {
        let named = |groups: Vec<GroupRef>| {
            world()
                .but(|w| {
                    w.add_foreign("kms", crate::model::endpoint::EndpointKind::Interface);
                    for n in 1..6 {
                        let mut group = w.vpc().security_groups.values().next().unwrap().clone();
                        group.id = format!("sg-{n}").as_str().into();
                        group.name = format!("group-{n}");
                        w.vpc().security_groups.insert(group.id.clone(), group);
                    }
                })
                .want_with("logs", |spec| spec.security_groups = groups)
        };
        let by_id = |n: i32| GroupRef::Id(format!("sg-{n}").as_str().into());
        check_blocked([
            (
                "security-group-not-found",
                named(vec![GroupRef::Name("elsewhere".into())]),
                "no security group `elsewhere` in vpc-1",
            ),
            ("security-group-not-found", named(vec![GroupRef::Id("sg-9".into())]), "`sg-9`"),
            (
                "too-many-security-groups",
                named((1..6).map(by_id).chain([GroupRef::Managed]).collect()),
                "6 security groups, and AWS allows 5",
            ),
        ]);
    }

    #[test]
    fn a_closed_group_is_said() {
        let world = world()
            .but(|w| {
                w.add_foreign("kms", crate::model::endpoint::EndpointKind::Interface);
                let open = w.vpc().security_groups.values_mut().next().unwrap();
                open.ingress = ["10.0.0.0/17"]
                    .map(|net| Rule::https_from(Peer::Cidr(net.parse().unwrap())))
                    .into();
            })
            .want_with("logs", |spec| spec.security_groups = vec![GroupRef::Id("sg-open".into())]);
        let halves = world.clone().but(|w| {
            let open = w.vpc().security_groups.values_mut().next().unwrap();
            open.ingress.insert(Rule::https_from(Peer::Cidr("10.0.128.0/17".parse().unwrap())));
        });
        check([
            ("half is let in", world, vec!["+ logs", ". logs: security-group-closed"]),
            ("both halves are", halves, vec!["+ logs"]),
        ]);
    }
}
