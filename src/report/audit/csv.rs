//! A row per finding, for spreadsheets: RFC 4180, with nothing that a spreadsheet would run.

use csv::{Terminator, WriterBuilder};

use crate::audit::{Audit, Finding, Ignored};
use crate::report::audit::shown;

const COLUMNS: usize = 21;

const HEADER: [&str; COLUMNS] = [
    "id",
    "status",
    "severity",
    "kind",
    "account",
    "account_name",
    "region",
    "vpc",
    "what",
    "resource",
    "title",
    "reason",
    "drift",
    "repair",
    "command",
    "asked_by",
    "line",
    "ignored_until",
    "ignored_because",
    "deployment",
    "world",
];

/// The table.
pub(super) fn render(audit: &Audit) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut write = |row: [String; COLUMNS]| {
        // Memory takes all that is written to it, and every row has as many fields as the header.
        writer.write_record(row.map(harmless)).ok();
    };
    write(HEADER.map(str::to_owned));
    for finding in &audit.findings {
        write(row(audit, finding, status(audit, finding), None));
    }
    for ignored in &audit.ignored {
        write(row(audit, &ignored.finding, "ignored", Some(ignored)));
    }
    for finding in audit.since.iter().flat_map(|since| &since.fixed) {
        write(row(audit, finding, "fixed", None));
    }
    for finding in audit.since.iter().flat_map(|since| &since.unknown) {
        write(row(audit, finding, "unknown", None));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `open` where there is no earlier audit to compare with.
fn status(audit: &Audit, finding: &Finding) -> &'static str {
    match &audit.since {
        None => "open",
        Some(since) if since.new.contains(&finding.id) => "new",
        Some(_) => "remaining",
    }
}

fn row(
    audit: &Audit,
    finding: &Finding,
    status: &str,
    ignored: Option<&Ignored>,
) -> [String; COLUMNS] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let drift: Vec<String> = finding
        .drift
        .iter()
        .map(|drift| {
            format!("{}: {} -> {}", drift.field, shown(&drift.was), shown(&drift.should_be))
        })
        .collect();
    [
        finding.id.clone(),
        status.to_owned(),
        finding.severity.to_string(),
        finding.kind.to_string(),
        finding.account.to_string(),
        finding.account_name.clone(),
        finding.region.as_ref().map(ToString::to_string).unwrap_or_default(),
        finding.vpc.as_ref().map(ToString::to_string).unwrap_or_default(),
        finding.what.clone(),
        text(&finding.resource),
        finding.title.clone(),
        finding.reason.clone(),
        drift.join("\n"),
        finding.repair.clone(),
        text(&finding.command),
        text(&finding.asked_by),
        finding.line.map(|line| line.to_string()).unwrap_or_default(),
        ignored.map(|rule| rule.until.clone()).unwrap_or_default(),
        ignored.map(|rule| rule.because.clone()).unwrap_or_default(),
        audit.deployment.clone(),
        if audit.sandbox { "sandbox" } else { "aws" }.to_owned(),
    ]
}

/// A field that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn harmless(field: String) -> String {
    let first = field.trim_start_matches([' ', '\n']).chars().next();
    if matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠')) {
        format!("'{field}")
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
        for (field, written) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(harmless(field.to_owned()), written);
        }
    }
}
