//! One account in full: every action with its attributes, every difference with both sides.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::page::{Ink, Page};
use crate::ids::{AccountId, SubnetId, TargetId, VpcId};
use crate::model::endpoint::{EndpointKind, Tags};
use crate::model::failure::Failure;
use crate::model::policy::PolicyDocument;
use crate::plan::action::{Action, DesiredEndpoint, DesiredGroup, Drift, SecurityGroupRef, Verb};
use crate::plan::similar::plain;
use crate::plan::{Plan, Planned, TargetPlan};

/// Columns of the attributes' names.
const NAMES: usize = 17;

/// Writes every target of `plan`.
pub(super) fn write(plan: &Plan, names: &BTreeMap<AccountId, String>, mut page: Page) -> Page {
    for (target, planned) in &plan.targets {
        let name = super::label(target, names, false);
        page.put(Ink::Bold, &format!("{name} in {}", target.region)).end().end();
        match planned {
            Planned::Ready(ready) => Detail { plan: ready, page: &mut page }.write(),
            Planned::Unreachable { failure } => unreachable(target, failure, &mut page),
        }
    }
    page
}

fn unreachable(_: &TargetId, failure: &Failure, page: &mut Page) {
    page.tab(2).put(Ink::Red, "! unreachable:").words(Ink::Plain, 4, &failure.to_string()).end();
    if let Some(hint) = &failure.hint {
        page.tab(4).words(Ink::Plain, 10, &format!("hint: {hint}")).end();
    }
    page.end();
}

struct Detail<'a> {
    plan: &'a TargetPlan,
    page: &'a mut Page,
}

