//! One target, looked at: what was observed and what would be done about it become findings.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Audited, Finding, FindingKind, Severity, Standing};
use super::{blocked, change, cover, others, state};
use crate::ids::{TargetId, VpcId};
use crate::model::endpoint::{EndpointKey, OWNER_TAG, Tags};
use crate::model::failure::Failure;
use crate::model::network::Vpc;
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::Catalogue;
use crate::model::spec::Settings;
use crate::plan::{TargetPlan, Want, wants};

/// What is the same for every target of one audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Now, in seconds since 1970.
    pub now: i64,
    /// How long an endpoint may be pending: `rollout.endpoint_timeout`.
    pub patience: Duration,
    /// Lines of the tables of accounts.toml, from 1: `endpoints.logs`, `security_group`.
    pub lines: BTreeMap<String, u32>,
}

/// Who a target is, for people.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The target.
    pub target: &'a TargetId,
    /// The account's name; untrusted text.
    pub name: &'a str,
    /// Its organizational unit.
    pub ou: &'a str,
}

/// A target that was observed and planned.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Who it is.
    pub who: Who<'a>,
    /// What it should have.
    pub settings: &'a Settings,
    /// What it has.
    pub observed: &'a Observed,
    /// What its region offers.
    pub catalogue: &'a Catalogue,
    /// What would be done about the difference.
    pub plan: &'a TargetPlan,
    /// What is the same for every target.
    pub frame: &'a Frame,
}

/// Findings of one target, and the target itself as it stands.
#[must_use]
pub fn look(subject: &Subject) -> (Audited, Vec<Finding>) {
    let wants = wants(subject.who.target, subject.settings, subject.observed, subject.catalogue);
    let scene = Scene { subject: *subject, wants: &wants };
    let mut findings = change::findings(&scene);
    findings.extend(blocked::findings(&scene));
    findings.extend(state::findings(&scene));
    findings.extend(others::findings(&scene));
    let mut told = BTreeSet::new();
    findings.retain(|finding| told.insert(finding.id.clone()));
    let standing =
        if findings.iter().any(Finding::is_drift) { Standing::Drifted } else { Standing::InSync };
    let audited = Audited {
        target: subject.who.target.clone(),
        name: subject.who.name.to_owned(),
        ou: subject.who.ou.to_owned(),
        standing,
        failure: None,
        coverage: cover::coverage(&scene),
    };
    (audited, findings)
}

/// A target of which nothing could be read.
#[must_use]
pub fn unreachable(who: Who, failure: &Failure) -> (Audited, Finding) {
    let audited = Audited { failure: Some(failure.clone()), ..silent(who, Standing::Unreachable) };
    let code = failure.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let finding = Finding {
        title: format!("the account could not be looked at: {}{code}", failure.operation),
        // The request's id, which differs every time, is in the target's failure.
        reason: format!(
            "{}; nothing is known about it, and that is never taken for no drift",
            failure.message.trim_end_matches('.')
        ),
        repair: failure
            .hint
            .clone()
            .unwrap_or_else(|| "make the account reachable, then audit again".to_owned()),
        ..about(who, FindingKind::Unreachable, Topic::default())
    };
    (audited, finding)
}

/// A target whose turn did not come.
#[must_use]
pub fn not_started(who: Who) -> Audited {
    silent(who, Standing::NotStarted)
}

fn silent(who: Who, standing: Standing) -> Audited {
    Audited {
        target: who.target.clone(),
        name: who.name.to_owned(),
        ou: who.ou.to_owned(),
        standing,
        failure: None,
        coverage: Vec::new(),
    }
}

/// What a finding is about, and so its identity.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Topic<'a> {
    pub(super) vpc: Option<&'a VpcId>,
    pub(super) what: &'a str,
    pub(super) resource: Option<&'a str>,
    /// What else tells two findings apart: the endpoint's type, the code of a refusal.
    pub(super) aspect: &'a str,
}

/// The beginning of a finding: identity, place and what is usual for its kind.
pub(super) fn about(who: Who, kind: FindingKind, topic: Topic) -> Finding {
    let TargetId { account, region } = who.target;
    let vpc = topic.vpc.map_or("", VpcId::as_str);
    let what = if topic.what.is_empty() { account.as_str() } else { topic.what };
    let resource = topic.resource.unwrap_or_default();
    let parts = [kind.code(), account.as_str(), region.as_str(), vpc, what, resource, topic.aspect];
    Finding {
        id: identity(parts),
        kind,
        severity: usual_severity(kind),
        account: account.clone(),
        account_name: who.name.to_owned(),
        region: Some(region.clone()),
        vpc: topic.vpc.cloned(),
        what: what.to_owned(),
        resource: topic.resource.map(str::to_owned),
        title: String::new(),
        reason: String::new(),
        drift: Vec::new(),
        repair: String::new(),
        command: None,
        asked_by: None,
        line: None,
    }
}

/// A digest of what makes a finding the same finding in every audit.
pub(super) fn identity<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..8])
}

