//! How runs and targets end.

use super::{Entry, Group};
use crate::exit::Exit;
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::outcome::{Held, HeldCode, Outcome};

/// The exit codes.
pub(super) fn exits() -> Vec<Entry> {
    [Exit::Ok, Exit::Failed, Exit::Changes, Exit::Usage, Exit::Interrupted].map(exit).to_vec()
}

fn exit(exit: Exit) -> Entry {
    let (code, meaning, why, next) = match exit {
        Exit::Ok => (
            "0",
            "In sync, or converged.",
            "Every account in scope is as accounts.toml says, or has become so; for `plan`, the plan was made.",
            "Nothing.",
        ),
        Exit::Failed => (
            "1",
            "Something failed, is unreachable, or cannot become what accounts.toml says.",
            "At least one target ended in `failed`, `partly changed`, `diverged`, `unreachable` or `not started`, or a \
             report could not be written. It beats 2: an account that could not be looked at may have drift.",
            "Read the summary's end: it names the accounts, AWS's words and the next step. Run again when the cause is \
             removed; what is done already is not done again.",
        ),
        Exit::Changes => (
            "2",
            "Drift, or changes are pending.",
            "`audit` found something that differs from accounts.toml, or `plan --detailed-exitcode` has something to \
             change.",
            "Look at the plan, then run `linkwalk apply`; accept what is meant to be so with `[[ignore]]`.",
        ),
        Exit::Usage => (
            "64",
            "Wrong usage or accounts.toml; nothing was touched.",
            "The command line or accounts.toml says something that makes no sense, or a saved plan does not fit.",
            "Follow the message: it names the place and what to write instead.",
        ),
        Exit::Interrupted => (
            "130",
            "Interrupted.",
            "Somebody pressed Ctrl-C, or the process got SIGTERM, or the run stopped itself because its journal could not be \
             written or its lock was broken, and said so. Accounts that were being changed were finished, or are listed \
             with what was under way.",
            "Run again, or `linkwalk apply --resume` to go on with exactly what was confirmed.",
        ),
    };
    Entry { code, group: Group::ExitCode, meaning, why, next, source: None }
}

/// One of each.
fn each_outcome() -> [Outcome; 10] {
    [
        Outcome::InSync,
        Outcome::Changed,
        Outcome::WouldChange,
        Outcome::PartlyChanged { failed: Vec::new() },
        Outcome::Diverged { blocked: Vec::new(), left: Vec::new() },
        Outcome::Failed { failed: Vec::new() },
        Outcome::Unreachable { failure: Failure::local("", ErrorClass::Unknown, "") },
        Outcome::Interrupted { in_flight: Vec::new() },
        Outcome::NotStarted { held: Held::interrupted() },
        Outcome::Skipped { reason: String::new() },
    ]
}

/// The outcomes, in the order of the summary.
pub(super) fn outcomes() -> Vec<Entry> {
    each_outcome().iter().map(outcome).collect()
}

