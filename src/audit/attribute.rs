//! Attributes of an endpoint that differ: one finding for each kind of attribute.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::look::{Scene, Topic, list};
use super::{Finding, FindingKind};
use crate::ids::{SubnetId, ZoneId};
use crate::model::endpoint::EndpointKey;
use crate::model::policy::{PolicyDocument, StatementChange};
use crate::plan::action::Drift;

pub(super) fn findings(
    scene: &Scene,
    what: &str,
    id: &str,
    key: &EndpointKey,
    drift: &[Drift],
) -> Vec<Finding> {
    let one = Attribute { scene, what, id, key };
    let mut findings = Vec::new();
    let mut dns = Vec::new();
    for drift in drift {
        match drift.field.as_str() {
            "subnets" => findings.extend(one.subnets(drift)),
            "security_groups" => findings.push(one.security_groups(drift)),
            "route_tables" => findings.extend(one.route_tables(drift)),
            "private_dns" => findings.push(one.private_dns(drift)),
            "ip_address_type" => findings.push(one.ip_address_type(drift)),
            "policy" => findings.push(one.policy(drift)),
            _ => dns.push(drift.clone()),
        }
    }
    if !dns.is_empty() {
        findings.push(one.dns_options(dns));
    }
    findings
}

struct Attribute<'a> {
    scene: &'a Scene<'a>,
    what: &'a str,
    id: &'a str,
    key: &'a EndpointKey,
}

