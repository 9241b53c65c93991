//! What is there and was not asked for: endpoints of others that do a job of ours, and what is ours and no
//! longer wanted.

use std::collections::BTreeSet;

use serde_json::Value;

use super::look::{Scene, Topic, Who, about, list};
use super::{Finding, FindingKind};
use crate::model::endpoint::{EndpointState, OWNER_TAG};
use crate::model::failure::Failure;
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::short_name;
use crate::plan::Want;
use crate::plan::action::Drift;

pub(super) fn findings(scene: &Scene) -> Vec<Finding> {
    let in_the_way: BTreeSet<&str> =
        scene.subject.plan.blocked.iter().filter_map(|one| one.resource.as_deref()).collect();
    let mut findings = Vec::new();
    for want in scene.wants {
        let theirs = scene.subject.observed.endpoints.values().filter(|endpoint| {
            Some(&endpoint.key) == want.key.as_ref()
                && !scene.owns(endpoint)
                && matches!(endpoint.state, EndpointState::Available | EndpointState::Pending)
                && !in_the_way.contains(endpoint.id.as_str())
        });
        findings.extend(theirs.map(|endpoint| foreign(scene, want, endpoint)));
    }
    findings.extend(orphans(scene));
    findings
}

fn foreign(scene: &Scene, want: &Want, endpoint: &Endpoint) -> Finding {
    let short = want.short.as_str();
    let whose = match endpoint.tags.get(OWNER_TAG) {
        _ if endpoint.requester_managed => "an AWS service manages it".to_owned(),
        Some(other) => format!("it is of deployment `{other}`"),
        None if uses_our_group(scene, endpoint) => format!(
            "it uses the deployment's own security group, so it has probably lost its tag {OWNER_TAG}"
        ),
        None => format!("it has no tag {OWNER_TAG}"),
    };
    let ours = scene.subject.observed.endpoints.values();
    let beside = ours.into_iter().any(|one| one.key == endpoint.key && scene.owns(one));
    let job = if beside {
        "ours is there too, so one of the two is paid for and not needed"
    } else {
        "nothing is made beside it, and its upkeep is not linkwalk's"
    };
    let repair = if endpoint.requester_managed {
        "nothing: it cannot be taken over"
    } else {
        "take it into the deployment (linkwalk apply --adopt), remove it, or leave it"
    };
    let topic = Topic {
        vpc: Some(&endpoint.key.vpc),
        what: short,
        resource: Some(endpoint.id.as_str()),
        aspect: "",
    };
    Finding {
        title: format!("an endpoint of {short} is not ours"),
        reason: format!("{whose}; {job}"),
        repair: repair.to_owned(),
        ..scene.finding(FindingKind::Foreign, topic, &scene.table(&endpoint.key))
    }
}

fn uses_our_group(scene: &Scene, endpoint: &Endpoint) -> bool {
    let groups = scene.vpc(&endpoint.key.vpc).map(|vpc| &vpc.security_groups);
    let ours = |id| groups.and_then(|groups| groups.get(id));
    endpoint.security_groups.iter().filter_map(ours).any(|group| scene.is_tagged(&group.tags))
}

/// What the planner calls an orphan: it knows what is still asked for, if only by a blocked entry.
fn orphans(scene: &Scene) -> Vec<Finding> {
    let notes = scene.subject.plan.notes.iter().filter(|note| note.code == "orphan");
    notes
        .map(|note| {
            let topic = Topic {
                vpc: note.vpc.as_ref(),
                what: &note.what,
                resource: note.resource.as_deref(),
                aspect: "",
            };
            let noun = noun(note.resource.as_deref());
            Finding {
                title: format!("the {noun} {} is ours and no longer wanted", note.what),
                reason: "accounts.toml does not ask for it any more: its table is gone or switched off, \
                         or its VPC is no longer selected; endpoints cost money by the hour"
                    .to_owned(),
                drift: gone(note.resource.as_deref()),
                repair: "delete it, or ask for it again in accounts.toml".to_owned(),
                command: Some(format!("{} --mode sync --only orphans", scene.apply())),
                ..scene.finding(FindingKind::Orphan, topic, "")
            }
        })
        .collect()
}

fn noun(resource: Option<&str>) -> &'static str {
    if resource.is_some_and(|id| id.starts_with("sg-")) { "security group" } else { "endpoint of" }
}

