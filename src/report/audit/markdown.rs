//! Markdown as GitHub reads it, for a step summary or a comment: the verdict first, details collapsed.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::audit::{Audit, Finding, FindingKind, Severity, Standing};
use crate::report::audit::verdict::{Tone, Verdict};
use crate::report::audit::{day, shown};
use crate::report::words::count;
use crate::report::{safe, words};

/// A step summary holds 1 MiB, and GitHub drops one that is larger as a whole
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary>).
/// The rest is for what else the step writes.
const ROOM: usize = 1_000_000;

/// Kept free for what comes after the findings.
const RESERVE: usize = 20_000;

/// Rows of the lists after the findings.
const ROWS: usize = 50;

/// The report.
pub(super) fn render(audit: &Audit) -> String {
    within(audit, ROOM)
}

fn within(audit: &Audit, room: usize) -> String {
    let mut page = head(audit);
    unseen(audit, &mut page);
    let left_out = findings(audit, &mut page, room.saturating_sub(RESERVE));
    if left_out > 0 {
        let left_out = count(left_out, "finding");
        writeln!(page, "\n**{left_out} more not shown here**, to stay within what a step summary holds. The JSON and HTML reports have all of them.").ok();
    }
    ignored(audit, &mut page);
    fixed(audit, &mut page);
    page
}

fn head(audit: &Audit) -> String {
    let verdict = Verdict::of(audit);
    let mark = match verdict.tone {
        Tone::Clean => "✅",
        Tone::Drift => "⚠️",
        Tone::Unknown => "❓",
    };
    let mut page = format!("## {mark} {}\n\n", verdict.headline);
    if audit.sandbox {
        writeln!(page, "> {}\n", words::SANDBOX).ok();
    }
    let regions: Vec<String> = audit.regions.iter().map(|region| plain(region.as_str())).collect();
    writeln!(
        page,
        "Deployment **{}** · {} · {} · linkwalk {}\n",
        plain(&audit.deployment),
        regions.join(", "),
        plain(&day(&audit.created_at)),
        plain(&audit.version),
    )
    .ok();
    if !audit.findings.is_empty() {
        page += "| Severity | Findings | Accounts |\n| :-- | --: | --: |\n";
        for (severity, findings) in audit.by_severity() {
            if findings > 0 {
                let accounts = accounts(audit.findings.iter().filter(|f| f.severity == severity));
                writeln!(page, "| {} {severity} | {findings} | {accounts} |", dot(severity)).ok();
            }
        }
        page.push('\n');
    }
    if let Some(since) = &audit.since {
        let counts = [
            ("new", since.new.len()),
            ("fixed", since.fixed.len()),
            ("remaining", since.remaining.len()),
            ("not known", since.unknown.len()),
        ];
        let said = words::counts(counts);
        let said = if said.is_empty() { "nothing then, nothing now".to_owned() } else { said };
        writeln!(page, "Since {}: **{said}**\n", plain(&day(&since.created_at))).ok();
    }
    page
}

fn accounts<'a>(findings: impl Iterator<Item = &'a Finding>) -> usize {
    findings.map(|finding| &finding.account).collect::<std::collections::BTreeSet<_>>().len()
}

fn dot(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "🔴",
        Severity::Medium => "🟠",
        Severity::Low => "🔵",
        Severity::Info => "⚪",
    }
}

fn unseen(audit: &Audit, page: &mut String) {
    let unseen: Vec<_> = audit
        .targets
        .iter()
        .filter(|audited| matches!(audited.standing, Standing::Unreachable | Standing::NotStarted))
        .collect();
    if unseen.is_empty() {
        return;
    }
    *page += "### Not looked at\n\n| Account | Region | Why |\n| :-- | :-- | :-- |\n";
    for audited in unseen.iter().take(ROWS) {
        let why = match &audited.failure {
            Some(failure) => plain(&failure.to_string()),
            None => "the run was asked to stop before its turn".to_owned(),
        };
        let (name, target) = (plain(&audited.name), &audited.target);
        writeln!(page, "| {name} ({}) | {} | {why} |", target.account, target.region).ok();
    }
    more(unseen.len(), page);
    page.push('\n');
}

/// Says how many rows a list of at most [`ROWS`] leaves out.
fn more(all: usize, page: &mut String) {
    if all > ROWS {
        writeln!(page, "\n… and {} more.", all - ROWS).ok();
    }
}

/// Findings by kind, the most severe first, as many as there is room for. Returns how many there are
/// besides.
fn findings(audit: &Audit, page: &mut String, room: usize) -> usize {
    let mut kinds: BTreeMap<(Severity, FindingKind), Vec<&Finding>> = BTreeMap::new();
    for finding in &audit.findings {
        kinds.entry((finding.severity, finding.kind)).or_default().push(finding);
    }
    if !kinds.is_empty() {
        *page += "### Findings\n";
    }
    let mut left_out = 0;
    for ((severity, kind), findings) in kinds {
        let head = format!(
            "\n<details><summary>{} <b>{kind}</b> ({severity}): {} in {}</summary>\n\n{}\n",
            dot(severity),
            count(findings.len(), "finding"),
            count(accounts(findings.iter().copied()), "account"),
            kind.meaning(),
        );
        let mut is_open = false;
        for finding in findings {
            let told = told(audit, finding);
            let needed = told.len() + if is_open { 0 } else { head.len() };
            if page.len() + needed > room {
                left_out += 1;
                continue;
            }
            if !is_open {
                *page += &head;
                is_open = true;
            }
            *page += &told;
        }
        if is_open {
            *page += "\n</details>\n";
        }
    }
    left_out
}