impl Detail<'_> {
    fn write(mut self) {
        let vpcs: BTreeSet<&VpcId> = self.plan.actions.iter().map(|a| a.verb.vpc()).collect();
        for vpc in vpcs {
            self.page.tab(2).put(Ink::Bold, vpc.as_str()).end();
            for action in self.plan.actions.iter().filter(|action| action.verb.vpc() == vpc) {
                self.action(action);
                self.page.end();
            }
        }
        self.blocked();
        self.notes();
        self.in_sync();
    }

    fn action(&mut self, action: &Action) {
        let symbol = action.verb.symbol();
        let (kind, id) = about(&action.verb);
        self.page.tab(4).put(Ink::of(symbol), &format!("{symbol} {}", action.what));
        self.page.put(Ink::Plain, &format!(" ({kind})"));
        if let Some(id) = id {
            self.page.put(Ink::Dim, &format!(" {id}"));
        }
        self.page.end();
        match &action.verb {
            Verb::CreateSecurityGroup(group) => self.group(group),
            Verb::CreateEndpoint(desired) => self.endpoint(desired),
            Verb::DeleteEndpoint { .. } => {
                for drift in &action.drift {
                    self.attribute(&drift.field, &[plain(&drift.was)]);
                }
            }
            Verb::DeleteSecurityGroup { .. } | Verb::EnableVpcDns { .. } => {}
            Verb::Adopt { set, .. } => {
                self.tags(set);
                if !action.drift.is_empty() {
                    self.page.tab(8).put(Ink::Dim, "still differs, for the next apply:").end();
                }
                for drift in &action.drift {
                    self.drift(drift);
                }
            }
            Verb::ModifySecurityGroup { .. } | Verb::ModifyEndpoint { .. } | Verb::Tag { .. } => {
                for drift in &action.drift {
                    self.drift(drift);
                }
            }
        }
    }

    fn group(&mut self, group: &DesiredGroup) {
        self.attribute("ingress", &texts(&group.ingress));
        self.tags(&group.tags);
    }

    fn endpoint(&mut self, desired: &DesiredEndpoint) {
        self.attribute("service", &[desired.key.service.to_string()]);
        let subnets: Vec<_> = desired.subnets.iter().map(|id| self.subnet(id.as_str())).collect();
        self.attribute("subnets", &subnets);
        let groups: Vec<_> =
            desired.security_groups.iter().map(|id| self.security_group(id)).collect();
        self.attribute("security_groups", &groups);
        self.attribute("route_tables", &texts(&desired.route_tables));
        if desired.key.kind == EndpointKind::Interface {
            self.attribute("private_dns", &[desired.private_dns.to_string()]);
        }
        self.attribute("ip_address_type", &texts(desired.ip_address_type));
        self.attribute("dns_records", &texts(desired.dns.record_ip_type.as_ref()));
        if let Some(inbound) = desired.dns.private_dns_only_for_inbound_resolver {
            self.attribute("inbound_only", &[inbound.to_string()]);
        }
        match &desired.policy {
            Some(policy) if policy.is_full_access() => {
                self.attribute("policy", &["full access".to_owned()]);
            }
            Some(policy) => self.attribute("policy", &texts(policy.statements())),
            None => {}
        }
        self.tags(&desired.tags);
    }

    fn tags(&mut self, tags: &Tags) {
        let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        self.attribute("tags", &tags);
    }

    fn attribute(&mut self, name: &str, values: &[String]) {
        for (at, value) in values.iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            self.page.tab(8).put(Ink::Dim, name).tab(8 + NAMES).words(Ink::Plain, 8 + NAMES, value);
            self.page.end();
        }
    }

    fn drift(&mut self, drift: &Drift) {
        let Drift { field, was, should_be } = drift;
        self.page.tab(8).put(Ink::Yellow, "~ ").put(Ink::Plain, &format!("{field}:"));
        match (was, should_be) {
            _ if field == "policy" => {
                let [was, should_be] = [was, should_be].map(statements);
                self.sides(&was, &should_be);
            }
            (Value::Array(was), Value::Array(should_be)) => {
                let [was, should_be] = [was, should_be].map(|items| {
                    items.iter().map(|item| self.subnet(&plain(item))).collect::<BTreeSet<_>>()
                });
                self.sides(&was, &should_be);
            }
            _ => {
                self.page.words(Ink::Plain, 12, &format!("{} -> {}", plain(was), plain(should_be)));
                self.page.end();
            }
        }
    }

    /// What comes and what goes; what stays is not said.
    fn sides(&mut self, was: &BTreeSet<String>, should_be: &BTreeSet<String>) {
        self.page.end();
        let come = should_be.difference(was).map(|item| ('+', item));
        let go = was.difference(should_be).map(|item| ('-', item));
        for (symbol, item) in come.chain(go) {
            let ink = Ink::of(symbol);
            self.page.tab(12).put(ink, &format!("{symbol} ")).words(ink, 14, item).end();
        }
    }

    /// A subnet with its zone; anything else as it is.
    fn subnet(&self, id: &str) -> String {
        match self.plan.zones.get(&SubnetId::from(id)) {
            Some(zone) => format!("{id} ({zone})"),
            None => id.to_owned(),
        }
    }

    fn security_group(&self, group: &SecurityGroupRef) -> String {
        match group {
            SecurityGroupRef::Id(id) => id.to_string(),
            SecurityGroupRef::MadeBy(maker) => {
                let maker = self.plan.actions.iter().find(|action| action.id == *maker);
                format!("{} (new)", maker.map_or("", |maker| maker.what.as_str()))
            }
        }
    }

    fn blocked(&mut self) {
        for blocked in &self.plan.blocked {
            self.page.tab(2).put(Ink::Red, &format!("! {}:", blocked.what));
            self.page.words(Ink::Plain, 6, &format!("{} ({})", blocked.reason, blocked.code));
            self.place(blocked.vpc.as_ref());
        }
        if !self.plan.blocked.is_empty() {
            self.page.end();
        }
    }

    fn notes(&mut self) {
        for note in &self.plan.notes {
            self.page.tab(2).put(Ink::Plain, &format!("{}:", note.what));
            self.page.words(Ink::Plain, 6, &note.text);
            self.place(note.vpc.as_ref());
        }
        if !self.plan.notes.is_empty() {
            self.page.end();
        }
    }

    /// In which VPC, where there are several.
    fn place(&mut self, vpc: Option<&VpcId>) {
        let actions = self.plan.actions.iter().map(|action| action.verb.vpc());
        let blocked = self.plan.blocked.iter().filter_map(|blocked| blocked.vpc.as_ref());
        let notes = self.plan.notes.iter().filter_map(|note| note.vpc.as_ref());
        let several = actions.chain(blocked).chain(notes).collect::<BTreeSet<_>>().len() > 1;
        if let Some(vpc) = vpc.filter(|_| several) {
            self.page.words(Ink::Dim, 6, &format!("in {vpc}"));
        }
        self.page.end();
    }

    fn in_sync(&mut self) {
        if !self.plan.in_sync.is_empty() {
            let endpoints = texts(&self.plan.in_sync).join(", ");
            self.page.tab(2).words(Ink::Dim, 4, &format!("In sync: {endpoints}")).end().end();
        }
    }
}

/// What an action is about: its kind, and its id where it has one.
fn about(verb: &Verb) -> (String, Option<String>) {
    match verb {
        Verb::CreateSecurityGroup(_) => ("security group".to_owned(), None),
        Verb::ModifySecurityGroup { id, .. } | Verb::DeleteSecurityGroup { id, .. } => {
            ("security group".to_owned(), Some(id.to_string()))
        }
        Verb::CreateEndpoint(desired) => (desired.key.kind.to_string(), None),
        Verb::ModifyEndpoint { id, key, .. } | Verb::DeleteEndpoint { id, key } => {
            (key.kind.to_string(), Some(id.to_string()))
        }
        Verb::EnableVpcDns { attribute, .. } => {
            (format!("{}: off -> on", attribute.in_words()), None)
        }
        Verb::Adopt { resource, .. } => ("adopt".to_owned(), Some(resource.clone())),
        Verb::Tag { resource, .. } => ("tags".to_owned(), Some(resource.clone())),
    }
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

/// A policy's statements, which are compared by meaning.
fn statements(policy: &Value) -> BTreeSet<String> {
    if policy.is_null() {
        return BTreeSet::new();
    }
    let policy = PolicyDocument::observed(&policy.to_string());
    if policy.is_full_access() {
        return BTreeSet::from(["full access".to_owned()]);
    }
    texts(policy.statements()).into_iter().collect()
}
