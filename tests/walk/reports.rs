//! The audit's reports, judged by what is not ours: the formats' own schemas, AWS's model of its API,
//! GitHub's renderer, an HTML checker and a browser.

mod samples;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use linkwalk::audit::Audit;
use linkwalk::report::audit::{Format, render};
use serde_json::Value;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/audit.schema.json");

/// A folder with an audit in every format; it stays, to be looked at.
fn written(name: &str, audit: &Audit) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports").join(name);
    fs::create_dir_all(&folder).unwrap();
    for format in Format::ALL {
        fs::write(folder.join(format.as_str()), render(audit, format)).unwrap();
    }
    folder
}

/// What a script of the project prints; it must succeed.
fn script(name: &str, arguments: &[&Path]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name);
    ran(Command::new(script).args(arguments))
}

fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let [told, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}\n{told}\n{complaints}");
    told
}

/// A Python program, in the environment that holds the judges.
fn witness(name: &str) -> Command {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let home = script("venv", &[&scripts.join("requirements-reports.txt")]);
    let mut command = Command::new(Path::new(home.trim()).join("bin/python"));
    command.arg(scripts.join("witness").join(name));
    command
}

fn json(audit: &Audit, format: Format) -> Value {
    serde_json::from_str(&render(audit, format)).unwrap()
}

#[test]
fn every_format_is_accepted_by_its_own_judge() {
    let mut judges = witness("reports.py");
    judges.arg(SCHEMA);
    for (name, audit) in [
        ("empty", samples::empty()),
        ("clean", samples::clean(6)),
        ("rich", samples::rich()),
        ("large", samples::large(300)),
        ("crowded", samples::crowded(2_500)),
    ] {
        judges.arg(written(name, &audit));
    }
    ran(&mut judges);
}

#[test]
fn the_page_works_in_a_browser() {
    let driver = script("browser", &[]);
    let page = |name, audit| written(name, &audit).join("html");
    let mut browser = witness("page.py");
    browser.arg(driver.trim());
    browser.arg(page("page", samples::rich())).arg(page("page-large", samples::large(1000)));
    if let Some(shots) = std::env::var_os("LINKWALK_SHOTS") {
        browser.arg(shots);
    }
    println!("{}", ran(&mut browser));
}

#[test]
fn a_document_is_read_back_as_it_was_written() {
    let audit = samples::rich();
    assert_eq!(serde_json::from_str::<Audit>(&render(&audit, Format::Json)).unwrap(), audit);
}

#[test]
fn every_finding_is_in_every_format() {
    let audit = samples::rich();
    for format in [
        Format::Json,
        Format::Junit,
        Format::Sarif,
        Format::Ocsf,
        Format::Asff,
        Format::Csv,
        Format::Html,
    ] {
        let report = render(&audit, format);
        for finding in audit.findings.iter().chain(audit.ignored.iter().map(|it| &it.finding)) {
            assert!(report.contains(&finding.id), "{format} lacks {}", finding.title);
        }
    }
    let summary = render(&audit, Format::Markdown);
    for finding in &audit.findings {
        assert!(summary.contains(finding.account.as_str()), "markdown lacks {}", finding.title);
    }
}

#[test]
fn what_was_not_looked_at_is_never_told_as_well() {
    let mut audit = samples::clean(3);
    audit.targets.truncate(1);
    let well = audit.clone();
    audit.targets[0].standing = linkwalk::audit::Standing::NotStarted;
    audit.targets[0].coverage.clear();

    assert!(render(&well, Format::Junit).contains(r#"errors="0""#));
    assert!(render(&audit, Format::Junit).contains(r#"errors="1""#));
    let invocation = |audit| json(audit, Format::Sarif)["runs"][0]["invocations"][0].clone();
    assert_eq!(invocation(&well)["executionSuccessful"], true);
    assert_eq!(invocation(&audit)["executionSuccessful"], false);
    for format in [Format::Markdown, Format::Html] {
        assert!(render(&well, format).contains("The account is as it should be"), "{format}");
        assert!(render(&audit, format).contains("1 account was not looked at"), "{format}");
        assert!(!render(&audit, format).contains("as it should be<"), "{format}");
    }
    for (format, at) in [(Format::Ocsf, "/compliance/status"), (Format::Asff, "/Compliance/Status")]
    {
        let rich = render(&samples::rich(), format);
        let line =
            rich.lines().find(|line| line.contains("AssumeRole") || line.contains("unreachable"));
        let line = line.unwrap().trim_end_matches(',');
        let event: Value = serde_json::from_str(line).unwrap();
        let event = event.pointer("/Findings/0").unwrap_or(&event);
        let status = event.pointer(at).unwrap().as_str().unwrap();
        assert!(["Unknown", "NOT_AVAILABLE"].contains(&status), "{format}: {status}");
    }
}

#[test]
fn a_summary_that_is_too_long_says_how_much_it_leaves_out() {
    let audit = samples::crowded(5_000);
    let summary = render(&audit, Format::Markdown);
    assert!(summary.len() < 1024 * 1024);
    let told = summary.matches("\n#### ").count();
    assert!(told > 1000, "{told}");
    let left_out = format!("**{} findings more not shown here**", audit.findings.len() - told);
    assert!(summary.contains(&left_out), "{told} are told, and not: {left_out}");
}

#[test]
fn security_hub_gets_calls_it_takes() {
    let audit = samples::crowded(250);
    let report = render(&audit, Format::Asff);
    let calls: Vec<Value> =
        report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sizes: Vec<usize> =
        calls.iter().map(|call| call["Findings"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    let account = audit.targets[0].target.account.as_str();
    let finding = &calls[0]["Findings"][0];
    assert_eq!(finding["AwsAccountId"], account);
    let product = format!("arn:aws:securityhub:eu-west-1:{account}:product/{account}/default");
    assert_eq!(finding["ProductArn"], product);
    let of_rich = render(&samples::rich(), Format::Asff);
    assert_eq!(of_rich.matches("ARCHIVED").count(), 1, "what is fixed is archived");
    assert_eq!(of_rich.matches("SUPPRESSED").count(), 1, "what is ignored is suppressed");
}

#[test]
fn code_scanning_tells_new_results_from_old_and_from_accepted_ones() {
    let audit = samples::rich();
    let since = audit.since.as_ref().unwrap();
    let log = json(&audit, Format::Sarif);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let with =
        |key: &str, value: &str| results.iter().filter(|result| result[key] == value).count();
    assert_eq!(with("baselineState", "new"), since.new.len());
    assert_eq!(with("baselineState", "unchanged"), since.remaining.len());
    let suppressed = results.iter().filter(|result| !result["suppressions"].is_null()).count();
    assert_eq!(suppressed, audit.ignored.len());
    assert_eq!(
        results.len(),
        audit.findings.len() + suppressed,
        "what is fixed is not opened again"
    );
    let prints: BTreeSet<String> =
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len());
}

#[test]
fn a_sandbox_is_never_told_as_real() {
    let mut audit = samples::rich();
    audit.sandbox = true;
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Text) {
        let report = render(&audit, format);
        let said = match format {
            Format::Json | Format::Sarif => r#""sandbox": true"#,
            Format::Ocsf => r#""sandbox""#,
            Format::Asff => r#""Sample":true"#,
            Format::Csv => ",sandbox\r",
            _ => "SANDBOX: no real account",
        };
        assert!(report.contains(said), "{format}");
        assert!(!render(&samples::rich(), format).contains(said), "{format}");
    }
}

#[test]
fn a_step_summary_reads_as_it_always_did() {
    insta::assert_snapshot!(render(&samples::rich(), Format::Markdown));
}
