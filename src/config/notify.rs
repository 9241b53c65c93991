//! `[notify]`: who is told when the audit has news.

use crate::model::finding::Severity;
use crate::model::region;

use super::problem::Problem;
use super::tree::{Node, Table};
use super::values;

/// `[notify]`: at least one of the two ways is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// An SNS topic's ARN.
    pub sns_topic: Option<String>,
    /// The environment variable that holds a webhook's URL. The URL itself is a secret and never here.
    pub webhook_env: Option<String>,
    /// News about findings that matter less are no news.
    pub min_severity: Severity,
}

/// The table, where there is one.
pub(super) fn notify(root: &Table<'_>) -> Option<Notify> {
    let table = root.table("notify", "notify")?;
    let sns_topic = table.read("sns_topic", topic);
    let webhook_env = table.read("webhook_env", variable);
    let words = Severity::ALL.map(|severity| (severity.as_str(), severity));
    let min_severity = table.read("min_severity", |node| values::word(node, &words));
    if table.is_silent_on("sns_topic") && table.is_silent_on("webhook_env") {
        root.reading.problems.push(Problem::missing(
            root.key_span("notify"),
            "`notify` tells nobody",
            "give it `sns_topic`, `webhook_env` or both",
        ));
    }
    let min_severity = min_severity.unwrap_or(Severity::Low);
    Some(Notify { sns_topic, webhook_env, min_severity })
}

fn topic(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let example = "write it in full: \"arn:aws:sns:eu-west-1:111122223333:network-news\"";
    let parts: Vec<&str> = text.split(':').collect();
    let is_account = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |name: &str| {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=256).contains(&name.len()) && name.bytes().all(fine)
    };
    let ["arn", partition, "sns", place, account, name] = parts[..] else {
        return node.refuse(format!("`{text}` is not the ARN of an SNS topic"), example);
    };
    if name.strip_suffix(".fifo").is_some() {
        return node.refuse(
            "a FIFO topic cannot be told news",
            "it takes messages of groups only; name a standard topic",
        );
    }
    if region::partition_of(&place.into()) != Some(partition) {
        return node
            .refuse(format!("`{place}` is not a region of partition `{partition}`"), example);
    }
    if !is_account(account) || !is_name(name) {
        return node.refuse(format!("`{text}` is not the ARN of an SNS topic"), example);
    }
    Some(text.to_owned())
}

/// The name of a variable. What looks like a URL is a secret in the wrong place: it is refused without
/// being shown.
fn variable(node: &Node<'_>) -> Option<String> {
    let text = node.as_text().unwrap_or_default();
    if text.contains("://") {
        node.reading.problems.push(Problem::of_file(
            "`notify.webhook_env` holds a URL",
            "a webhook's URL is a secret: put it into an environment variable, and the variable's name \
             here; then make a new URL, for this one has been in a file",
        ));
        return None;
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = values::text_of(node, 1..=128, allowed, "letters, digits and _")?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return node.refuse(
            format!("`{text}` is not the name of an environment variable"),
            "it begins with a letter or _",
        );
    }
    Some(text.to_owned())
}
