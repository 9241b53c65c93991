//! The deployment's security group: not there, too narrow, too wide, open to the world.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::look::{Scene, Topic, list};
use super::{Finding, FindingKind};
use crate::ids::{SecurityGroupId, VpcId};
use crate::model::network::{Peer, Rule};
use crate::plan::action::{DesiredGroup, Drift};

pub(super) fn missing(scene: &Scene, desired: &DesiredGroup) -> Finding {
    let topic = Topic { vpc: Some(&desired.vpc), what: &desired.name, ..Topic::default() };
    Finding {
        title: format!("the security group {} is missing", desired.name),
        reason:
            "it lets the VPC's clients reach the interface endpoints on 443/tcp; endpoints that \
                 use another group are open to whom that group lets in"
                .to_owned(),
        drift: vec![Drift {
            field: "security_group".to_owned(),
            was: Value::Null,
            should_be: desired.name.as_str().into(),
        }],
        repair: "make the group, and give it to the endpoints".to_owned(),
        ..scene.finding(FindingKind::SecurityGroupMissing, topic, "security_group")
    }
}

/// Up to three findings of one change: rules that are missing, rules too many, and among these the ones
/// that let everyone in.
pub(super) fn rules(
    scene: &Scene,
    what: &str,
    id: &SecurityGroupId,
    vpc: &VpcId,
    authorize: &BTreeSet<Rule>,
    revoke: &BTreeSet<Rule>,
) -> Vec<Finding> {
    let world = open_to_the_world(revoke);
    let other: BTreeSet<&Rule> = revoke.iter().filter(|rule| !world.contains(rule)).collect();
    let base = |kind| {
        let topic = Topic { vpc: Some(vpc), what, resource: Some(id.as_str()), aspect: "" };
        scene.finding(kind, topic, "security_group")
    };
    let drift =
        |was: Value, should_be: Value| vec![Drift { field: "ingress".to_owned(), was, should_be }];
    let mut findings = Vec::new();
    if !world.is_empty() {
        findings.push(Finding {
            title: format!("the security group {what} is open to the world"),
            reason: format!(
                "it lets in {}: whoever can route to the VPC, peered networks and VPNs too, reaches \
                 the endpoints and whatever else uses the group",
                list(&world)
            ),
            drift: drift(in_words(&world), Value::Null),
            repair: "take the rules away".to_owned(),
            ..base(FindingKind::OpenToTheWorld)
        });
    }
    if !other.is_empty() {
        findings.push(Finding {
            title: format!("the security group {what} has rules that nobody asked for"),
            reason: format!("it lets in {}, which accounts.toml does not ask for", list(&other)),
            drift: drift(in_words(&other), Value::Null),
            repair: "take the rules away, or add their sources to [security_group] ingress"
                .to_owned(),
            ..base(FindingKind::RuleExtra)
        });
    }
    if !authorize.is_empty() {
        findings.push(Finding {
            title: format!("the security group {what} lacks rules"),
            reason: format!(
                "clients are shut out: it does not let in {}; a CIDR block that the VPC has got since \
                 is one cause",
                list(authorize)
            ),
            drift: drift(Value::Null, in_words(&authorize.iter().collect())),
            repair: "add the rules".to_owned(),
            ..base(FindingKind::RuleMissing)
        });
    }
    findings
}

/// The rules that let in every address of a family, alone or, as two halves do, together.
fn open_to_the_world(rules: &BTreeSet<Rule>) -> BTreeSet<&Rule> {
    let net = |rule: &Rule| match rule.peer {
        Peer::Cidr(net) => Some(net.trunc()),
        Peer::PrefixList(_) | Peer::Group(_) => None,
    };
    let all: Vec<IpNet> = rules.iter().filter_map(net).collect();
    let open: Vec<IpNet> =
        IpNet::aggregate(&all).into_iter().filter(|net| net.prefix_len() == 0).collect();
    rules
        .iter()
        .filter(|rule| net(rule).is_some_and(|net| open.iter().any(|open| open.contains(&net))))
        .filter(|rule| net(rule).is_some_and(|net| net.prefix_len() <= 1 || alone(&all)))
        .collect()
}

/// Whether no single rule is the world: then every part of it counts.
fn alone(all: &[IpNet]) -> bool {
    !all.iter().any(|net| net.prefix_len() == 0)
}

fn in_words(rules: &BTreeSet<&Rule>) -> Value {
    json!(rules.iter().map(ToString::to_string).collect::<Vec<_>>())
}
