//! OCSF compliance findings (class 2003, profile `cloud`): a JSON array with a finding per line, so that
//! it is read whole or line by line.

use serde_json::{Map, Value, json};

use crate::audit::{Audit, Finding, FindingKind, Severity};
use crate::report::audit::resource::Resource;
use crate::report::safe;

/// The schema's version (<https://schema.ocsf.io/1.8.0/classes/compliance_finding>).
const VERSION: &str = "1.8.0";

const CLASS: u32 = 2003;

/// Where a finding stands: the activity and the status of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    New,
    Remaining,
    Suppressed,
    Fixed,
}

impl Life {
    fn activity(self) -> (u32, &'static str) {
        match self {
            Self::New => (1, "Create"),
            Self::Remaining | Self::Suppressed => (2, "Update"),
            Self::Fixed => (3, "Close"),
        }
    }

    fn status(self) -> (u32, &'static str) {
        match self {
            Self::New | Self::Remaining => (1, "New"),
            Self::Suppressed => (3, "Suppressed"),
            Self::Fixed => (4, "Resolved"),
        }
    }
}

/// The array.
pub(super) fn render(audit: &Audit) -> String {
    let mut events = Vec::new();
    for finding in &audit.findings {
        let remains = audit.since.iter().any(|since| since.remaining.contains(&finding.id));
        let life = if remains { Life::Remaining } else { Life::New };
        events.push(event(audit, finding, life));
    }
    for ignored in &audit.ignored {
        let mut suppressed = event(audit, &ignored.finding, Life::Suppressed);
        suppressed["comment"] =
            json!(format!("Ignored until {}: {}", ignored.until, ignored.because));
        events.push(suppressed);
    }
    for finding in audit.since.iter().flat_map(|since| &since.fixed) {
        events.push(event(audit, finding, Life::Fixed));
    }
    // Values are JSON already.
    let lines: Vec<String> = events.iter().filter_map(|event| safe::json(event).ok()).collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

fn event(audit: &Audit, finding: &Finding, life: Life) -> Value {
    let (activity_id, activity) = life.activity();
    let (status_id, status) = life.status();
    let (severity_id, severity) = match finding.severity {
        Severity::High => (4, "High"),
        Severity::Medium => (3, "Medium"),
        Severity::Low => (2, "Low"),
        Severity::Info => (1, "Informational"),
    };
    let resource = Resource::of(audit, finding);
    let time = milliseconds(&audit.created_at);
    let mut event = json!({
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + activity_id,
        "type_name": format!("Compliance Finding: {activity}"),
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": finding.title,
        "metadata": metadata(audit, finding),
        "cloud": {
            "provider": "AWS",
            "region": resource.region,
            "cloud_partition": resource.partition,
            "account": {
                "uid": finding.account,
                "name": finding.account_name,
                "type": "AWS Account",
                "type_id": 10,
            },
        },
        "finding_info": {
            "uid": format!("linkwalk/{}/{}", audit.deployment, finding.id),
            "title": finding.title,
            "desc": finding.reason,
            "types": [finding.kind.code()],
            "modified_time": time,
        },
        "compliance": compliance(audit, finding, life),
        "resources": [{
            "uid": resource.arn,
            "name": finding.what,
            "type": resource.kind,
            "region": resource.region,
            "cloud_partition": resource.partition,
        }],
        "remediation": { "desc": remedy(finding) },
    });
    if !finding.drift.is_empty() {
        event["evidences"] = json!([{ "data": { "drift": finding.drift } }]);
    }
    event["unmapped"] = unmapped(audit, finding);
    event
}

fn metadata(audit: &Audit, finding: &Finding) -> Value {
    let labels = if audit.sandbox { vec!["sandbox"] } else { Vec::new() };
    json!({
        "version": VERSION,
        "uid": finding.id,
        "event_code": finding.kind.code(),
        "profiles": ["cloud"],
        "labels": labels,
        "product": { "name": "linkwalk", "vendor_name": "linkwalk", "version": audit.version },
    })
}

fn compliance(audit: &Audit, finding: &Finding, life: Life) -> Value {
    let (id, status) = match (life, finding.severity, finding.kind) {
        (Life::Fixed, ..) => (1, "Pass"),
        (_, _, FindingKind::Unreachable) => (0, "Unknown"),
        (_, Severity::Info, _) => (2, "Warning"),
        _ => (3, "Fail"),
    };
    let mut compliance = json!({
        "control": finding.kind.code(),
        "desc": finding.kind.meaning(),
        "standards": [format!("linkwalk deployment {}", audit.deployment)],
        "status_id": id,
        "status": status,
    });
    if let Some(table) = &finding.asked_by {
        compliance["requirements"] = json!([format!("{} [{table}]", audit.config)]);
    }
    compliance
}

fn remedy(finding: &Finding) -> String {
    match &finding.command {
        Some(command) => format!("{}\n{command}", finding.repair),
        None => finding.repair.clone(),
    }
}

fn unmapped(audit: &Audit, finding: &Finding) -> Value {
    let mut rest = Map::new();
    rest.insert("deployment".to_owned(), json!(audit.deployment));
    for (name, value) in [
        ("command", json!(finding.command)),
        ("vpc", json!(finding.vpc)),
        ("asked_by", json!(finding.asked_by)),
        ("line", json!(finding.line)),
    ] {
        if !value.is_null() {
            rest.insert(name.to_owned(), value);
        }
    }
    Value::Object(rest)
}

/// Milliseconds since 1970, as OCSF has times; zero for a time that is none, which only a document
/// written by others can have.
fn milliseconds(rfc_3339: &str) -> i64 {
    rfc_3339.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}