fn gone(resource: Option<&str>) -> Vec<Drift> {
    let was = resource.map_or(Value::Null, Value::from);
    vec![Drift { field: "resource".to_owned(), was, should_be: Value::Null }]
}

/// A place outside the scope that was looked at for what the deployment has left there.
#[derive(Debug, Clone, Copy)]
pub struct Beyond<'a> {
    /// Where.
    pub who: Who<'a>,
    /// Whether it is of the shared root.
    pub shared_root: bool,
    /// Why nothing should be there, for people: the rule that keeps the account out.
    pub reason: &'a str,
}

/// What is the deployment's where nothing of it should be.
#[must_use]
pub fn beyond(place: &Beyond, deployment: &str, observed: &Observed) -> Vec<Finding> {
    let is_ours = |tags: &crate::model::endpoint::Tags| {
        tags.get(OWNER_TAG).is_some_and(|owner| owner == deployment)
    };
    let mut findings = Vec::new();
    for endpoint in observed.endpoints.values() {
        let gone = matches!(endpoint.state, EndpointState::Deleting | EndpointState::Deleted);
        if is_ours(&endpoint.tags) && !endpoint.requester_managed && !gone {
            let short = short_name(&endpoint.key.service, &place.who.target.region);
            let topic = Topic {
                vpc: Some(&endpoint.key.vpc),
                what: short,
                resource: Some(endpoint.id.as_str()),
                aspect: "",
            };
            findings.push(left_there(place, topic));
        }
    }
    for vpc in observed.vpcs.values() {
        for group in vpc.security_groups.values().filter(|group| is_ours(&group.tags)) {
            let id = group.id.as_str();
            let topic =
                Topic { vpc: Some(&vpc.id), what: &group.name, resource: Some(id), aspect: "" };
            findings.push(left_there(place, topic));
        }
    }
    findings
}

fn left_there(place: &Beyond, topic: Topic) -> Finding {
    let (account, region) = (&place.who.target.account, &place.who.target.region);
    let (noun, what) = (noun(topic.resource), topic.what);
    let is_endpoint = noun != "security group";
    let (kind, title, reason) = if place.shared_root && is_endpoint {
        (
            FindingKind::SharedRoot,
            format!("an endpoint of {what} is in the shared root"),
            "the account owns the shared resources and gets no endpoints: with private DNS on, its own \
             traffic and that of whoever resolves names through it take this way"
                .to_owned(),
        )
    } else {
        (
            FindingKind::Orphan,
            format!("the {noun} {what} is ours, and its account is out of scope"),
            format!(
                "the account is no consumer now ({}), so nothing looks after it; endpoints cost money \
                 by the hour",
                place.reason
            ),
        )
    };
    let id = topic.resource.unwrap_or_default();
    let (repair, command) = if place.shared_root {
        let call = if is_endpoint {
            format!("aws ec2 delete-vpc-endpoints --region {region} --vpc-endpoint-ids {id}")
        } else {
            format!("aws ec2 delete-security-group --region {region} --group-id {id}")
        };
        ("delete it there: linkwalk never touches the shared root", call)
    } else {
        let call = format!("linkwalk destroy --account {account} --region {region}");
        ("delete it, or make the account a consumer again", call)
    };
    Finding {
        title,
        reason,
        drift: gone(topic.resource),
        repair: repair.to_owned(),
        command: Some(command),
        ..about(place.who, kind, topic)
    }
}

/// Says that a place outside the scope was not looked at.
#[must_use]
pub fn not_looked_at(place: &Beyond, failure: &Failure) -> Finding {
    let code = failure.code.as_ref().map_or("no answer", String::as_str);
    let root = if place.shared_root { "of the shared root" } else { "no consumer" };
    Finding {
        title: format!("an account that is {root} was not looked at"),
        reason: format!(
            "it gets no endpoints ({}), and whether some were left there is not known: {}: {code}",
            place.reason, failure.operation
        ),
        severity: super::Severity::Info,
        repair: format!(
            "let the role read there, or look yourself: {}",
            list(["aws ec2 describe-vpc-endpoints"])
        ),
        ..about(place.who, FindingKind::Unreachable, Topic { aspect: "beyond", ..Topic::default() })
    }
}
