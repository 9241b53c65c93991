//! The deployment's security group in one VPC: found, made when first needed, kept right.

use std::collections::BTreeSet;

use crate::model::network::{Peer, Rule, SecurityGroup};
use crate::plan::action::{ActionId, DesiredGroup, Drift, SecurityGroupRef, Verb};
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::target::Site;
use crate::plan::{ingress, tags};

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
            Standing::There(there) => {
                self.repair_rules(there, draft);
                let (set, drift) = tags::missing(&self.desired.tags, &there.tags);
                if !set.is_empty() {
                    let verb = Verb::Tag { resource: there.id.to_string(), vpc: vpc.clone(), set };
                    draft.act(Rank::Tag, name, verb, drift, BTreeSet::new());
                }
            }
        }
    }

    /// The group for an endpoint to use; makes it if need be.
    pub(super) fn reference(&mut self, draft: &mut Draft) -> Result<SecurityGroupRef, Refusal> {
        match &self.standing {
            Standing::There(there) => Ok(SecurityGroupRef::Id(there.id.clone())),
            Standing::Planned(action) => Ok(SecurityGroupRef::MadeBy(*action)),
            Standing::Refused(refusal) => Err(Refusal::new(
                refusal.code,
                format!("needs the security group {}: {}", self.desired.name, refusal.reason),
            )),
            Standing::Missing => {
                let verb = Verb::CreateSecurityGroup(self.desired.clone());
                let action =
                    draft.act(Rank::Group, &self.desired.name, verb, Vec::new(), BTreeSet::new());
                self.standing = Standing::Planned(action);
                Ok(SecurityGroupRef::MadeBy(action))
            }
        }
    }

    /// What the group lets in.
    pub(super) fn ingress(&self) -> &BTreeSet<Rule> {
        &self.desired.ingress
    }

    fn repair_rules(&self, there: &SecurityGroup, draft: &mut Draft) {
        let desired = &self.desired.ingress;
        if *desired == there.ingress {
            return;
        }
        let verb = Verb::ModifySecurityGroup {
            id: there.id.clone(),
            vpc: self.site.vpc.id.clone(),
            authorize: desired.difference(&there.ingress).cloned().collect(),
            revoke: there.ingress.difference(desired).cloned().collect(),
        };
        let in_words =
            |rules: &BTreeSet<Rule>| rules.iter().map(Rule::to_string).collect::<Vec<_>>().into();
        let drift = Drift {
            field: "ingress".to_owned(),
            was: in_words(&there.ingress),
            should_be: in_words(desired),
        };
        draft.act(Rank::Group, &self.desired.name, verb, vec![drift], BTreeSet::new());
    }
}

fn standing<'a>(
    site: &Site,
    desired: &DesiredGroup,
    there: Option<&'a SecurityGroup>,
) -> Result<Standing<'a>, Refusal> {
    if let Some(there) = there
        && !site.is_ours(&there.tags)
    {
        return Err(Refusal::new(
            "security-group-name-taken",
            format!(
                "{} has this name and is not of deployment `{}`: choose another [security_group] name",
                there.id, site.settings.deployment
            ),
        ));
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
    Ok(there.map_or(Standing::Missing, Standing::There))
}
