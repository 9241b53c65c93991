//! What is wrong with a target, taken out of its outcome once for everyone who shows it.

use crate::model::failure::Failure;
use crate::plan::outcome::{Held, HeldCode, Outcome};

/// One thing that a person should know about an outcome.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// What it is about, where that is not the whole target: `ecr.api`.
    pub what: Option<String>,
    /// What happened: operation, AWS's code and AWS's words.
    pub reason: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Trouble {
    fn new(what: Option<&str>, reason: impl Into<String>) -> Self {
        let what = what.map(str::to_owned);
        Self { what, reason: reason.into(), request_id: None, hint: None }
    }

    fn failed(what: Option<&str>, failure: &Failure) -> Self {
        let Failure { operation, class: _, code, message, request_id, hint } = failure;
        let code = code.as_ref().map(|code| format!("{code}: ")).unwrap_or_default();
        Self {
            what: what.map(str::to_owned),
            reason: format!("{operation}: {code}{message}"),
            request_id: request_id.clone(),
            hint: hint.clone(),
        }
    }

    /// `ecr.api: CreateVpcEndpoint: Code: words`, without the request id.
    pub fn sentence(&self) -> String {
        match &self.what {
            Some(what) => format!("{what}: {}", self.reason),
            None => self.reason.clone(),
        }
    }
}

/// What there is to know about an outcome, beyond its name. What went wrong in the same words for
/// several things is said once: `ecr.api, ecr.dkr: ...`.
pub fn of(outcome: &Outcome) -> Vec<Trouble> {
    let mut merged: Vec<Trouble> = Vec::new();
    for trouble in each(outcome) {
        let alike = merged
            .iter_mut()
            .find(|one| (&one.reason, &one.hint) == (&trouble.reason, &trouble.hint));
        match (alike.and_then(|one| one.what.as_mut()), &trouble.what) {
            (Some(names), Some(name)) => *names = format!("{names}, {name}"),
            _ => merged.push(trouble),
        }
    }
    merged
}

fn each(outcome: &Outcome) -> Vec<Trouble> {
    match outcome {
        Outcome::InSync | Outcome::WouldChange | Outcome::Changed => vec![],
        Outcome::NotStarted { held } => held_back(held).into_iter().collect(),
        Outcome::PartlyChanged { failed } | Outcome::Failed { failed } => {
            failed.iter().map(|one| Trouble::failed(Some(&one.what), &one.failure)).collect()
        }
        Outcome::Diverged { blocked, left } => {
            let blocked = blocked.iter().map(|one| Trouble::new(Some(&one.what), &one.reason));
            let left = left.iter().map(|what| Trouble::new(None, format!("still differs: {what}")));
            blocked.chain(left).collect()
        }
        Outcome::Unreachable { failure } => vec![Trouble::failed(None, failure)],
        Outcome::Skipped { reason } => vec![Trouble::new(None, reason)],
        Outcome::Interrupted { in_flight } => {
            in_flight.iter().map(|what| Trouble::new(None, format!("in flight: {what}"))).collect()
        }
    }
}

/// Why a turn did not come, and how to go on. That someone pressed Ctrl-C is known to whoever did.
fn held_back(held: &Held) -> Option<Trouble> {
    let hint = match held.code {
        HeldCode::Interrupted => return None,
        HeldCode::BudgetSpent => {
            "mend what failed, then run the same command again: what is done stays done; \
             `rollout.failure_budget` sets how many may fail"
        }
        HeldCode::GateFailed => {
            "when it succeeds, run the same command again: what is done stays done; `--wave` goes on \
             with one wave alone"
        }
        HeldCode::Declined => "to go on, run the same command again: what is done stays done",
        HeldCode::StalePlan => {
            "plan and look again, or carry out what planning comes to now with `--replan`"
        }
    };
    Some(Trouble { hint: Some(hint.to_owned()), ..Trouble::new(None, &held.reason) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::ErrorClass;
    use crate::plan::outcome::ActionFailure;

    #[test]
    fn what_fails_alike_is_said_once() {
        let failed = |what: &str, why: &str| ActionFailure {
            action: None,
            what: what.to_owned(),
            failure: Failure::local("CreateVpcEndpoint", ErrorClass::Denied, why),
        };
        let failed =
            vec![failed("ecr.api", "denied"), failed("logs", "full"), failed("ssm", "denied")];
        let said: Vec<String> =
            of(&Outcome::Failed { failed }).iter().map(Trouble::sentence).collect();
        assert_eq!(
            said,
            ["ecr.api, ssm: CreateVpcEndpoint: denied", "logs: CreateVpcEndpoint: full"]
        );
    }
}
