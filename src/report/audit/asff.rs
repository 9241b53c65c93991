//! AWS Security Finding Format: a line per call of `BatchImportFindings`.
//!
//! Security Hub takes a finding only from the account it is about (or from an integration that AWS
//! has listed), at most 100 findings and 6 MB in a call and 240 kB in a finding
//! (<https://docs.aws.amazon.com/securityhub/latest/userguide/finding-update-batchimportfindings.html>). So a line
//! holds findings of one account and one region, for that account's own product, and never too many.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::audit::{Audit, Finding, FindingKind, Severity};
use crate::report::audit::resource::Resource;
use crate::report::audit::{cut, shown};
use crate::report::safe;

/// Findings in a call, AWS's limit.
const BATCH: usize = 100;

/// Differences told in one finding; with the texts' own limits this keeps it far below 240 kB.
const DRIFTS: usize = 20;

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Suppressed,
    Fixed,
}

/// The batches.
pub(super) fn render(audit: &Audit) -> String {
    let open = audit.findings.iter().map(|finding| (finding, Life::Open));
    let ignored = audit.ignored.iter().map(|ignored| (&ignored.finding, Life::Suppressed));
    let fixed = audit.since.iter().flat_map(|since| &since.fixed);
    let fixed = fixed.map(|finding| (finding, Life::Fixed));

    let mut calls: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for (finding, life) in open.chain(ignored).chain(fixed) {
        let resource = Resource::of(audit, finding);
        let call = (finding.account.to_string(), resource.region.to_owned());
        calls.entry(call).or_default().push(written(audit, finding, &resource, life));
    }
    let mut lines = String::new();
    for batch in calls.values().flat_map(|findings| findings.chunks(BATCH)) {
        // Values are JSON already.
        lines += &safe::json(&json!({ "Findings": batch })).unwrap_or_default();
        lines.push('\n');
    }
    lines
}

fn written(audit: &Audit, finding: &Finding, resource: &Resource, life: Life) -> Value {
    let (account, region, partition) = (&finding.account, resource.region, resource.partition);
    let label = match finding.severity {
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Info => "INFORMATIONAL",
    };
    let compliance = match (life, finding.severity, finding.kind) {
        (Life::Fixed, ..) => "PASSED",
        (_, _, FindingKind::Unreachable) => "NOT_AVAILABLE",
        (_, Severity::Info, _) => "WARNING",
        _ => "FAILED",
    };
    let remedy = match &finding.command {
        Some(command) => format!("{}: {command}", finding.repair),
        None => finding.repair.clone(),
    };
    let mut written = json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("linkwalk/{}/{}", audit.deployment, finding.id),
        "ProductArn":
            format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        "ProductName": "linkwalk",
        "CompanyName": "linkwalk",
        "GeneratorId": format!("linkwalk/{}", finding.kind),
        "AwsAccountId": account,
        "AwsAccountName": cut(&safe::text(&finding.account_name), 50),
        "Types": ["Software and Configuration Checks/AWS Security Best Practices/Network Reachability"],
        "CreatedAt": audit.created_at,
        "UpdatedAt": audit.created_at,
        "Severity": { "Label": label, "Original": finding.severity },
        "Title": cut(&safe::text(&finding.title), 256),
        "Description": cut(&safe::text(&finding.reason), 1024),
        "Remediation": { "Recommendation": { "Text": cut(&safe::text(&remedy), 512) } },
        "ProductFields": fields(audit, finding),
        "Resources": [{
            "Type": resource.kind,
            "Id": resource.arn,
            "Partition": partition,
            "Region": region,
        }],
        "Compliance": { "Status": compliance },
        "RecordState": if life == Life::Fixed { "ARCHIVED" } else { "ACTIVE" },
        "FindingProviderFields": {
            "Severity": { "Label": label, "Original": finding.severity },
            "Types": ["Software and Configuration Checks/AWS Security Best Practices/Network Reachability"],
        },
    });
    if life == Life::Suppressed {
        written["Workflow"] = json!({ "Status": "SUPPRESSED" });
    }
    if audit.sandbox {
        written["Sample"] = json!(true);
    }
    written
}

/// What has no place of its own: at most 50 fields, names of 128 and values of 2,048 characters.
fn fields(audit: &Audit, finding: &Finding) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            let name = cut(&safe::text(&format!("linkwalk/{name}")), 128);
            fields.insert(name, json!(cut(&safe::text(value), 2048)));
        }
    };
    add("deployment", &audit.deployment);
    add("kind", finding.kind.code());
    add("what", &finding.what);
    add("vpc", finding.vpc.as_ref().map_or("", |vpc| vpc.as_str()));
    add("command", finding.command.as_deref().unwrap_or_default());
    add("asked-by", finding.asked_by.as_deref().unwrap_or_default());
    for drift in finding.drift.iter().take(DRIFTS) {
        let sides = format!("{} -> {}", shown(&drift.was), shown(&drift.should_be));
        add(&format!("drift/{}", drift.field), &sides);
    }
    let more = finding.drift.len().saturating_sub(DRIFTS);
    if more > 0 {
        add("drift-not-shown", &more.to_string());
    }
    fields
}
