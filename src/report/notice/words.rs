//! A notice in words: short, the worst first, and safe wherever it is shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Brief, News, Notice};
use crate::audit::Audit;
use crate::report::audit::verdict::{Tone, Verdict};
use crate::report::{safe, words};

/// Findings that are named; the rest are counted.
const NAMED: usize = 5;

/// The longest line, in columns.
const LINE: usize = 200;

/// SNS's limit of a subject.
const SUBJECT: usize = 100;

/// Slack's limits of a header and of a section.
const HEADER: usize = 150;
const SECTION: usize = 2900;

pub(super) fn notice(audit: &Audit, news: &News, places: &[String]) -> Notice {
    let verdict = Verdict::of(audit);
    let place = if audit.sandbox { "SANDBOX: " } else { "" };
    let headline = format!("{place}linkwalk audit of {}: {}", audit.deployment, verdict.headline);
    let mut parts = vec![format!("{news}.")];
    parts.extend(list("New", &news.new));
    parts.extend(list("Fixed", &news.fixed));
    if !places.is_empty() {
        let places: Vec<String> = places.iter().map(|place| safe::text(place)).collect();
        parts.push(format!("Report: {}", places.join(", ")));
    }
    let worst = news.new.iter().map(|one| one.severity).min();
    let word = match verdict.tone {
        Tone::Clean => "clean",
        Tone::Drift => "drift",
        Tone::Unknown => "unknown",
    };
    let attributes = [
        ("deployment", audit.deployment.as_str()),
        ("verdict", word),
        // Of what is new; a notice of repairs alone has none.
        ("severity", worst.map_or("none", crate::audit::Severity::as_str)),
    ];
    Notice {
        subject: subject(&headline),
        text: format!("{headline}.\n\n{}\n", parts.join("\n\n")),
        chat: chat(&headline, &parts),
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    }
}

fn list(title: &str, findings: &[Brief]) -> Option<String> {
    if findings.is_empty() {
        return None;
    }
    let mut sorted: Vec<&Brief> = findings.iter().collect();
    sorted.sort_by_key(|one| one.severity);
    let mut lines = vec![format!("{title}:")];
    lines.extend(sorted.iter().take(NAMED).map(|one| line(one)));
    if let Some(more) = findings.len().checked_sub(NAMED).filter(|more| *more > 0) {
        lines.push(format!("- and {}", words::count(more, "more finding")));
    }
    Some(lines.join("\n"))
}

fn line(one: &Brief) -> String {
    let Brief { severity, account, account_name, region, title } = one;
    let region = region.as_ref().map(|region| format!(" {region}")).unwrap_or_default();
    let line = format!("- {severity}: {account_name} ({account}){region}: {title}");
    safe::fit(&line, LINE)
}

/// "must be ASCII text that begins with a letter, number, or punctuation mark; must not include line
/// breaks or control characters; and must be less than 100 characters long"
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
fn subject(headline: &str) -> String {
    let ascii = headline.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' });
    ascii.take(SUBJECT - 1).collect()
}

/// Slack's form. `plain_text` has neither markup nor mentions; `text`, which notifications show, has both,
/// and three characters that must be escaped (<https://docs.slack.dev/messaging/formatting-message-text>).
fn chat(headline: &str, parts: &[String]) -> Value {
    let plain = |text: &str, most: usize| json!({ "type": "plain_text", "text": text.chars().take(most).collect::<String>(), "emoji": false });
    let escaped = headline.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let header = json!({ "type": "header", "text": plain(headline, HEADER) });
    let sections =
        parts.iter().map(|part| json!({ "type": "section", "text": plain(part, SECTION) }));
    let blocks: Vec<Value> = std::iter::once(header).chain(sections).collect();
    json!({ "text": escaped, "blocks": blocks })
}
