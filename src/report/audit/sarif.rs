//! SARIF 2.1.0: results at the lines of accounts.toml that ask for what is not there.
//!
//! Fixed findings are left out. The standard would have them with the baseline state `absent`, which
//! GitHub does not read: it would open them again.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use crate::audit::{Audit, Finding, FindingKind, Ignored, Severity, Standing, usual_severity};
use crate::explain;
use crate::report::audit::shown;
use crate::report::{safe, words};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What may not stand in a path of a URI (RFC 3986).
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The log.
pub(super) fn render(audit: &Audit) -> String {
    let open = audit.findings.iter().map(|finding| result(audit, finding, None));
    let ignored =
        audit.ignored.iter().map(|ignored| result(audit, &ignored.finding, Some(ignored)));
    let results: Vec<Value> = open.chain(ignored).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "linkwalk",
                "semanticVersion": audit.version,
                "rules": FindingKind::ALL.iter().map(|kind| rule(*kind)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("linkwalk/{}/", audit.deployment) },
            "invocations": [invocation(audit)],
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": { "sandbox": audit.sandbox },
        }],
    });
    // A value is JSON already.
    safe::json_pretty(&log).unwrap_or_default() + "\n"
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn rule(kind: FindingKind) -> Value {
    let severity = usual_severity(kind);
    // GitHub's bands: from 7.0 high, from 4.0 medium, else low.
    let score = match severity {
        Severity::High => "8.0",
        Severity::Medium => "5.0",
        Severity::Low | Severity::Info => "2.0",
    };
    let explained = explain::finding(kind);
    let help = format!(
        "{} {} {} Every result says what differs and the command that repairs it; a rule in `[[ignore]]` of \
         accounts.toml accepts it until a date. `linkwalk explain {kind}` says this too.",
        explained.meaning, explained.why, explained.next
    );
    json!({
        "id": kind.code(),
        "name": format!("{kind:?}"),
        "shortDescription": { "text": kind.meaning() },
        "fullDescription": { "text": kind.meaning() },
        "help": { "text": help },
        "defaultConfiguration": { "level": level(severity) },
        "properties": {
            "tags": ["security", "network", "privatelink"],
            "precision": "very-high",
            "problem.severity": if severity == Severity::High { "error" } else { "warning" },
            "security-severity": score,
        },
    })
}

fn result(audit: &Audit, finding: &Finding, ignored: Option<&Ignored>) -> Value {
    let place = finding.region.as_ref().map(|region| format!("/{region}")).unwrap_or_default();
    let qualified = format!("{}{place}/{}", finding.account, finding.what);
    let mut result = json!({
        "ruleId": finding.kind.code(),
        "ruleIndex": FindingKind::ALL.iter().position(|kind| *kind == finding.kind),
        "level": level(finding.severity),
        "message": { "text": message(audit, finding) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&audit.config) },
                "region": { "startLine": finding.line.unwrap_or(1).max(1) },
            },
            "logicalLocations": [{
                "name": finding.resource.as_ref().unwrap_or(&finding.what),
                "fullyQualifiedName": qualified,
                "kind": "resource",
            }],
        }],
        // Many accounts have findings at one line. GitHub tells results apart by the first of these,
        // and would make it from the line's text, so that all but one would be lost.
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", finding.id),
            "linkwalkFinding/v1": finding.id,
        },
        "properties": {
            "severity": finding.severity,
            "account": finding.account,
            "account_name": finding.account_name,
            "region": finding.region,
            "vpc": finding.vpc,
            "resource": finding.resource,
            "repair": finding.repair,
            "command": finding.command,
            "drift": finding.drift,
        },
    });
    if let Some(since) = &audit.since
        && ignored.is_none()
    {
        let is_new = since.new.contains(&finding.id);
        result["baselineState"] = json!(if is_new { "new" } else { "unchanged" });
    }
    if let Some(ignored) = ignored {
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": format!("until {}: {}", ignored.until, ignored.because),
        }]);
    }
    result
}

/// Plain text in which brackets, which SARIF would take for links, are escaped.
fn message(audit: &Audit, finding: &Finding) -> String {
    let sandbox = if audit.sandbox { format!("{} ", words::SANDBOX) } else { String::new() };
    let mut told = vec![format!(
        "{sandbox}{} ({}): {}. {}",
        safe::text(&finding.account_name),
        finding.account,
        safe::text(&finding.title),
        safe::text(&finding.reason),
    )];
    for drift in &finding.drift {
        let sides = format!("{} -> {}", shown(&drift.was), shown(&drift.should_be));
        told.push(format!("{}: {}", safe::text(&drift.field), safe::text(&sides)));
    }
    told.push(format!("Repair: {}", safe::text(&finding.repair)));
    told.extend(finding.command.as_deref().map(safe::text));
    told.join("\n").replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// accounts.toml as a reference relative to the repository, or as a `file:` URI.
fn uri(config: &str) -> String {
    let path = config.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let encoded = utf8_percent_encode(path, PATH).to_string();
    if encoded.starts_with('/') {
        return format!("file://{encoded}");
    }
    // A colon in the first segment would read as a scheme.
    match encoded.split_once('/') {
        Some((first, _)) if first.contains(':') => format!("./{encoded}"),
        None if encoded.contains(':') => format!("./{encoded}"),
        _ => encoded,
    }
}

fn invocation(audit: &Audit) -> Value {
    let unseen: Vec<Value> = audit
        .targets
        .iter()
        .filter_map(|audited| {
            let why = match audited.standing {
                Standing::InSync | Standing::Drifted => return None,
                Standing::NotStarted => "the run was asked to stop before its turn".to_owned(),
                Standing::Unreachable => {
                    audited.failure.as_ref().map(ToString::to_string).unwrap_or_default()
                }
            };
            let name = safe::text(&audited.name);
            let text =
                format!("{name} ({}) was not looked at: {}", audited.target, safe::text(&why));
            Some(json!({ "level": "error", "message": { "text": text } }))
        })
        .collect();
    json!({
        "executionSuccessful": unseen.is_empty(),
        "startTimeUtc": audit.created_at,
        "toolExecutionNotifications": unseen,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_every_reader_resolves() {
        for (path, reference) in [
            ("accounts.toml", "accounts.toml"),
            ("./infra/accounts.toml", "infra/accounts.toml"),
            ("/etc/link walk.toml", "file:///etc/link%20walk.toml"),
            ("a:b.toml", "./a:b.toml"),
            ("50%/[x]#1.toml", "50%25/%5Bx%5D%231.toml"),
        ] {
            assert_eq!(uri(path), reference);
        }
    }
}