fn outcome(outcome: &Outcome) -> Entry {
    let (code, meaning, why, next) = match outcome {
        Outcome::InSync => (
            "in-sync",
            "There is nothing to do in this target.",
            "Everything that accounts.toml asks for is there, as it should be.",
            "Nothing.",
        ),
        Outcome::Changed => (
            "changed",
            "All changes are done, and looking again finds nothing left.",
            "The plan of this target was carried out and every endpoint is `available`.",
            "Nothing.",
        ),
        Outcome::WouldChange => (
            "would-change",
            "There is something to do, and it was not done.",
            "Only a plan was asked for, or the plan was not confirmed.",
            "`linkwalk apply`, when the plan is right.",
        ),
        Outcome::PartlyChanged { .. } => (
            "partly-changed",
            "Some changes are done, some failed.",
            "AWS refused a change after others had gone through; what depends on it was not sent.",
            "Read why in the summary, remove the cause and run again: it goes on with what is left.",
        ),
        Outcome::Diverged { .. } => (
            "diverged",
            "All that was possible is done, and the target is still not what accounts.toml says.",
            "Something is blocked (AWS would refuse it), or somebody else changed the account meanwhile.",
            "`linkwalk plan --account ID` names each reason; `linkwalk explain CODE` says more about it.",
        ),
        Outcome::Failed { .. } => (
            "failed",
            "Nothing was changed, because the first change failed.",
            "AWS refused it: a permission, a quota, or something that only AWS can know.",
            "Read AWS's words in the summary, remove the cause and run again.",
        ),
        Outcome::Unreachable { .. } => (
            "unreachable",
            "The target could not be read, so nothing is known about it and nothing was changed.",
            "The role is missing or does not trust the caller, a policy denies reading, the region is not enabled, or AWS \
             did not answer.",
            "Read the failure beside it; most often the member role has to be made or its trust policy mended.",
        ),
        Outcome::Interrupted { .. } => (
            "interrupted",
            "The run was interrupted while this target was being changed.",
            "Somebody stopped the run for the second or third time, so that its answers were not awaited.",
            "Run again, or `linkwalk apply --resume`: what was sent is found and not sent twice.",
        ),
        Outcome::NotStarted { .. } => (
            "not-started",
            "This target's turn did not come.",
            "The run was stopped, the failure budget was spent, a gate failed, somebody said no between two waves, or a \
             saved plan does not hold any more; the `code` beside it says which.",
            "Remove the reason and run again.",
        ),
        Outcome::Skipped { .. } => (
            "skipped",
            "It was left alone on purpose, with the reason.",
            "A rule of accounts.toml or an option (`--mode`, `--only`, `[protect]`) leaves it out.",
            "Nothing, if that is meant; `linkwalk accounts --explain ID` shows the rule.",
        ),
    };
    Entry { code, group: Group::Outcome, meaning, why, next, source: None }
}

/// Why a target's turn did not come.
pub(super) fn held() -> Vec<Entry> {
    use HeldCode as H;
    [H::Interrupted, H::BudgetSpent, H::GateFailed, H::Declined, H::StalePlan]
        .map(one_held)
        .to_vec()
}

fn one_held(held: HeldCode) -> Entry {
    let (code, meaning, why, next) = match held {
        HeldCode::Interrupted => (
            "interrupted",
            "Somebody asked the run to stop before its turn.",
            "Ctrl-C or SIGTERM: what was under way was finished, and nothing new was started.",
            "`linkwalk apply --resume`, or run again.",
        ),
        HeldCode::BudgetSpent => (
            "budget-spent",
            "More targets have failed than `failure_budget` allows.",
            "The budget is there to stop a rollout before the same failure reaches every account.",
            "Find out what failed, mend it, and run again; or raise the budget if the failures are known and harmless.",
        ),
        HeldCode::GateFailed => (
            "gate-failed",
            "The command between two waves did not succeed.",
            "`rollout.gate` ended with another exit code than 0.",
            "Read what the gate wrote, mend what it complains about, and run again: finished waves are passed over.",
        ),
        HeldCode::Declined => (
            "declined",
            "Somebody was asked between two waves, and said no.",
            "`--ask-between-waves` asks after every wave that changed something.",
            "Run again when the rollout shall go on.",
        ),
        HeldCode::StalePlan => (
            "stale-plan",
            "What the saved plan rests on is not so any more in this target.",
            "The account was changed after the plan was made, so that planning now comes to other actions.",
            "Plan again and review it, or `linkwalk apply plan.json --replan` to plan such targets anew.",
        ),
    };
    Entry { code, group: Group::NotStarted, meaning, why, next, source: None }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_outcome_is_there_under_the_code_that_documents_have() {
        let written: BTreeSet<String> = each_outcome()
            .iter()
            .map(|one| serde_json::to_value(one).unwrap()["outcome"].as_str().unwrap().to_owned())
            .collect();
        let explained: BTreeSet<String> =
            outcomes().iter().map(|one| one.code.to_owned()).collect();
        assert_eq!(written, explained);
        let labels: BTreeSet<String> =
            Outcome::LABELS.iter().map(|label| label.replace(' ', "-")).collect();
        assert_eq!(labels, explained);
    }

    #[test]
    fn every_reason_not_to_start_is_there() {
        let schema = schemars::schema_for!(HeldCode).to_value().to_string();
        for entry in held() {
            assert!(schema.contains(&format!("\"const\":\"{}\"", entry.code)), "{}", entry.code);
        }
        assert_eq!(schema.matches("\"const\":").count(), held().len());
    }
}
