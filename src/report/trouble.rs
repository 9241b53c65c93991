//! What is wrong with a target, taken out of its outcome once for everyone who shows it.

use crate::model::failure::Failure;
use crate::plan::outcome::Outcome;

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

/// What there is to know about an outcome, beyond its name.
pub fn of(outcome: &Outcome) -> Vec<Trouble> {
    match outcome {
        Outcome::InSync | Outcome::WouldChange | Outcome::Changed | Outcome::NotStarted => vec![],
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