/// How much findings of a kind matter, where nothing makes one matter more or less.
#[must_use]
pub fn usual_severity(kind: FindingKind) -> Severity {
    use FindingKind as K;
    match kind {
        K::Unreachable
        | K::AccountNotCovered
        | K::VpcNotCovered
        | K::EndpointMissing
        | K::EndpointFailed
        | K::EndpointRejected
        | K::EndpointExpired
        | K::EndpointDeleting
        | K::EndpointPendingTooLong
        | K::SecurityGroupSwapped
        | K::SecurityGroupMissing
        | K::OpenToTheWorld
        | K::PrivateDns
        | K::Policy
        | K::VpcDnsAttributes
        | K::ForeignInTheWay
        | K::SharedRoot
        | K::Blocked => Severity::High,
        K::EndpointAwaitingAcceptance
        | K::SubnetMissing
        | K::SubnetExtra
        | K::RuleMissing
        | K::RuleExtra
        | K::RouteTableMissing
        | K::RouteTableExtra
        | K::IpAddressType
        | K::DnsOptions => Severity::Medium,
        K::Tags | K::Duplicate | K::Orphan => Severity::Low,
        K::Foreign | K::IgnoreExpired => Severity::Info,
    }
}

/// The word of `apply --only` that narrows it to what findings of a kind ask for.
fn only(kind: FindingKind) -> Option<&'static str> {
    use FindingKind as K;
    Some(match kind {
        K::AccountNotCovered | K::VpcNotCovered | K::EndpointMissing | K::SecurityGroupMissing => {
            "missing"
        }
        K::EndpointFailed | K::EndpointRejected | K::EndpointExpired | K::Duplicate => "state",
        K::SubnetMissing | K::SubnetExtra => "subnets",
        K::SecurityGroupSwapped => "security-groups",
        K::RuleMissing | K::RuleExtra | K::OpenToTheWorld => "rules",
        K::RouteTableMissing | K::RouteTableExtra => "route-tables",
        K::PrivateDns => "private-dns",
        K::Policy => "policy",
        K::IpAddressType => "ip-address-type",
        K::DnsOptions => "dns-options",
        K::Tags => "tags",
        _ => return None,
    })
}

/// A subject, and what is wanted there.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) wants: &'a [Want<'a>],
}

impl<'a> Scene<'a> {
    /// The beginning of a finding that `apply` repairs, where it can repair its kind.
    pub(super) fn finding(&self, kind: FindingKind, topic: Topic, asked_by: &str) -> Finding {
        let command = only(kind).map(|word| format!("{} --only {word}", self.apply()));
        let line = self.subject.frame.lines.get(asked_by).copied();
        let asked_by = (!asked_by.is_empty()).then(|| asked_by.to_owned());
        Finding { command, asked_by, line, ..about(self.subject.who, kind, topic) }
    }

    /// The table of accounts.toml that asks for an endpoint; `endpoints` where none does.
    pub(super) fn table(&self, key: &EndpointKey) -> String {
        let want = self.wants.iter().find(|want| want.key.as_ref() == Some(key));
        want.map_or("endpoints".to_owned(), |want| table(&want.spec.table))
    }

    /// The table that asks for a service, by its short name.
    pub(super) fn table_of(&self, short: &str) -> String {
        let want = self.wants.iter().find(|want| want.short == short);
        want.map_or("endpoints".to_owned(), |want| table(&want.spec.table))
    }

    pub(super) fn vpc(&self, id: &VpcId) -> Option<&'a Vpc> {
        self.subject.observed.vpcs.get(id)
    }

    pub(super) fn endpoint(&self, id: &str) -> Option<&'a Endpoint> {
        self.subject.observed.endpoints.values().find(|endpoint| endpoint.id.as_str() == id)
    }

    /// Whether this is a resource that was observed.
    pub(super) fn knows(&self, id: &str) -> bool {
        let groups = || self.subject.observed.vpcs.values().flat_map(|vpc| &vpc.security_groups);
        self.endpoint(id).is_some()
            || self.vpc(&VpcId::new(id)).is_some()
            || groups().any(|(group, _)| group.as_str() == id)
    }

    /// The command that repairs all of the target.
    pub(super) fn apply(&self) -> String {
        let TargetId { account, region } = self.subject.who.target;
        format!("linkwalk apply --account {account} --region {region}")
    }

    /// Whether an endpoint is the deployment's. What AWS services made never is.
    pub(super) fn owns(&self, endpoint: &Endpoint) -> bool {
        self.is_tagged(&endpoint.tags) && !endpoint.requester_managed
    }

    pub(super) fn is_tagged(&self, tags: &Tags) -> bool {
        tags.get(OWNER_TAG) == Some(&self.subject.settings.deployment)
    }
}

/// A table of endpoints as accounts.toml writes it.
pub(super) fn table(name: &str) -> String {
    match name {
        _ if name.starts_with("endpoints.") => name.to_owned(),
        _ if name.contains('.') => format!("endpoints.\"{name}\""),
        _ => format!("endpoints.{name}"),
    }
}

/// `a, b, c`
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
