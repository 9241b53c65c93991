//! Against an earlier audit: what is new, what is fixed, what is left, and what cannot be told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::{Audit, FORMAT, Finding, FindingKind, Since};
use crate::ids::TargetId;

/// Why a text is no earlier audit that this one can be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviousError {
    /// Not JSON, or JSON that is no audit; in words.
    NotAnAudit(String),
    /// Written by a newer version in a format that this one does not know.
    Newer(String),
    /// Of another deployment.
    OtherDeployment(String),
}

impl fmt::Display for PreviousError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnAudit(why) => write!(
                f,
                "it is not an audit ({why}); it must be a document of `linkwalk audit -o json` or \
                 `--report json=PATH`"
            ),
            Self::Newer(format) => write!(
                f,
                "its format is {format} and this version reads {FORMAT}: use the version of linkwalk \
                 that wrote it, or a newer one"
            ),
            Self::OtherDeployment(other) => {
                write!(f, "it is of deployment `{other}`, and accounts.toml is of another one")
            }
        }
    }
}

impl std::error::Error for PreviousError {}

/// Reads an earlier audit of this deployment.
pub fn previous(text: &str, deployment: &str) -> Result<Audit, PreviousError> {
    let not_an_audit = |why: String| PreviousError::NotAnAudit(why);
    let value: Value =
        serde_json::from_str(text).map_err(|error| not_an_audit(error.to_string()))?;
    let kind = value.get("kind").and_then(Value::as_str);
    let format = value.get("format").and_then(Value::as_str).unwrap_or_default();
    if kind != Some("audit") {
        let is = kind.map_or("it has no `kind`".to_owned(), |kind| format!("its kind is `{kind}`"));
        return Err(not_an_audit(is));
    }
    let major = |format: &str| format.split('.').next().and_then(|n| n.parse::<u32>().ok());
    match (major(format), major(FORMAT)) {
        (None, _) => return Err(not_an_audit(format!("its format is `{format}`"))),
        (theirs, ours) if theirs > ours => return Err(PreviousError::Newer(format.to_owned())),
        _ => {}
    }
    let audit: Audit =
        serde_json::from_value(value).map_err(|error| not_an_audit(error.to_string()))?;
    if audit.deployment == deployment {
        Ok(audit)
    } else {
        Err(PreviousError::OtherDeployment(audit.deployment))
    }
}

impl Audit {
    /// Says what has changed since `before`. `looked` is every target that was looked at now, those out of
    /// scope too. What a rule ignores now is neither fixed nor new.
    pub fn compare(&mut self, before: &Self, looked: &BTreeSet<TargetId>) {
        let known: BTreeMap<&str, &Finding> =
            before.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect();
        let (remaining, new): (Vec<String>, Vec<String>) = self
            .findings
            .iter()
            .map(|finding| finding.id.clone())
            .partition(|id| known.contains_key(id.as_str()));
        let ignored = self.ignored.iter().map(|ignored| ignored.finding.id.as_str());
        let still: BTreeSet<&str> = remaining.iter().map(String::as_str).chain(ignored).collect();
        let (fixed, unknown) = before
            .findings
            .iter()
            .filter(|finding| !still.contains(finding.id.as_str()))
            .cloned()
            .partition(|finding| is_answered(finding, looked));
        self.since =
            Some(Since { created_at: before.created_at.clone(), new, fixed, remaining, unknown });
    }
}

/// Whether a finding of before would be found again if it were still there. What was said of a rule or of
/// an account's being unreachable is answered by this audit, whatever it reached.
fn is_answered(finding: &Finding, looked: &BTreeSet<TargetId>) -> bool {
    let Some(region) = &finding.region else { return true };
    let target = TargetId { account: finding.account.clone(), region: region.clone() };
    finding.kind == FindingKind::IgnoreExpired || looked.contains(&target)
}
