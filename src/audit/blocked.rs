//! What is wanted and not possible as things are.

use std::collections::{BTreeMap, BTreeSet};

use super::look::{Scene, Topic, list};
use super::{Finding, FindingKind, Severity};
use crate::ids::VpcId;
use crate::model::endpoint::EndpointKind;
use crate::model::network::{DnsAttribute, Vpc};
use crate::plan::Blocked;
use crate::plan::action::Drift;

/// Refusals that have the same reason are one finding, whatever they keep from being made.
pub(super) fn findings(scene: &Scene) -> Vec<Finding> {
    let mut alike: BTreeMap<(Option<&VpcId>, &str, &str), Vec<&Blocked>> = BTreeMap::new();
    for one in &scene.subject.plan.blocked {
        let cause = one.resource.as_deref().unwrap_or(&one.what);
        alike.entry((one.vpc.as_ref(), &one.code, cause)).or_default().push(one);
    }
    let mut findings: Vec<Finding> =
        alike.into_values().filter_map(|alike| of_cause(scene, &alike)).collect();
    findings.extend(dns_attributes_of_gateways(scene));
    findings
}

fn of_cause(scene: &Scene, alike: &[&Blocked]) -> Option<Finding> {
    let first = alike.first()?;
    let services: BTreeSet<&str> = alike.iter().map(|one| one.what.as_str()).collect();
    let all = list(&services);
    let table = scene.table_of(&first.what);
    let resource = first.resource.as_deref().filter(|id| id.contains('-') && scene.knows(id));
    let topic = Topic { vpc: first.vpc.as_ref(), what: &first.what, resource, aspect: "" };
    let finding = match first.code.as_str() {
        "dns-attributes-off" => {
            return dns_attributes(scene, first.vpc.as_ref()?, &all, Severity::High);
        }
        "still-deleting" => Finding {
            title: format!("the endpoint of {all} is being deleted"),
            reason: format!(
                "someone deletes it, and until it is gone no other one can be made; traffic to {all} \
                 leaves by NAT gateways and the internet by then"
            ),
            repair: "find out who deletes it, then run apply when it is gone".to_owned(),
            command: Some(scene.apply()),
            ..scene.finding(FindingKind::EndpointDeleting, topic, &table)
        },
        "foreign-in-the-way" | "requester-managed" | "private-dns-conflict"
            if resource.and_then(|id| scene.endpoint(id)).is_some_and(|one| !scene.owns(one)) =>
        {
            Finding {
                title: format!("an endpoint that is not ours is in the way of {all}"),
                reason: capital(&first.reason),
                repair: "take it into the deployment (linkwalk apply --adopt), or remove it, then \
                         apply"
                    .to_owned(),
                ..scene.finding(FindingKind::ForeignInTheWay, topic, &table)
            }
        }
        code => {
            let severity = if code == "no-vpc-matches" { Severity::Medium } else { Severity::High };
            let table = if code == "no-vpc-matches" { "network" } else { &table };
            Finding {
                title: format!("{all} cannot be as accounts.toml asks: {code}"),
                reason: capital(&first.reason),
                severity,
                repair: "remove the cause, or change what accounts.toml asks for".to_owned(),
                ..scene.finding(FindingKind::Blocked, Topic { aspect: code, ..topic }, table)
            }
        }
    };
    Some(finding)
}

/// Gateway endpoints work without the VPC's DNS attributes, and names may still resolve elsewhere.
fn dns_attributes_of_gateways(scene: &Scene) -> Vec<Finding> {
    let notes = scene.subject.plan.notes.iter().filter(|note| note.code == "dns-attributes-off");
    notes
        .filter_map(|note| dns_attributes(scene, note.vpc.as_ref()?, &note.what, Severity::Info))
        .collect()
}

fn dns_attributes(
    scene: &Scene,
    id: &VpcId,
    services: &str,
    severity: Severity,
) -> Option<Finding> {
    let vpc = scene.vpc(id)?;
    let off = off(vpc);
    let names = list(off.iter().map(|(name, _)| name));
    let topic = Topic { vpc: Some(id), what: id.as_str(), resource: Some(id.as_str()), aspect: "" };
    let region = &scene.subject.who.target.region;
    let call = |(_, option): &(&str, &str)| {
        format!("aws ec2 modify-vpc-attribute --region {region} --vpc-id {id} {option}")
    };
    let drift = |(name, _): &(&str, &str)| Drift {
        field: (*name).to_owned(),
        was: false.into(),
        should_be: true.into(),
    };
    Some(Finding {
        title: format!("{names} of the VPC is off"),
        reason: format!(
            "without it private DNS cannot work: {services} would be resolved to public addresses"
        ),
        severity,
        drift: off.iter().map(drift).collect(),
        repair:
            "switch it on in the account, after asking those who rely on it; linkwalk does it where \
                 network.fix_vpc_dns = true allows it"
            .to_owned(),
        // One attribute a call.
        command: Some(off.iter().map(call).collect::<Vec<_>>().join(" && ")),
        ..scene.finding(FindingKind::VpcDnsAttributes, topic, "network")
    })
}

/// Attributes that are off and that `apply` turns on, because accounts.toml allows it: one finding for both.
pub(super) fn fixable_dns(scene: &Scene, id: &VpcId) -> Option<Finding> {
    let interfaces = scene.wants.iter().filter(|want| {
        want.kind == Some(EndpointKind::Interface) && want.spec.private_dns != Some(false)
    });
    let services: BTreeSet<&str> = interfaces.map(|want| want.short.as_str()).collect();
    Some(Finding {
        repair: "turn it on: network.fix_vpc_dns allows it".to_owned(),
        command: Some(format!("{} --only private-dns", scene.apply())),
        ..dns_attributes(scene, id, &list(&services), Severity::High)?
    })
}

/// Attributes that are off, each with the option of the command that turns it on.
fn off(vpc: &Vpc) -> Vec<(&'static str, &'static str)> {
    let option = |attribute| match attribute {
        DnsAttribute::Support => "--enable-dns-support",
        DnsAttribute::Hostnames => "--enable-dns-hostnames",
    };
    vpc.dns_off().map(|attribute| (attribute.as_str(), option(attribute))).collect()
}

/// A sentence that begins as one.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // Ids and codes stay as they are.
        Some(first) if text.split(' ').next().is_some_and(|word| !word.contains(['-', '`'])) => {
            first.to_uppercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
