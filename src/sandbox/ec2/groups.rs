//! Security groups.

use std::collections::BTreeMap;

use super::context::Ec2;
use super::ids::Noun;
use super::tags;
use crate::sandbox::wire::refusal::{Refusal, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::security_group::{Peer, Rule, SecurityGroup};

const FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.from-port",
    "egress.ip-permission.group-id",
    "egress.ip-permission.ipv6-cidr",
    "egress.ip-permission.prefix-list-id",
    "egress.ip-permission.protocol",
    "egress.ip-permission.to-port",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.from-port",
    "ip-permission.group-id",
    "ip-permission.ipv6-cidr",
    "ip-permission.prefix-list-id",
    "ip-permission.protocol",
    "ip-permission.to-port",
    "owner-id",
    "vpc-id",
];

/// `DescribeSecurityGroups`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("GroupId", Noun::SecurityGroup)?;
    let names = ec2.params.list("GroupName");
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeSecurityGroups", 5..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::SecurityGroup, &wanted)?;
    let held = || ec2.state.security_groups.values();
    if let Some(name) = names.iter().find(|name| held().all(|group| group.name != **name)) {
        return Err(Noun::SecurityGroup.unknown(name));
    }
    let all = ec2.state.security_groups.values().filter(|group| {
        (wanted.is_empty() || wanted.contains(&group.id))
            && (names.is_empty() || names.contains(&group.name))
            && ec2.state.seen(&group.id)
            && filters.hold(ec2.tags_of(&group.id), |name| field(group, name))
    });
    let (items, next) = page.cut(all, |group| group.id.clone());
    let mut xml = Xml::new();
    xml.set("securityGroupInfo", items, |xml, group| {
        write(xml, ec2, group);
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn field(group: &SecurityGroup, name: &str) -> Vec<String> {
    let egress = name.starts_with("egress.");
    let rules = group.rules.values().filter(|rule| rule.egress == egress);
    let number = |port: Option<i32>| port.map(|port| port.to_string());
    match name.trim_start_matches("egress.") {
        "description" => vec![group.description.clone()],
        "group-id" => vec![group.id.clone()],
        "group-name" => vec![group.name.clone()],
        "owner-id" => vec![group.owner.clone()],
        "vpc-id" => vec![group.vpc.clone()],
        "ip-permission.protocol" => rules.map(|rule| rule.protocol.clone()).collect(),
        "ip-permission.from-port" => rules.filter_map(|rule| number(rule.from)).collect(),
        "ip-permission.to-port" => rules.filter_map(|rule| number(rule.to)).collect(),
        which => rules
            .filter(|rule| match rule.peer {
                Peer::V4(_) => which == "ip-permission.cidr",
                Peer::V6(_) => which == "ip-permission.ipv6-cidr",
                Peer::PrefixList(_) => which == "ip-permission.prefix-list-id",
                Peer::Group(..) => which == "ip-permission.group-id",
            })
            .map(|rule| rule.peer.to_string())
            .collect(),
    }
}

fn write(xml: &mut Xml, ec2: &Ec2, group: &SecurityGroup) {
    xml.leaf("groupId", &group.id);
    xml.leaf("groupName", &group.name).leaf("groupDescription", &group.description);
    xml.leaf("vpcId", &group.vpc).leaf("ownerId", &group.owner);
    xml.leaf("securityGroupArn", ec2.arn("security-group", &group.id));
    let rules = |egress| group.rules.values().filter(move |rule| rule.egress == egress);
    write_permissions(xml, "ipPermissions", rules(false));
    write_permissions(xml, "ipPermissionsEgress", rules(true));
    tags::write(xml, ec2.tags_of(&group.id));
}

/// Rules as EC2 groups them: one item for each protocol and range of ports.
pub(crate) fn write_permissions<'a>(
    xml: &mut Xml,
    name: &str,
    rules: impl Iterator<Item = &'a Rule>,
) {
    let mut sets: BTreeMap<_, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        sets.entry((rule.protocol.as_str(), rule.from, rule.to)).or_default().push(rule);
    }
    xml.set(name, sets, |xml, ((protocol, from, to), rules)| {
        xml.leaf("ipProtocol", protocol).maybe("fromPort", from).maybe("toPort", to);
        let mut parts = Parts::default();
        for rule in rules {
            parts.add(rule);
        }
        parts.write(xml);
    });
}

