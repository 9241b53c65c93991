//! What the planner found out about the network. What it blocks is a problem; nothing is decided here again.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Facts, Looked, Proof, Topic};
use crate::ids::{SubnetId, VpcId};
use crate::model::network::Vpc;
use crate::plan::action::Verb;
use crate::plan::{self, Blocked, Note};

/// Fewer free addresses than this are worth a warning.
const FEW: i64 = 8;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let Some(Ok(looked)) = &facts.looked else { return Vec::new() };
    let mut checks: Vec<Check> = alike(&looked.plan.blocked)
        .into_iter()
        .map(|alike| blocked(facts, looked, &alike))
        .collect();
    checks.extend(looked.plan.notes.iter().filter_map(note));
    let vpcs = selected(facts, looked);
    let names: Vec<String> = vpcs.iter().map(|vpc| vpc.id.to_string()).collect();
    checks.extend(addresses(looked));
    let sound = [
        (Topic::Vpc, names.join(", ")),
        (Topic::DnsAttributes, names.join(", ")),
        (Topic::Subnets, placed(looked)),
        (Topic::Zones, zones(looked)),
        (Topic::Addresses, String::new()),
        (Topic::Plan, String::new()),
    ];
    for (topic, detail) in sound {
        let known = topic == Topic::Vpc || !vpcs.is_empty();
        if known && !checks.iter().any(|check| check.topic == topic) {
            let check = Check::ok(topic, "", topic.meaning());
            checks.push(if detail.is_empty() { check } else { check.detail(detail) });
        }
    }
    checks
}

fn selected<'a>(facts: &Facts, looked: &Looked<'a>) -> Vec<&'a Vpc> {
    let all = looked.observed.vpcs.values();
    all.filter(|vpc| {
        vpc.owner == facts.target.account && plan::selects_vpc(&facts.settings.vpcs, vpc)
    })
    .collect()
}

/// What has one reason in one VPC is one check, whatever it keeps from being made.
fn alike(blocked: &[Blocked]) -> Vec<Vec<&Blocked>> {
    let mut alike: BTreeMap<_, Vec<&Blocked>> = BTreeMap::new();
    for one in blocked {
        alike.entry((&one.code, &one.vpc, &one.reason, &one.resource)).or_default().push(one);
    }
    alike.into_values().collect()
}

fn blocked(facts: &Facts, looked: &Looked, alike: &[&Blocked]) -> Check {
    let Some(first) = alike.first() else { return Check::ok(Topic::Plan, "", "") };
    let services: BTreeSet<&str> = alike.iter().map(|one| one.what.as_str()).collect();
    let services = services.into_iter().collect::<Vec<_>>().join(", ");
    let (topic, text) = match first.code.as_str() {
        "no-vpc-matches" => (Topic::Vpc, "no VPC is selected by `network.vpcs`"),
        "no-subnet-matches" => (Topic::Subnets, "no subnet of the VPC is selected"),
        "no-route-table-matches" => (Topic::Subnets, "no route table of the VPC is selected"),
        "dns-attributes-off" => (Topic::DnsAttributes, "the DNS attributes of the VPC are off"),
        "no-zone-supported" => (Topic::Zones, "the service is in none of the subnets' zones"),
        "subnet-full" => (Topic::Addresses, "a subnet has no address left"),
        _ => (Topic::Plan, ""),
    };
    let text = if text.is_empty() { first.reason.as_str() } else { text };
    let subject = if topic == Topic::Vpc { String::new() } else { services };
    let place = first.vpc.as_ref().map(|vpc| format!("{vpc}: ")).unwrap_or_default();
    let check = Check::problem(topic, &first.code, text)
        .about(subject)
        .detail(format!("{place}{}", first.reason));
    match next(facts, looked, first) {
        Some(next) => check.next(next),
        None => check,
    }
}

