//! What every code means that linkwalk shows, why it happens and what to do about it: the one source of
//! `linkwalk explain`, of docs/codes.md and of the help in reports. Kinds that are types are explained by an
//! exhaustive `match`; codes that are text are held complete by tests over the sources.

mod answers;
mod causes;
mod errors;
mod findings;
mod outcomes;
mod planned;

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

pub use findings::finding;

/// One code, explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Entry {
    /// The code, as it is shown.
    pub code: &'static str,
    /// What it is a code of.
    pub group: Group,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// Why it happens.
    pub why: &'static str,
    /// What to do.
    pub next: &'static str,
    /// AWS's own documentation, where it rests on that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
}

/// What a code is a code of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The process's exit code.
    ExitCode,
    /// What became of a target.
    Outcome,
    /// Why a target's turn did not come.
    NotStarted,
    /// Something desired that is not possible, in a plan.
    Blocked,
    /// Something worth knowing, in a plan.
    Note,
    /// A kind of difference that the audit finds.
    Finding,
    /// Why something is not as it should be, in the doctor's words.
    Cause,
    /// The class of a failure.
    ErrorClass,
    /// An error code of AWS's.
    AwsError,
}

impl Group {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 9] = [
        Self::ExitCode,
        Self::Outcome,
        Self::NotStarted,
        Self::Blocked,
        Self::Note,
        Self::Finding,
        Self::Cause,
        Self::ErrorClass,
        Self::AwsError,
    ];

    /// What one of them is, for people: `blocked item`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::ExitCode => "exit code",
            Self::Outcome => "outcome",
            Self::NotStarted => "reason not to start",
            Self::Blocked => "blocked item",
            Self::Note => "note",
            Self::Finding => "finding",
            Self::Cause => "cause that the doctor names",
            Self::ErrorClass => "class of errors",
            Self::AwsError => "AWS error",
        }
    }

    /// A heading over all of them.
    pub fn title(self) -> &'static str {
        match self {
            Self::ExitCode => "Exit codes",
            Self::Outcome => "Outcomes of targets",
            Self::NotStarted => "Why a target was not started",
            Self::Blocked => "Blocked items of a plan",
            Self::Note => "Notes of a plan",
            Self::Finding => "Findings of the audit",
            Self::Cause => "Causes that the doctor names",
            Self::ErrorClass => "Classes of errors",
            Self::AwsError => "Errors of AWS",
        }
    }

    /// Where they are seen.
    pub fn place(self) -> &'static str {
        match self {
            Self::ExitCode => "What the process ends with. Over many accounts 1 beats 2 beats 0.",
            Self::Outcome => "Every target (an account in a region) ends in exactly one.",
            Self::NotStarted => "The `code` of a target whose outcome is `not-started`.",
            Self::Blocked => {
                "`!` in a plan: desired, and AWS would refuse it, so it is never sent."
            }
            Self::Note => "Under \"Worth knowing\" in a plan. Nothing is done about them.",
            Self::Finding => "What `linkwalk audit` finds, by kind.",
            Self::Cause => "What `linkwalk doctor` finds, besides what a plan would be blocked by.",
            Self::ErrorClass => {
                "The `class` of a failure in documents and events. It decides what linkwalk does."
            }
            Self::AwsError => {
                "The `code` of a failure, as AWS answered it, in the order of their classes."
            }
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.noun())
    }
}

/// Every code there is, by group.
pub fn all() -> Vec<Entry> {
    let mut all = outcomes::exits();
    all.extend(outcomes::outcomes());
    all.extend(outcomes::held());
    all.extend_from_slice(planned::BLOCKED);
    all.extend_from_slice(planned::NOTES);
    all.extend(findings::all());
    all.extend_from_slice(causes::CAUSES);
    all.extend(errors::classes());
    all.extend(answers::all());
    all
}

/// What is said of a code, however it is spelled: `in sync` is `in-sync`. Some codes are of several groups.
pub fn of(code: &str) -> Vec<Entry> {
    let plain = plain(code);
    all().into_iter().filter(|entry| self::plain(entry.code) == plain).collect()
}

/// Without what makes no difference.
fn plain(code: &str) -> String {
    let code = code.trim().trim_matches(['`', '"', '\'', '[', ']', '(', ')']);
    code.to_ascii_lowercase().replace([' ', '_'], "-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_says_what_why_and_what_to_do_in_whole_sentences() {
        for entry in all() {
            for text in [entry.meaning, entry.why, entry.next] {
                assert!(text.ends_with('.') && text.len() > 5, "{}: {text:?}", entry.code);
                assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), text);
            }
            let is_address = |source: &str| source.starts_with("https://docs.aws.amazon.com/");
            assert!(entry.source.is_none_or(is_address), "{}", entry.code);
        }
    }

    #[test]
    fn no_group_has_a_code_twice_and_all_stand_in_the_order_of_groups() {
        let all = all();
        let different: BTreeSet<_> = all.iter().map(|entry| (entry.group, entry.code)).collect();
        assert_eq!(different.len(), all.len());
        assert!(all.is_sorted_by_key(|entry| entry.group));
        for group in Group::ALL {
            assert!(all.iter().any(|entry| entry.group == group), "{group}");
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_spelled_and_in_all_its_groups() {
        for (asked, groups) in [
            ("in sync", vec![Group::Outcome]),
            ("In-Sync", vec![Group::Outcome]),
            ("unauthorizedoperation", vec![Group::AwsError]),
            ("unreachable", vec![Group::Outcome, Group::Finding]),
            ("dns-attributes-off", vec![Group::Blocked, Group::Note]),
            ("not_found", vec![Group::ErrorClass]),
            ("2", vec![Group::ExitCode]),
            ("nothing", vec![]),
        ] {
            let found: Vec<_> = of(asked).iter().map(|entry| entry.group).collect();
            assert_eq!(found, groups, "{asked}");
        }
    }
}
