//! One change in words, without the ids that differ in every account.

use serde_json::Value;

use super::many;
use crate::model::endpoint::{EndpointKind, Tags};
use crate::plan::TargetPlan;
use crate::plan::action::{Action, DesiredEndpoint, Drift, Verb};

/// One change without its ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// `+`, `~` or `-`.
    pub symbol: char,
    /// The service's short name, or the security group's name.
    pub what: String,
    /// `interface`, `gateway`, `security group`, ...
    pub kind: String,
    /// What it would be, or what would differ: `3 zones`, `private DNS`.
    pub details: Vec<String>,
    /// How many times in each target.
    pub times: usize,
    /// What distinguishes changes whose details read the same, a policy's statements for example.
    fingerprint: String,
}

/// What a target would see, alike changes counted together.
pub(super) fn changes(plan: &TargetPlan) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for action in &plan.actions {
        let change = change(action, plan);
        match changes.iter_mut().find(|other| (**other).clone().once() == change) {
            Some(other) => other.times += 1,
            None => changes.push(change),
        }
    }
    changes
}

impl Change {
    fn once(self) -> Self {
        Self { times: 1, ..self }
    }
}

fn change(action: &Action, plan: &TargetPlan) -> Change {
    let mut fingerprint = String::new();
    let (kind, details) = match &action.verb {
        Verb::CreateSecurityGroup(group) => (
            "security group".to_owned(),
            vec![format!("443/tcp from {}", many(group.ingress.len(), "range"))],
        ),
        Verb::ModifySecurityGroup { authorize, revoke, .. } => {
            let rules = [('+', authorize.len()), ('-', revoke.len())];
            let rules = rules
                .iter()
                .filter(|(_, n)| *n > 0)
                .map(|(s, n)| format!("{s}{}", many(*n, "rule")));
            ("security group".to_owned(), rules.collect())
        }
        Verb::CreateEndpoint(desired) => {
            fingerprint = desired.policy.as_ref().map(statements).unwrap_or_default();
            (desired.key.kind.to_string(), of_creation(desired))
        }
        Verb::ModifyEndpoint { key, change, .. } => {
            fingerprint = change.policy.as_ref().map(statements).unwrap_or_default();
            (key.kind.to_string(), action.drift.iter().map(of_drift).collect())
        }
        Verb::DeleteEndpoint { key, .. } => (key.kind.to_string(), vec![why_deleted(action)]),
        Verb::DeleteSecurityGroup { .. } => {
            ("security group".to_owned(), vec![why_deleted(action)])
        }
        Verb::EnableVpcDns { attribute, .. } => {
            ("VPC".to_owned(), vec![format!("{}: off -> on", attribute.in_words())])
        }
        Verb::Adopt { resource, set, .. } => {
            let mut details = vec![tags_in_words(set)];
            if !action.drift.is_empty() {
                let differs: Vec<String> = action.drift.iter().map(of_drift).collect();
                details.push(format!("still differs: {}", differs.join(", ")));
            }
            (tagged_kind(resource, plan), details)
        }
        Verb::Tag { resource, set, .. } => (tagged_kind(resource, plan), vec![tags_in_words(set)]),
    };
    let symbol = action.verb.symbol();
    let what = match action.verb {
        // Its id is another one in every account.
        Verb::EnableVpcDns { .. } => "DNS attributes".to_owned(),
        _ => action.what.clone(),
    };
    Change { symbol, what, kind, details, times: 1, fingerprint }
}

fn tags_in_words(set: &Tags) -> String {
    format!("tags {}", set.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn tagged_kind(resource: &str, plan: &TargetPlan) -> String {
    if resource.starts_with("sg-") {
        return "security group".to_owned();
    }
    // The same endpoint's modification knows its type; a tag alone does not.
    let modified = plan.actions.iter().find_map(|other| match &other.verb {
        Verb::ModifyEndpoint { id, key, .. } if id.as_str() == resource => {
            Some(key.kind.to_string())
        }
        _ => None,
    });
    modified.unwrap_or_else(|| "endpoint".to_owned())
}

fn statements(policy: &crate::model::policy::PolicyDocument) -> String {
    Value::Array(policy.statements()).to_string()
}

fn of_creation(desired: &DesiredEndpoint) -> Vec<String> {
    let mut details = Vec::new();
    match desired.key.kind {
        EndpointKind::Gateway => details.push(many(desired.route_tables.len(), "route table")),
        EndpointKind::Interface | EndpointKind::GatewayLoadBalancer | EndpointKind::Other(_) => {
            details.push(many(desired.subnets.len(), "zone"));
        }
    }
    if desired.private_dns {
        let inbound = desired.dns.private_dns_only_for_inbound_resolver == Some(true);
        let scope = if inbound { " (inbound resolver only)" } else { "" };
        details.push(format!("private DNS{scope}"));
    }
    details.extend(desired.ip_address_type.map(|kind| kind.to_string()));
    if let Some(policy) = desired.policy.as_ref().filter(|policy| !policy.is_full_access()) {
        details.push(format!("policy of {policy}"));
    }
    details
}

/// One attribute's difference without ids: `private_dns off -> on`, `subnets +1 -1`.
fn of_drift(drift: &Drift) -> String {
    let Drift { field, was, should_be } = drift;
    match (was, should_be) {
        (Value::Array(was), Value::Array(should_be)) => {
            let more = should_be.iter().filter(|item| !was.contains(item)).count();
            let fewer = was.iter().filter(|item| !should_be.contains(item)).count();
            let counted = [('+', more), ('-', fewer)];
            let counted = counted.iter().filter(|(_, n)| *n > 0).map(|(s, n)| format!(" {s}{n}"));
            format!("{}{}", field.replace('_', " "), counted.collect::<String>())
        }
        (Value::Object(_), _) | (_, Value::Object(_)) => field.clone(),
        _ => format!("{field} {} -> {}", plain(was), plain(should_be)),
    }
}

/// A plain value for people.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

fn why_deleted(action: &Action) -> String {
    match action.drift.first() {
        Some(drift) if drift.field == "state" => format!("is {}", plain(&drift.was)),
        Some(_) => "one too many".to_owned(),
        None => "no longer wanted".to_owned(),
    }
}