fn told(audit: &Audit, finding: &Finding) -> String {
    let is_new = audit.since.as_ref().is_some_and(|since| since.new.contains(&finding.id));
    let region = finding.region.as_ref().map(|region| format!(" · {}", plain(region.as_str())));
    let vpc = finding.vpc.as_ref().map(|vpc| format!(" · {}", plain(vpc.as_str())));
    let resource = finding.resource.as_ref().map(|id| format!(" · {}", plain(id)));
    let mut told = format!(
        "\n#### {}{}\n\n{} ({}){}{}{}\n\n{}\n",
        if is_new { "🆕 " } else { "" },
        plain(&finding.title),
        plain(&finding.account_name),
        finding.account,
        region.unwrap_or_default(),
        vpc.unwrap_or_default(),
        resource.unwrap_or_default(),
        plain(&finding.reason),
    );
    if !finding.drift.is_empty() {
        let lines: Vec<String> = finding
            .drift
            .iter()
            .flat_map(|drift| {
                let line = |sign: char, value| {
                    format!("{sign} {}: {}", safe::text(&drift.field), safe::text(&shown(value)))
                };
                [line('-', &drift.was), line('+', &drift.should_be)]
            })
            .collect();
        told += &fenced("diff", &lines.join("\n"));
    }
    writeln!(told, "\n{}", plain(&finding.repair)).ok();
    if let Some(command) = &finding.command {
        told += &fenced("sh", &safe::text(command));
    }
    told
}

/// A block of code whose fence is longer than any run of backticks inside it.
fn fenced(language: &str, code: &str) -> String {
    let mut fence = "```".to_owned();
    while code.contains(&fence) {
        fence.push('`');
    }
    format!("\n{fence}{language}\n{code}\n{fence}\n")
}

fn ignored(audit: &Audit, page: &mut String) {
    if audit.ignored.is_empty() {
        return;
    }
    let number = audit.ignored.len();
    writeln!(page, "\n<details><summary>{} ignored</summary>\n", count(number, "finding")).ok();
    *page += "| Finding | Account | Until | Because |\n| :-- | :-- | :-- | :-- |\n";
    for ignored in audit.ignored.iter().take(ROWS) {
        let finding = &ignored.finding;
        let account = format!("{} ({})", plain(&finding.account_name), finding.account);
        let (title, until) = (plain(&finding.title), plain(&ignored.until));
        writeln!(page, "| {title} | {account} | {until} | {} |", plain(&ignored.because)).ok();
    }
    more(number, page);
    *page += "\n</details>\n";
}

fn fixed(audit: &Audit, page: &mut String) {
    let Some(since) = &audit.since else { return };
    for (findings, said) in [(&since.fixed, "fixed"), (&since.unknown, "not known to be fixed")] {
        if findings.is_empty() {
            continue;
        }
        let number = count(findings.len(), "finding");
        writeln!(page, "\n<details><summary>{number} {said}</summary>\n").ok();
        for finding in findings.iter().take(ROWS) {
            let (name, title) = (plain(&finding.account_name), plain(&finding.title));
            writeln!(page, "- {name} ({}): {title}", finding.account).ok();
        }
        more(findings.len(), page);
        *page += "\n</details>\n";
    }
}

/// Text in which nothing is Markdown, HTML, a mention or a link.
fn plain(untrusted: &str) -> String {
    let safe = safe::text(untrusted);
    let mut plain = String::with_capacity(safe.len());
    for (at, c) in safe.char_indices() {
        let means_nothing = match c {
            // Lists begin with these, at the start of a line, where none of these texts stands.
            ',' | ';' | '-' | '/' | '(' | ')' | '%' | '\'' => true,
            // `https:` and `www.` begin links.
            ':' => safe[at..].starts_with(": "),
            '.' => !safe[..at].to_ascii_lowercase().ends_with("www"),
            c => !c.is_ascii_punctuation(),
        };
        if means_nothing {
            plain.push(c);
        } else {
            write!(plain, "&#{};", u32::from(c)).ok();
        }
        if c == '@' {
            // GitHub looks for mentions after it has read the entities.
            plain += "&#8203;";
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        for (name, written) in [
            ("staging-01", "staging-01"),
            ("<b>", "&#60;b&#62;"),
            ("a|b", "a&#124;b"),
            ("[x](javascript:1)", "&#91;x&#93;(javascript&#58;1)"),
            ("@team #1 `code`", "&#64;&#8203;team &#35;1 &#96;code&#96;"),
            ("https://x: www.y.z", "https&#58;//x: www&#46;y.z"),
            ("\u{1b}[2J", "&#92;u&#123;1b&#125;&#91;2J"),
        ] {
            assert_eq!(plain(name), written);
        }
    }

    #[test]
    fn no_code_ends_its_own_block() {
        assert_eq!(fenced("sh", "a"), "\n```sh\na\n```\n");
        assert_eq!(fenced("sh", "```\nb"), "\n````sh\n```\nb\n````\n");
    }
}
