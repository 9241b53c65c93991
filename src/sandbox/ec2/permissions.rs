//! `IpPermissions`: many rules in one structure, taken apart.

use ipnet::Ipv6Net;

use super::context::Ec2;
use super::ids::Noun;
use crate::sandbox::wire::refusal::{Refusal, bad_value, missing};
use crate::sandbox::world::security_group::{Peer, Rule};

/// The rules in `IpPermissions`.
pub(crate) fn given(ec2: &Ec2, egress: bool) -> Result<Vec<Rule>, Refusal> {
    let mut rules = Vec::new();
    for prefix in ec2.params.structures("IpPermissions") {
        let shape = shape(ec2, &prefix)?;
        let peers = peers(ec2, &prefix)?;
        if peers.is_empty() {
            let message = "Invalid value for IpPermissions: a rule must have a peer";
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        rules.extend(
            peers.into_iter().map(|(peer, description)| shape.rule(egress, peer, description)),
        );
    }
    Ok(rules)
}

/// The rule in the older parameters without a structure.
pub(crate) fn single(ec2: &Ec2, egress: bool) -> Result<Option<Rule>, Refusal> {
    let Some(text) = ec2.params.text("CidrIp") else {
        return Ok(None);
    };
    let shape = shape(ec2, "")?;
    Ok(Some(shape.rule(egress, v4(&text)?, None)))
}

/// A protocol and a range of ports.
struct Shape {
    protocol: String,
    from: Option<i32>,
    to: Option<i32>,
}

impl Shape {
    fn rule(&self, egress: bool, peer: Peer, description: Option<String>) -> Rule {
        let Self { protocol, from, to } = self;
        Rule { egress, protocol: protocol.clone(), from: *from, to: *to, peer, description }
    }
}

fn shape(ec2: &Ec2, prefix: &str) -> Result<Shape, Refusal> {
    let name = |member: &str| {
        if prefix.is_empty() { member.to_owned() } else { format!("{prefix}.{member}") }
    };
    let protocol = ec2.params.text(&name("IpProtocol")).ok_or_else(|| missing("ipProtocol"))?;
    let from: Option<i32> = ec2.params.number(&name("FromPort"))?;
    let to: Option<i32> = ec2.params.number(&name("ToPort"))?;
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1".to_owned(),
        "6" | "tcp" => "tcp".to_owned(),
        "17" | "udp" => "udp".to_owned(),
        "1" | "icmp" => "icmp".to_owned(),
        "58" | "icmpv6" => "icmpv6".to_owned(),
        number if number.parse::<u8>().is_ok() => number.to_owned(),
        _ => {
            let message = format!("Invalid value '{protocol}' for IP protocol. Unknown protocol.");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
    };
    if matches!(protocol.as_str(), "tcp" | "udp") {
        check_ports(from, to)?;
    }
    // All protocols means all ports.
    let kept = protocol != "-1";
    Ok(Shape { protocol, from: from.filter(|_| kept), to: to.filter(|_| kept) })
}

/// TCP and UDP need a range of ports.
fn check_ports(from: Option<i32>, to: Option<i32>) -> Result<(), Refusal> {
    let message = match (from, to) {
        (Some(from), Some(to)) if 0 <= from && from <= to && to <= 65_535 => return Ok(()),
        (Some(from), Some(to)) => format!("Invalid TCP/UDP port range ({from}:{to})"),
        _ => "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
            .to_owned(),
    };
    Err(Refusal::new("InvalidParameterValue", message))
}

type Described = (Peer, Option<String>);

fn peers(ec2: &Ec2, prefix: &str) -> Result<Vec<Described>, Refusal> {
    let params = ec2.params;
    let mut peers = Vec::new();
    let mut each =
        |list: &str, member: &str, make: &dyn Fn(&str, &str) -> Result<Peer, Refusal>| {
            for item in params.structures(&format!("{prefix}.{list}")) {
                let value = params.text(&format!("{item}.{member}"));
                let value = value.ok_or_else(|| missing(member))?;
                let description = params.text(&format!("{item}.Description"));
                check_description(description.as_deref())?;
                peers.push((make(&value, &item)?, description));
            }
            Ok::<(), Refusal>(())
        };
    each("IpRanges", "CidrIp", &|text, _| v4(text))?;
    each("Ipv6Ranges", "CidrIpv6", &|text, _| v6(text))?;
    each("PrefixListIds", "PrefixListId", &|id, _| {
        Noun::PrefixList.check(id)?;
        Ok(Peer::PrefixList(id.to_owned()))
    })?;
    each("Groups", "GroupId", &|id, item| {
        Noun::SecurityGroup.check(id)?;
        // Read so that they are known; the peer is found by its id.
        params.get(&format!("{item}.VpcId"));
        params.get(&format!("{item}.GroupName"));
        let account =
            params.text(&format!("{item}.UserId")).unwrap_or_else(|| ec2.account.to_owned());
        Ok(Peer::Group(id.to_owned(), account))
    })?;
    Ok(peers)
}

fn v4(text: &str) -> Result<Peer, Refusal> {
    let net: ipnet::Ipv4Net = text.parse().map_err(|_| malformed(text))?;
    Ok(Peer::V4(net.trunc()))
}

fn v6(text: &str) -> Result<Peer, Refusal> {
    let net: Ipv6Net = text.parse().map_err(|_| malformed(text))?;
    Ok(Peer::V6(net.trunc()))
}

fn malformed(text: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", format!("CIDR block {text} is malformed"))
}

fn check_description(text: Option<&str>) -> Result<(), Refusal> {
    let plain =
        |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    match text {
        Some(text) if text.len() > 255 || !text.chars().all(plain) => {
            Err(bad_value("Description", text))
        }
        _ => Ok(()),
    }
}
