//! Rules of security groups: describe, authorize, revoke.

use super::context::Ec2;
use super::groups::{named, write_permissions};
use super::ids::Noun;
use super::permissions::{given, single};
use super::tags;
use crate::sandbox::wire::refusal::{Refusal, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::security_group::{Peer, Rule, SecurityGroup};

/// `DescribeSecurityGroupRules`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("SecurityGroupRuleId", Noun::SecurityGroupRule)?;
    let filters = ec2.filters(&["group-id", "security-group-rule-id"], true)?;
    let page = ec2.page("DescribeSecurityGroupRules", 5..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::SecurityGroupRule, &wanted)?;
    let groups = ec2.state.security_groups.values().filter(|group| ec2.state.seen(&group.id));
    let rules =
        groups.flat_map(|group| group.rules.iter().map(move |(id, rule)| (id, group, rule)));
    let mut all: Vec<_> = rules
        .filter(|(id, group, _)| {
            (wanted.is_empty() || wanted.contains(id))
                && filters.hold(ec2.tags_of(id), |name| {
                    vec![if name == "group-id" { group.id.clone() } else { (*id).clone() }]
                })
        })
        .collect();
    all.sort_by_key(|(id, ..)| *id);
    let (items, next) = page.cut(all, |(id, ..)| (*id).clone());
    let mut xml = Xml::new();
    xml.set("securityGroupRuleSet", items, |xml, (id, group, rule)| {
        write(xml, ec2, id, group, rule);
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn write(xml: &mut Xml, ec2: &Ec2, id: &str, group: &SecurityGroup, rule: &Rule) {
    xml.leaf("securityGroupRuleId", id);
    xml.leaf("groupId", &group.id).leaf("groupOwnerId", &group.owner);
    write_rule(xml, rule);
    if let Peer::Group(peer, account) = &rule.peer {
        xml.element("referencedGroupInfo", |xml| {
            xml.leaf("groupId", peer).leaf("userId", account).leaf("vpcId", &group.vpc);
        });
    }
    tags::write(xml, ec2.tags_of(id));
    xml.leaf("securityGroupRuleArn", ec2.arn("security-group-rule", id));
}

fn write_rule(xml: &mut Xml, rule: &Rule) {
    xml.leaf("isEgress", rule.egress).leaf("ipProtocol", &rule.protocol);
    xml.leaf("fromPort", rule.from.unwrap_or(-1)).leaf("toPort", rule.to.unwrap_or(-1));
    match &rule.peer {
        Peer::V4(net) => xml.leaf("cidrIpv4", net),
        Peer::V6(net) => xml.leaf("cidrIpv6", net),
        Peer::PrefixList(id) => xml.leaf("prefixListId", id),
        Peer::Group(..) => xml,
    };
    xml.maybe("description", rule.description.as_deref());
}

/// The group a request is about.
fn group_id(ec2: &Ec2) -> Result<String, Refusal> {
    match (ec2.params.get("GroupId"), ec2.params.text("GroupName")) {
        (Some(_), _) => ec2.id("GroupId", Noun::SecurityGroup),
        (None, Some(name)) => named(ec2, &name),
        (None, None) => Err(missing("groupName or groupId")),
    }
}

/// `AuthorizeSecurityGroupIngress` and `…Egress`: all rules or none.
pub(crate) fn authorize(ec2: &mut Ec2, egress: bool) -> Result<Xml, Refusal> {
    let id = group_id(ec2)?;
    let mut rules = given(ec2, egress)?;
    rules.extend(single(ec2, egress)?);
    let tags = tags::specified(ec2, &[Noun::SecurityGroupRule])?;
    ec2.ready()?;
    ec2.must_exist(Noun::SecurityGroup, [&id])?;
    if rules.is_empty() {
        return Err(missing("ipPermissions"));
    }
    check(ec2, &id, &rules)?;
    let ids: Vec<_> = rules.iter().map(|_| ec2.state.id("sgr")).collect();
    let group = ec2.state.security_groups.get_mut(&id);
    let group = group.ok_or_else(|| Noun::SecurityGroup.unknown(&id))?;
    group.rules.extend(ids.iter().cloned().zip(rules));
    let group = group.clone();
    if !tags.is_empty() {
        for id in &ids {
            ec2.state.tags.insert(id.clone(), tags.clone());
        }
    }
    let mut xml = Xml::done();
    xml.set("securityGroupRuleSet", &ids, |xml, id| {
        if let Some(rule) = group.rules.get(id) {
            write(xml, ec2, id, &group, rule);
        }
    });
    Ok(xml)
}

fn check(ec2: &Ec2, id: &str, rules: &[Rule]) -> Result<(), Refusal> {
    let unknown = || Noun::SecurityGroup.unknown(id);
    let held = &ec2.state.security_groups.get(id).ok_or_else(unknown)?.rules;
    for (at, rule) in rules.iter().enumerate() {
        match &rule.peer {
            Peer::Group(peer, account) if account == ec2.account => {
                ec2.must_exist(Noun::SecurityGroup, [peer])?;
            }
            Peer::PrefixList(list) => ec2.must_exist(Noun::PrefixList, [list])?,
            Peer::V4(_) | Peer::V6(_) | Peer::Group(..) => (),
        }
        if rules[..at].iter().any(|other| other.same(rule)) {
            let message = "The same permission must not appear multiple times";
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        if held.values().any(|other| other.same(rule)) {
            let message = format!("the specified rule \"{}\" already exists", spoken(rule));
            return Err(Refusal::new("InvalidPermission.Duplicate", message));
        }
    }
    // IPv4 and IPv6 rules are counted separately, and each direction on its own.
    for v6 in [false, true] {
        let counted = |rule: &&Rule| {
            rules.first().is_some_and(|first| first.egress == rule.egress)
                && matches!(rule.peer, Peer::V6(_)) == v6
        };
        let added = rules.iter().filter(counted).count();
        if added > 0
            && held.values().filter(counted).count() + added > ec2.quotas.rules_per_security_group
        {
            let message = "The maximum number of rules per security group has been reached.";
            return Err(Refusal::new("RulesPerSecurityGroupLimitExceeded", message));
        }
    }
    Ok(())
}

/// A rule as EC2 speaks of it.
fn spoken(rule: &Rule) -> String {
    let protocol =
        if rule.protocol == "-1" { "ALL".to_owned() } else { rule.protocol.to_uppercase() };
    let ports = match (rule.from, rule.to) {
        (Some(from), Some(to)) => format!(", from port: {from}, to port: {to}"),
        _ => String::new(),
    };
    format!("peer: {}, {protocol}{ports}, ALLOW", rule.peer)
}

/// `RevokeSecurityGroupIngress` and `…Egress`. A rule that is not there is an error, but in a default VPC
/// it is only reported (documentation of the action).
pub(crate) fn revoke(ec2: &mut Ec2, egress: bool) -> Result<Xml, Refusal> {
    let id = group_id(ec2)?;
    let ids = ec2.wanted("SecurityGroupRuleId", Noun::SecurityGroupRule)?;
    let mut rules = given(ec2, egress)?;
    rules.extend(single(ec2, egress)?);
    ec2.ready()?;
    ec2.must_exist(Noun::SecurityGroup, [&id])?;
    if rules.is_empty() && ids.is_empty() {
        return Err(missing("ipPermissions"));
    }
    let unknown_group = || Noun::SecurityGroup.unknown(&id);
    let group = ec2.state.security_groups.get(&id).ok_or_else(unknown_group)?;
    let mut revoked = Vec::new();
    for rule in &ids {
        if group.rules.get(rule).is_none_or(|held| held.egress != egress) {
            return Err(Noun::SecurityGroupRule.unknown(rule));
        }
        revoked.push(rule.clone());
    }
    let mut unknown = Vec::new();
    for rule in &rules {
        match group.rules.iter().find(|(_, held)| held.same(rule)) {
            Some((id, _)) => revoked.push(id.clone()),
            None => unknown.push(rule),
        }
    }
    let is_default = ec2.state.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.is_default);
    if !unknown.is_empty() && !is_default {
        let message = "The specified rule does not exist in this security group.";
        return Err(Refusal::new("InvalidPermission.NotFound", message));
    }
    let group = ec2.state.security_groups.get_mut(&id).ok_or_else(unknown_group)?;
    let removed: Vec<_> =
        revoked.iter().filter_map(|rule| Some((rule.clone(), group.rules.remove(rule)?))).collect();
    for (rule, _) in &removed {
        ec2.state.tags.remove(rule);
    }
    let mut xml = Xml::done();
    write_permissions(&mut xml, "unknownIpPermissionSet", unknown.into_iter());
    xml.set("revokedSecurityGroupRuleSet", &removed, |xml, (rule, held)| {
        xml.leaf("securityGroupRuleId", rule).leaf("groupId", &id);
        write_rule(xml, held);
        if let Peer::Group(peer, _) = &held.peer {
            xml.leaf("referencedGroupId", peer);
        }
    });
    Ok(xml)
}
