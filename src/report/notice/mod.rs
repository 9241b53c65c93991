//! News of an audit: what has changed since people were last told, and the memory of what that was. Pure.

mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::{Audit, Finding, Severity, Standing};
use crate::ids::{AccountId, Region};

/// Version of the memory's document.
const FORMAT: &str = "1.0";

/// What is remembered, and told, of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    severity: Severity,
    account: AccountId,
    /// Untrusted text.
    account_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    /// May hold untrusted text.
    title: String,
}

/// Findings by their ids.
pub type Briefs = BTreeMap<String, Brief>;

/// What each channel was last told: the file between one audit and the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    format: String,
    kind: String,
    deployment: String,
    /// By channel: what it knows of.
    told: BTreeMap<String, Briefs>,
}

impl Memory {
    /// Nobody has been told anything.
    pub fn empty(deployment: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            kind: "audit-memory".to_owned(),
            deployment: deployment.to_owned(),
            told: BTreeMap::new(),
        }
    }

    /// Reads the file of an earlier audit; the error is for people.
    pub fn read(text: &str, deployment: &str) -> Result<Self, String> {
        let memory: Self = serde_json::from_str(text)
            .map_err(|error| format!("it is not the memory of an audit ({error})"))?;
        if memory.kind != "audit-memory" || memory.deployment != deployment {
            return Err(format!("it is not the memory of an audit of deployment {deployment}"));
        }
        if memory.format.split('.').next() != FORMAT.split('.').next() {
            return Err(format!(
                "its format is {}, and this version reads {FORMAT}",
                memory.format
            ));
        }
        Ok(memory)
    }

    /// What a channel knows of; `None` if it was never told anything.
    pub fn of(&self, channel: &str) -> Option<&Briefs> {
        self.told.get(channel)
    }

    /// Remembers what a channel knows of now.
    pub fn tell(&mut self, channel: &str, known: Briefs) {
        self.told.insert(channel.to_owned(), known);
    }
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Findings that were not there before, the most severe first.
    pub new: Vec<Brief>,
    /// Findings that are there no longer.
    pub fixed: Vec<Brief>,
    /// How many there were before and still are.
    pub remaining: usize,
}

impl News {
    /// Since what a channel knows of. `whole`: the audit was of the whole organization, so what it does not
    /// have is nowhere. Answers what the channel knows of afterwards too: what this audit could not look at
    /// it still takes for true.
    pub fn since(audit: &Audit, known: Option<&Briefs>, whole: bool) -> (Self, Briefs) {
        let now: Briefs =
            audit.findings.iter().map(|one| (one.id.clone(), Brief::of(one))).collect();
        let ignored: BTreeSet<&str> =
            audit.ignored.iter().map(|one| one.finding.id.as_str()).collect();
        let empty = Briefs::new();
        let known = known.unwrap_or(&empty);
        let (mut news, mut afterwards) = (Self::default(), now.clone());
        for finding in &audit.findings {
            if known.contains_key(&finding.id) {
                news.remaining += 1;
            } else {
                news.new.push(Brief::of(finding));
            }
        }
        for (id, brief) in known {
            if now.contains_key(id) || ignored.contains(id.as_str()) {
                continue;
            }
            if was_looked_at(audit, brief, whole) {
                news.fixed.push(brief.clone());
            } else {
                afterwards.insert(id.clone(), brief.clone());
            }
        }
        (news, afterwards)
    }

    /// As the audit itself says, which was compared with an earlier report.
    pub fn of_comparison(audit: &Audit) -> Option<Self> {
        let since = audit.since.as_ref()?;
        let is_new = |one: &&Finding| since.new.contains(&one.id);
        Some(Self {
            new: audit.findings.iter().filter(is_new).map(Brief::of).collect(),
            fixed: since.fixed.iter().map(Brief::of).collect(),
            remaining: since.remaining.len(),
        })
    }

    /// Without changes of findings that matter less than this.
    #[must_use]
    pub fn at_least(mut self, severity: Severity) -> Self {
        self.new.retain(|one| one.severity <= severity);
        self.fixed.retain(|one| one.severity <= severity);
        self
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.fixed.is_empty()
    }
}

/// Whether this audit would have found it again.
fn was_looked_at(audit: &Audit, brief: &Brief, whole: bool) -> bool {
    let of_account = || {
        audit.targets.iter().filter(|one| {
            one.target.account == brief.account
                && brief.region.as_ref().is_none_or(|region| one.target.region == *region)
        })
    };
    let reached = |standing| matches!(standing, Standing::InSync | Standing::Drifted);
    let all_reached = of_account().all(|one| reached(one.standing));
    all_reached && (whole || of_account().next().is_some())
}

impl Brief {
    fn of(finding: &Finding) -> Self {
        Self {
            severity: finding.severity,
            account: finding.account.clone(),
            account_name: finding.account_name.clone(),
            region: finding.region.clone(),
            title: finding.title.clone(),
        }
    }
}

/// What is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// One line of ASCII, at most 100 characters.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same for chat programs: Slack's `text` with `blocks`.
    pub chat: Value,
    /// What subscribers can filter by.
    pub attributes: BTreeMap<String, String>,
}

impl Notice {
    /// The notice of news. `places` say where more is to be read.
    pub fn new(audit: &Audit, news: &News, places: &[String]) -> Self {
        words::notice(audit, news, places)
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (new, fixed) = (self.new.len(), self.fixed.len());
        write!(f, "{new} new, {fixed} fixed, {} as before", self.remaining)
    }
}

#[cfg(test)]
mod tests;
