//! `JUnit` XML: a suite per account and region, a failing case per finding, a passing one per service
//! that is as it should be. What was not looked at is an error, which no CI system takes for a pass.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::audit::{
    Audit, Audited, CoverageState, Finding, FindingKind, Ignored, Severity, Standing,
};
use crate::report::audit::places::{self, Place};
use crate::report::audit::shown;
use crate::report::{safe, words};

/// The report.
pub(super) fn render(audit: &Audit) -> String {
    let sandbox = if audit.sandbox { " (sandbox: nothing is real)" } else { "" };
    let mut report =
        Report::new(format!("linkwalk audit of {}{sandbox}", safe::text(&audit.deployment)));
    report.add_test_suites(places::of(audit).iter().map(|place| suite(audit, place)));
    // Memory takes all that is written to it.
    report.to_string().unwrap_or_default()
}

fn suite(audit: &Audit, place: &Place) -> TestSuite {
    let region = place.region.map(|region| format!(" {region}")).unwrap_or_default();
    let mut suite =
        TestSuite::new(format!("{} ({}){region}", safe::text(place.name), place.account));
    suite.add_property(("account", place.account.as_str()));
    if let Some(region) = place.region {
        suite.add_property(("region", region.as_str()));
    }
    if let Some(audited) = place.audited {
        suite.add_property(("ou", safe::text(&audited.ou).as_str()));
    }
    suite.add_property(("created_at", audit.created_at.as_str()));
    if audit.sandbox {
        suite.add_property(("sandbox", words::SANDBOX));
    }
    let mut cases = Vec::new();
    cases.extend(place.findings.iter().map(|finding| found(finding)));
    cases.extend(place.ignored.iter().map(|ignored| skipped(ignored)));
    if let Some(audited) = place.audited {
        cases.extend(unseen(place, audited));
        cases.extend(covered(audited));
    }
    if cases.is_empty() {
        cases.push(TestCase::new("nothing is wanted here", TestCaseStatus::success()));
    }
    let classname = match place.region {
        Some(region) => format!("{}.{region}", place.account),
        None => place.account.to_string(),
    };
    for case in &mut cases {
        case.set_classname(classname.clone());
    }
    suite.add_test_cases(cases);
    suite
}

/// A failure, or an error where nothing is known. What is only worth knowing fails nothing.
fn found(finding: &Finding) -> TestCase {
    let title = safe::text(&finding.title);
    if finding.severity == Severity::Info {
        let status = match finding.kind {
            FindingKind::Unreachable => TestCaseStatus::skipped(),
            _ => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(name(finding), status);
        case.set_system_out(format!("{title}\n{}", safe::text(&finding.reason)));
        return case;
    }
    let kind = match finding.kind {
        FindingKind::Unreachable => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(finding.kind.code()).set_message(title).set_description(told(finding));
    TestCase::new(name(finding), status)
}

/// The finding's id makes it one test over time, whatever its title says.
fn name(finding: &Finding) -> String {
    let vpc = finding.vpc.as_ref().map(|vpc| format!(" in {vpc}")).unwrap_or_default();
    format!("{}: {}{vpc} [{}]", finding.kind, safe::text(&finding.what), finding.id)
}

fn told(finding: &Finding) -> String {
    let mut lines = vec![
        format!("severity: {}", finding.severity),
        safe::text(&finding.title),
        safe::text(&finding.reason),
    ];
    for drift in &finding.drift {
        let (was, should_be) = (shown(&drift.was), shown(&drift.should_be));
        let field = safe::text(&drift.field);
        lines.push(format!("{field}: {} -> {}", safe::text(&was), safe::text(&should_be)));
    }
    lines.push(format!("repair: {}", safe::text(&finding.repair)));
    lines.extend(finding.command.as_ref().map(|command| format!("  {}", safe::text(command))));
    lines.join("\n")
}

fn skipped(ignored: &Ignored) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    let because = safe::text(&ignored.because);
    status.set_message(format!("ignored until {}: {because}", safe::text(&ignored.until)));
    status.set_description(told(&ignored.finding));
    TestCase::new(name(&ignored.finding), status)
}

/// What stands for a target that was not looked at and has no finding that says so.
fn unseen(place: &Place, audited: &Audited) -> Option<TestCase> {
    if place.findings.iter().any(|finding| finding.kind == FindingKind::Unreachable) {
        return None;
    }
    let why = match (audited.standing, &audited.failure) {
        (Standing::InSync | Standing::Drifted, _) => return None,
        (_, Some(failure)) => safe::text(&failure.to_string()),
        (_, None) => "the run was asked to stop before its turn".to_owned(),
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("not-looked-at").set_message(why);
    Some(TestCase::new("the account is looked at", status))
}

fn covered(audited: &Audited) -> impl Iterator<Item = TestCase> {
    audited.coverage.iter().filter_map(|cell| {
        let place = cell.vpc.as_ref().map(|vpc| format!(" in {vpc}")).unwrap_or_default();
        let name = format!("{}{place}", safe::text(&cell.service));
        match cell.state {
            CoverageState::InSync => Some(TestCase::new(name, TestCaseStatus::success())),
            CoverageState::Pending => {
                let mut status = TestCaseStatus::skipped();
                status.set_message("on its way");
                Some(TestCase::new(name, status))
            }
            // Told by their findings.
            _ => None,
        }
    })
}