/// The peers of one item, by kind.
#[derive(Default)]
struct Parts<'a> {
    groups: Vec<(&'a str, &'a str, Option<&'a str>)>,
    v4: Vec<(String, Option<&'a str>)>,
    v6: Vec<(String, Option<&'a str>)>,
    lists: Vec<(String, Option<&'a str>)>,
}

impl<'a> Parts<'a> {
    fn add(&mut self, rule: &'a Rule) {
        let description = rule.description.as_deref();
        match &rule.peer {
            Peer::V4(net) => self.v4.push((net.to_string(), description)),
            Peer::V6(net) => self.v6.push((net.to_string(), description)),
            Peer::PrefixList(id) => self.lists.push((id.clone(), description)),
            Peer::Group(id, account) => self.groups.push((id, account, description)),
        }
    }

    fn write(&self, xml: &mut Xml) {
        xml.set("groups", &self.groups, |xml, (id, account, description)| {
            xml.leaf("userId", account).leaf("groupId", id).maybe("description", *description);
        });
        let lists = [
            ("ipRanges", "cidrIp", &self.v4),
            ("ipv6Ranges", "cidrIpv6", &self.v6),
            ("prefixListIds", "prefixListId", &self.lists),
        ];
        for (list, member, peers) in lists {
            xml.set(list, peers, |xml, (peer, description)| {
                xml.leaf(member, peer).maybe("description", *description);
            });
        }
    }
}

/// `CreateSecurityGroup`. It has no client token: the name is what makes it happen once.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let name = ec2.params.need("GroupName")?;
    let description = ec2.params.need("GroupDescription")?;
    let vpc = match ec2.params.text("VpcId") {
        Some(_) => Some(ec2.id("VpcId", Noun::Vpc)?),
        None => ec2.state.vpcs.values().find(|vpc| vpc.is_default).map(|vpc| vpc.id.clone()),
    };
    let tags = tags::specified(ec2, &[Noun::SecurityGroup])?;
    check_words(&name, &description)?;
    ec2.ready()?;
    let vpc =
        vpc.ok_or_else(|| Refusal::new("VPCIdNotSpecified", "No default VPC for this user"))?;
    ec2.must_exist(Noun::Vpc, [&vpc])?;
    let mut groups = ec2.state.security_groups.values();
    if groups.any(|group| group.vpc == vpc && group.name == name) {
        let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(Refusal::new("InvalidGroup.Duplicate", message));
    }
    if ec2.state.security_groups.len() >= ec2.quotas.security_groups_per_region {
        let message = "The maximum number of security groups has been reached.";
        return Err(Refusal::new("SecurityGroupLimitExceeded", message));
    }
    let id = ec2.state.add_security_group(ec2.account, &vpc, &name, &description);
    ec2.state.tags.insert(id.clone(), tags.clone());
    ec2.hide(&id);
    let mut xml = Xml::new();
    xml.leaf("groupId", &id);
    tags::write(&mut xml, &tags);
    xml.leaf("securityGroupArn", ec2.arn("security-group", &id));
    Ok(xml)
}

/// Names and descriptions: 255 characters of `a-z`, `A-Z`, `0-9`, spaces and `._-:/()#,@[]+=&;{}!$*`.
fn check_words(name: &str, description: &str) -> Result<(), Refusal> {
    let fine = |text: &str| {
        let plain = |letter: char| {
            letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter)
        };
        text.chars().all(plain) && text.len() <= 255
    };
    let refused = |what: &str, text: &str, rule: &str| {
        let message = format!("Value ({text}) for parameter {what} is invalid. {rule}");
        Err(Refusal::new("InvalidParameterValue", message))
    };
    let rule = "Character sets beyond ASCII are not supported.";
    if name.starts_with("sg-") {
        return refused("GroupName", name, "Group names may not be in the format sg-*.");
    }
    if name == "default" {
        let message = "Cannot use reserved security group name: default";
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    if !fine(name) {
        return refused("GroupName", name, rule);
    }
    if !fine(description) {
        return refused("GroupDescription", description, rule);
    }
    Ok(())
}

/// `DeleteSecurityGroup`.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = match ec2.params.text("GroupName") {
        Some(name) => named(ec2, &name)?,
        None if ec2.params.get("GroupId").is_none() => return Err(missing("groupName or groupId")),
        None => ec2.id("GroupId", Noun::SecurityGroup)?,
    };
    ec2.ready()?;
    ec2.must_exist(Noun::SecurityGroup, [&id])?;
    let group =
        ec2.state.security_groups.get(&id).ok_or_else(|| Noun::SecurityGroup.unknown(&id))?;
    if group.name == "default" {
        let message =
            format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(Refusal::new("CannotDelete", message));
    }
    let mut others = ec2.state.security_groups.values().filter(|group| group.id != id);
    let named = |rule: &Rule| matches!(&rule.peer, Peer::Group(peer, _) if *peer == id);
    let referenced = others.any(|group| group.rules.values().any(named));
    let attached = ec2.state.interfaces.values().any(|interface| interface.groups.contains(&id))
        || ec2.state.endpoints.values().any(|endpoint| endpoint.groups.contains(&id));
    if referenced || attached {
        let message = format!("resource {id} has a dependent object");
        return Err(Refusal::new("DependencyViolation", message));
    }
    if let Some(group) = ec2.state.security_groups.remove(&id) {
        for rule in group.rules.keys() {
            ec2.state.tags.remove(rule);
        }
    }
    ec2.state.tags.remove(&id);
    let mut xml = Xml::done();
    xml.leaf("groupId", id);
    Ok(xml)
}

/// The group with this name in the default VPC.
pub(crate) fn named(ec2: &Ec2, name: &str) -> Result<String, Refusal> {
    let vpc = ec2.state.vpcs.values().find(|vpc| vpc.is_default).map(|vpc| &vpc.id);
    let mut groups = ec2.state.security_groups.values();
    let found = groups.find(|group| Some(&group.vpc) == vpc && group.name == name);
    found.map(|group| group.id.clone()).ok_or_else(|| Noun::SecurityGroup.unknown(name))
}