fn next(facts: &Facts, looked: &Looked, blocked: &Blocked) -> Option<String> {
    Some(match blocked.code.as_str() {
        "no-vpc-matches" => {
            "tag a VPC of the account so that `network.vpcs` selects it, say in an \
                             [[override]] which one it is there, or leave the account out \
                             (`accounts.exclude`)"
                .to_owned()
        }
        "no-subnet-matches" => "make a private subnet (one without a default route to an internet \
                                gateway), or name others in `network.subnets`"
            .to_owned(),
        "no-route-table-matches" => "name others in `network.route_tables`".to_owned(),
        "no-zone-supported" => "make a subnet in a zone of the service, name others in \
                                `network.subnets`, or leave the service out"
            .to_owned(),
        "subnet-full" => "free addresses, or name other subnets in `network.subnets`".to_owned(),
        "dns-attributes-off" => turn_on(facts, looked, blocked.vpc.as_ref()?)?,
        _ => return None,
    })
}

/// One attribute a call.
fn turn_on(facts: &Facts, looked: &Looked, id: &VpcId) -> Option<String> {
    let vpc = looked.observed.vpcs.get(id)?;
    let region = &facts.target.region;
    let call = |option: &str| {
        format!("aws ec2 modify-vpc-attribute --region {region} --vpc-id {id} {option}")
    };
    let support = (!vpc.dns_support).then(|| call("--enable-dns-support"));
    let names = (!vpc.dns_hostnames).then(|| call("--enable-dns-hostnames"));
    let calls = support.into_iter().chain(names).collect::<Vec<_>>().join(" && ");
    Some(format!("{calls}   # or `fix_vpc_dns = true` in the network table"))
}

/// Notes that tell of less than was asked for.
fn note(note: &Note) -> Option<Check> {
    let place = note.vpc.as_ref().map(|vpc| format!("{vpc}: ")).unwrap_or_default();
    let (topic, text) = match note.code.as_str() {
        "dns-attributes-off" => (
            Topic::DnsAttributes,
            "the DNS attributes of the VPC are off, which its gateway endpoints do without",
        ),
        "zone-not-supported" => (Topic::Zones, "the service is not in every zone that has subnets"),
        "subnet-full" => (Topic::Addresses, "a zone is left out: its subnets have no address left"),
        _ => return None,
    };
    let check = Check::warning(topic, &note.code, text).about(note.what.as_str());
    Some(check.detail(format!("{place}{}", note.text)))
}

/// Addresses that the plan takes, one for each interface endpoint in each subnet.
fn addresses(looked: &Looked) -> Vec<Check> {
    let mut taken: BTreeMap<&SubnetId, i64> = BTreeMap::new();
    for action in &looked.plan.actions {
        let (added, removed): (Vec<_>, Vec<_>) = match &action.verb {
            Verb::CreateEndpoint(desired) => (desired.subnets.iter().collect(), Vec::new()),
            Verb::ModifyEndpoint { change, .. } => {
                (change.add_subnets.iter().collect(), change.remove_subnets.iter().collect())
            }
            _ => continue,
        };
        for (subnets, change) in [(added, 1), (removed, -1)] {
            for subnet in subnets {
                *taken.entry(subnet).or_default() += change;
            }
        }
    }
    let subnets = looked.observed.vpcs.values().flat_map(|vpc| vpc.subnets.values());
    let few: Vec<String> = subnets
        .filter_map(|subnet| {
            let taken = *taken.get(&subnet.id).filter(|taken| **taken > 0)?;
            let left = i64::from(subnet.free_addresses) - taken;
            let free = subnet.free_addresses;
            (left < FEW).then(|| format!("{}: {free} free, the plan takes {taken}", subnet.id))
        })
        .collect();
    if few.is_empty() {
        return Vec::new();
    }
    let text = format!("the plan leaves fewer than {FEW} addresses free in a subnet");
    let next = "free addresses, or name larger subnets in `network.subnets`";
    let check = Check::warning(Topic::Addresses, "few-addresses", text).detail(few.join("; "));
    vec![check.next(next).rests_on(Proof::Inferred)]
}

fn placed(looked: &Looked) -> String {
    let subnets: BTreeSet<&SubnetId> = looked
        .plan
        .actions
        .iter()
        .chain(&looked.fresh.actions)
        .filter_map(|action| match &action.verb {
            Verb::CreateEndpoint(desired) => Some(&desired.subnets),
            _ => None,
        })
        .flatten()
        .collect();
    subnets.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn zones(looked: &Looked) -> String {
    let zones = looked.plan.zones.values().chain(looked.fresh.zones.values());
    let zones: BTreeSet<String> = zones.map(ToString::to_string).collect();
    zones.into_iter().collect::<Vec<_>>().join(", ")
}
