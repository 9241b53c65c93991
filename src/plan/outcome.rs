//! Outcomes: what became of each target. Every target ends in exactly one, and they add up to the scope.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::failure::{ErrorClass, Failure};
use crate::plan::Blocked;
use crate::plan::action::ActionId;

/// What became of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing to do.
    InSync,
    /// A plan with changes that were not carried out, because only a plan was asked for or the plan
    /// was not confirmed.
    WouldChange,
    /// All changes done; observed again, nothing is left.
    Changed,
    /// Some changes done, some failed.
    PartlyChanged {
        /// What failed, by action.
        failed: Vec<ActionFailure>,
    },
    /// What was possible is done, but the target is still not what accounts.toml says.
    Diverged {
        /// What is blocked.
        blocked: Vec<Blocked>,
        /// What the second observation would still change, in words.
        left: Vec<String>,
    },
    /// Nothing was changed, because the first change failed.
    Failed {
        /// What failed, by action.
        failed: Vec<ActionFailure>,
    },
    /// It could not be observed.
    Unreachable {
        /// Why.
        failure: Failure,
    },
    /// Left alone on purpose.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The run was interrupted while this target was being changed.
    Interrupted {
        /// What was still under way, in words, with ids where they are known.
        in_flight: Vec<String>,
    },
    /// This target's turn did not come.
    NotStarted {
        /// Why.
        #[serde(flatten)]
        held: Held,
    },
}

/// Why a target's turn did not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// The kind of reason.
    pub code: HeldCode,
    /// The reason, for people.
    pub reason: String,
}

impl Held {
    /// Someone asked the run to stop.
    pub fn interrupted() -> Self {
        Self::new(HeldCode::Interrupted, "the run was asked to stop before its turn")
    }

    /// For a reason of this kind.
    pub fn new(code: HeldCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Kinds of reasons why a target's turn did not come.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HeldCode {
    /// Someone asked the run to stop.
    Interrupted,
    /// More targets have failed than may.
    BudgetSpent,
    /// The command between two waves did not succeed.
    GateFailed,
    /// Someone was asked between two waves and said no.
    Declined,
    /// What the saved plan rests on is not so any more.
    StalePlan,
}

/// A failed action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionFailure {
    /// Its number in the target's plan; `None` where the failure belongs to no single action.
    pub action: Option<ActionId>,
    /// What it was about: `ecr.api`.
    pub what: String,
    /// Why.
    pub failure: Failure,
}

impl Outcome {
    /// The outcome in the words of the summary.
    pub fn label(&self) -> &'static str {
        match self {
            Self::InSync => "in sync",
            Self::WouldChange => "would change",
            Self::Changed => "changed",
            Self::PartlyChanged { .. } => "partly changed",
            Self::Diverged { .. } => "diverged",
            Self::Failed { .. } => "failed",
            Self::Unreachable { .. } => "unreachable",
            Self::Skipped { .. } => "skipped",
            Self::Interrupted { .. } => "interrupted",
            Self::NotStarted { .. } => "not started",
        }
    }

    /// Every label, in the order of the summary.
    pub const LABELS: [&'static str; 10] = [
        "in sync",
        "changed",
        "would change",
        "partly changed",
        "diverged",
        "failed",
        "unreachable",
        "interrupted",
        "not started",
        "skipped",
    ];

    /// Whether it spends a failure budget: the account could not be reached, something was refused, or
    /// what was done has not come to what was planned. Throttling says nothing about an account, and what
    /// was known to be blocked when the plan was confirmed is no failure of the rollout.
    pub fn is_failure(&self) -> bool {
        let throttled = |failure: &Failure| failure.class == ErrorClass::Throttled;
        match self {
            Self::Failed { failed } | Self::PartlyChanged { failed } => {
                !failed.iter().all(|one| throttled(&one.failure))
            }
            Self::Unreachable { failure } => !throttled(failure),
            Self::Diverged { left, .. } => !left.is_empty(),
            _ => false,
        }
    }

    /// Whether there is something left that going on with the same plan would do.
    pub fn is_left(&self) -> bool {
        match self {
            Self::Interrupted { .. } => true,
            Self::NotStarted { held } => held.code != HeldCode::StalePlan,
            _ => false,
        }
    }

    /// Whether a person has to look at it.
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::PartlyChanged { .. }
                | Self::Diverged { .. }
                | Self::Failed { .. }
                | Self::Unreachable { .. }
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_what_was_blocked_and_what_was_not_started_spend_no_budget() {
        let failure = |class| Failure::local("CreateVpcEndpoint", class, "no");
        let one =
            |class| ActionFailure { action: None, what: "logs".into(), failure: failure(class) };
        let (throttled, denied) = (ErrorClass::Throttled, ErrorClass::Denied);
        for (outcome, spends) in [
            (Outcome::Failed { failed: vec![one(denied)] }, true),
            (Outcome::PartlyChanged { failed: vec![one(throttled), one(denied)] }, true),
            (Outcome::Unreachable { failure: failure(denied) }, true),
            (Outcome::Diverged { blocked: vec![], left: vec!["~ logs".into()] }, true),
            (Outcome::Diverged { blocked: vec![], left: vec![] }, false),
            (Outcome::Failed { failed: vec![one(throttled), one(throttled)] }, false),
            (Outcome::Unreachable { failure: failure(throttled) }, false),
            (Outcome::Interrupted { in_flight: vec!["+ logs".into()] }, false),
            (Outcome::NotStarted { held: Held::interrupted() }, false),
            (Outcome::Changed, false),
        ] {
            assert_eq!(outcome.is_failure(), spends, "{outcome:?}");
        }
    }
}