impl Attribute<'_> {
    fn finding(&self, kind: FindingKind, drift: Vec<Drift>) -> Finding {
        let topic = Topic {
            vpc: Some(&self.key.vpc),
            what: self.what,
            resource: Some(self.id),
            aspect: "",
        };
        Finding { drift, ..self.scene.finding(kind, topic, &self.scene.table(self.key)) }
    }

    /// A subnet that only changes places with another of its zone is one that should not be there.
    fn subnets(&self, drift: &Drift) -> Vec<Finding> {
        let (was, should_be) = (texts(&drift.was), texts(&drift.should_be));
        let zones = |subnets: &BTreeSet<String>| -> BTreeSet<ZoneId> {
            subnets.iter().filter_map(|id| self.zone(id)).collect()
        };
        let extra: BTreeSet<String> = was.difference(&should_be).cloned().collect();
        let lost: BTreeSet<ZoneId> = zones(&should_be).difference(&zones(&was)).cloned().collect();
        let is_lost = |id: &String| self.zone(id).is_some_and(|zone| lost.contains(&zone));
        // What comes into a lost zone repairs that; the rest comes in the place of what is extra.
        let (missing, instead): (BTreeSet<String>, BTreeSet<String>) =
            should_be.difference(&was).cloned().partition(is_lost);
        let drift = |was: &BTreeSet<String>, should_be: &BTreeSet<String>| {
            let value = |ids: &BTreeSet<String>| match ids.len() {
                0 => Value::Null,
                _ => json!(ids),
            };
            Drift { field: "subnets".to_owned(), was: value(was), should_be: value(should_be) }
        };
        let mut findings = Vec::new();
        if !lost.is_empty() {
            findings.push(self.zone_missing(&lost, drift(&BTreeSet::new(), &missing)));
        }
        if !extra.is_empty() || lost.is_empty() {
            let subnets = list(extra.iter().map(|id| self.subnet_in_words(id)));
            findings.push(Finding {
                title: format!(
                    "the endpoint of {} is in subnets where it should not be",
                    self.what
                ),
                reason: format!(
                    "it has network interfaces in {subnets}, which `subnets` does not select: another \
                     subnet, a public one perhaps, or one that is no longer meant for endpoints"
                ),
                repair: "leave these subnets, for the selected ones of the same zones".to_owned(),
                ..self.finding(FindingKind::SubnetExtra, vec![drift(&extra, &instead)])
            });
        }
        findings
    }

    fn zone_missing(&self, lost: &BTreeSet<ZoneId>, drift: Drift) -> Finding {
        let siblings = self.scene.subject.observed.endpoints.values().filter(|other| {
            other.key.vpc == self.key.vpc && self.scene.owns(other) && other.id.as_str() != self.id
        });
        let theirs: BTreeSet<ZoneId> =
            siblings.flat_map(|other| &other.subnets).filter_map(|id| self.zone_of(id)).collect();
        let cause = if theirs.is_empty() {
            "a subnet was taken away, or the zone is new"
        } else if lost.is_disjoint(&theirs) {
            "none of the deployment's other endpoints here is in it, so the zone is probably new"
        } else {
            "other endpoints of the deployment are in it, so a subnet was probably taken away"
        };
        let zones = list(lost);
        Finding {
            title: format!("the endpoint of {} does not cover {zones}", self.what),
            reason: format!(
                "{zones} has selected subnets: their traffic crosses zones, at a price, and has no way \
                 left when the other zones fail; {cause}"
            ),
            repair: "add the subnets".to_owned(),
            ..self.finding(FindingKind::SubnetMissing, vec![drift])
        }
    }

    fn security_groups(&self, drift: &Drift) -> Finding {
        Finding {
            title: format!(
                "the endpoint of {} has other security groups than it should",
                self.what
            ),
            reason: format!(
                "{} decide who reaches it, and accounts.toml asks for {}",
                named(&texts(&drift.was)),
                named(&texts(&drift.should_be))
            ),
            repair: "give it the groups that accounts.toml asks for".to_owned(),
            ..self.finding(FindingKind::SecurityGroupSwapped, vec![drift.clone()])
        }
    }

    fn route_tables(&self, drift: &Drift) -> Vec<Finding> {
        let (was, should_be) = (texts(&drift.was), texts(&drift.should_be));
        let part = |these: &BTreeSet<String>, not_those: &BTreeSet<String>| -> BTreeSet<String> {
            these.difference(not_those).cloned().collect()
        };
        let (missing, extra) = (part(&should_be, &was), part(&was, &should_be));
        let drift = |was: Value, should_be: Value| {
            vec![Drift { field: "route_tables".to_owned(), was, should_be }]
        };
        let mut findings = Vec::new();
        if !missing.is_empty() {
            findings.push(Finding {
                title: format!("route tables do not lead to the gateway of {}", self.what),
                reason: format!(
                    "subnets that use {} reach {} by NAT gateways and pay for it, or not at all; the \
                     table is new, or its route was taken away",
                    list(&missing),
                    self.what
                ),
                repair: "add the route tables to the endpoint".to_owned(),
                ..self.finding(
                    FindingKind::RouteTableMissing,
                    drift(Value::Null, json!(missing)),
                )
            });
        }
        if !extra.is_empty() {
            findings.push(Finding {
                title: format!("route tables lead to the gateway of {} and should not", self.what),
                reason: format!(
                    "subnets that use {} reach {} through the endpoint and its policy, which \
                     accounts.toml does not ask for",
                    list(&extra),
                    self.what
                ),
                repair: "take the route tables off the endpoint".to_owned(),
                ..self.finding(FindingKind::RouteTableExtra, drift(json!(extra), Value::Null))
            });
        }
        findings
    }

    fn private_dns(&self, drift: &Drift) -> Finding {
        let (state, reason) = if drift.was == Value::Bool(true) {
            (
                "on",
                "the whole VPC resolves the service's name to the endpoint, which accounts.toml does \
                 not ask for",
            )
        } else {
            (
                "off",
                "clients that use the service's own name resolve it to public addresses and go past \
                 the endpoint, which is paid for and not used",
            )
        };
        let repair = if state == "off" { "switch it on" } else { "switch it off" };
        Finding {
            title: format!("private DNS of {} is {state}", self.what),
            reason: reason.to_owned(),
            repair: repair.to_owned(),
            ..self.finding(FindingKind::PrivateDns, vec![drift.clone()])
        }
    }

    fn ip_address_type(&self, drift: &Drift) -> Finding {
        let was = drift.was.as_str().unwrap_or("not known");
        Finding {
            title: format!("the IP address type of {} is {was}", self.what),
            reason:
                "clients reach the endpoint by addresses of another family than accounts.toml asks \
                     for, or not at all"
                    .to_owned(),
            repair: "change the type in place".to_owned(),
            ..self.finding(FindingKind::IpAddressType, vec![drift.clone()])
        }
    }

    fn dns_options(&self, drift: Vec<Drift>) -> Finding {
        let fields = list(drift.iter().map(|one| one.field.trim_start_matches("dns.")));
        Finding {
            title: format!("DNS options of {} differ: {fields}", self.what),
            reason: "the endpoint's names resolve to other records, or for other clients, than \
                     accounts.toml asks for"
                .to_owned(),
            repair: "set the options".to_owned(),
            ..self.finding(FindingKind::DnsOptions, drift)
        }
    }

    /// Statement by statement: a policy's text tells nobody what it means.
    fn policy(&self, drift: &Drift) -> Finding {
        let document = |value: &Value| match value {
            Value::Null => PolicyDocument::full_access(),
            Value::String(text) => PolicyDocument::observed(text),
            other => PolicyDocument::observed(&other.to_string()),
        };
        let changes = document(&drift.was).diff(&document(&drift.should_be));
        let said =
            changes.iter().map(|change| format!("it {change}")).collect::<Vec<_>>().join("; ");
        let reason = if changes.is_empty() {
            "the statements are the same and the policy's version is not, on which its variables \
             depend"
                .to_owned()
        } else {
            said
        };
        let statements = changes.into_iter().map(statement).collect::<Vec<_>>();
        let drift = if statements.is_empty() { vec![drift.clone()] } else { statements };
        Finding {
            title: format!("the policy of {} means something else than it should", self.what),
            reason,
            repair: "set the policy that accounts.toml asks for".to_owned(),
            ..self.finding(FindingKind::Policy, drift)
        }
    }

    fn zone(&self, subnet: &str) -> Option<ZoneId> {
        self.zone_of(&SubnetId::new(subnet))
    }

    fn zone_of(&self, subnet: &SubnetId) -> Option<ZoneId> {
        let vpc = self.scene.vpc(&self.key.vpc)?;
        vpc.subnets.get(subnet).map(|subnet| subnet.zone.clone())
    }

    fn subnet_in_words(&self, subnet: &str) -> String {
        let public = self
            .scene
            .vpc(&self.key.vpc)
            .is_some_and(|vpc| !vpc.is_private(&SubnetId::new(subnet)));
        let zone = self.zone(subnet).map(|zone| zone.to_string());
        let facts: Vec<String> =
            zone.into_iter().chain(public.then(|| "public".to_owned())).collect();
        if facts.is_empty() {
            subnet.to_owned()
        } else {
            format!("{subnet} ({})", facts.join(", "))
        }
    }
}

fn statement(change: StatementChange) -> Drift {
    let (was, should_be) = match change {
        StatementChange::Extra(was) => (was, Value::Null),
        StatementChange::Missing(should_be) => (Value::Null, should_be),
        StatementChange::Changed { was, should_be } => (was, should_be),
    };
    Drift { field: "policy.statement".to_owned(), was, should_be }
}

fn texts(value: &Value) -> BTreeSet<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn named(groups: &BTreeSet<String>) -> String {
    if groups.is_empty() { "no groups".to_owned() } else { list(groups) }
}
