//! What concerns every target: whose the credentials are, the clock, the organization, and who is left out.

use super::{Check, Identity, Proof, Topic};
use crate::model::account::{AccountState, Member};
use crate::model::failure::{ErrorClass, Failure};

/// A clock that is wrong by more is worth a warning, in seconds.
const SLOW: i64 = 60;

/// AWS refuses requests that are older or younger, in seconds
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const TOO_LATE: i64 = 300;

/// What is known before any target is looked at. What was not asked is not there.
#[derive(Debug, Clone, Default)]
pub struct General {
    /// How member accounts are entered.
    pub identity: Identity,
    /// The caller's ARN.
    pub caller: Option<Result<String, Failure>>,
    /// How far AWS's clock is ahead, in seconds.
    pub skew_seconds: Option<i64>,
    /// The ARN at the end of the chain, where there is a chain.
    pub chain: Option<Result<String, Failure>>,
    /// Reads of Organizations, by API action.
    pub organization: Vec<(&'static str, Result<(), Failure>)>,
    /// Whether accounts.toml lists the accounts itself, so that they need not be read.
    pub listed: bool,
}

/// What is to be said of it.
pub fn general(known: &General) -> Vec<Check> {
    let mut checks = Vec::new();
    match &known.caller {
        None => {}
        Some(Ok(arn)) => {
            checks.push(
                Check::ok(Topic::Credentials, "", "taken").detail(format!("the caller is {arn}")),
            );
        }
        Some(Err(failure)) => {
            let text = "AWS does not take the credentials, or there are none";
            let check = Check::problem(Topic::Credentials, "credentials", text);
            checks.push(check.detail(failure.message.as_str()).because(failure));
        }
    }
    checks.extend(known.skew_seconds.map(clock));
    match &known.chain {
        None => {}
        Some(Ok(arn)) => {
            let detail = format!("by way of {} to {arn}", known.identity.via.join(", "));
            checks.push(Check::ok(Topic::RoleChain, "", "assumed").detail(detail));
        }
        Some(Err(failure)) => {
            let text =
                "a role of `organization.via` cannot be assumed, so no account can be entered";
            let check = Check::problem(Topic::RoleChain, "role-chain-broken", text);
            checks.push(check.detail(failure.message.as_str()).because(failure));
        }
    }
    checks.extend(
        known
            .organization
            .iter()
            .map(|(action, answer)| read(action, answer.as_ref().err(), known.listed)),
    );
    checks
}

fn clock(skew: i64) -> Check {
    let (by, way) = (skew.abs(), if skew > 0 { "behind" } else { "ahead of" });
    let detail = format!("it is {by} s {way} AWS's");
    let next = "set the clock of this machine by a time server (`timedatectl set-ntp true`, `chronyc \
                makestep`)";
    let check = if by > TOO_LATE {
        let text = "the clock of this machine is wrong by more than 5 minutes: AWS refuses what is signed \
                    with it";
        Check::problem(Topic::Clock, "clock-skew", text).next(next)
    } else if by > SLOW {
        let text = "the clock of this machine is wrong by more than a minute";
        Check::warning(Topic::Clock, "clock-skew", text).next(next)
    } else {
        return Check::ok(Topic::Clock, "", Topic::Clock.meaning())
            .detail(format!("within {SLOW} s"));
    };
    check.detail(detail)
}

fn read(action: &str, failure: Option<&Failure>, listed: bool) -> Check {
    let name = format!("organizations:{action}");
    let Some(failure) = failure else {
        return Check::ok(Topic::Organization, name, "allowed");
    };
    if listed {
        let text = "AWS Organizations cannot be read, and need not be: accounts.toml lists the accounts; \
                    only which is the management account is not known";
        let check = Check::warning(Topic::Organization, "organization-not-read", text);
        return check.about(name).detail(failure.message.as_str()).because(failure);
    }
    let text = if failure.class == ErrorClass::Denied {
        "AWS Organizations may not be read, so nobody knows which accounts there are"
    } else {
        "AWS Organizations cannot be read, so nobody knows which accounts there are"
    };
    let check = Check::problem(Topic::Organization, "organization-not-read", text);
    check.about(name).detail(failure.message.as_str()).because(failure)
}

/// Members that would be consumers if their accounts worked.
pub fn left_out<'a>(members: impl Iterator<Item = &'a Member>) -> Vec<Check> {
    members
        .filter(|member| !member.is_consumer() && member.account.state != AccountState::Active)
        .map(|member| {
            let account = &member.account;
            let text = format!("the account is {} in AWS Organizations, and is left out", account.state);
            let next = match account.state {
                AccountState::PendingActivation => "wait until it is active, then run again",
                AccountState::Closed | AccountState::PendingClosure => {
                    "nothing to do, unless it was closed by mistake: AWS Support opens it again within 90 days"
                }
                _ => "ask AWS Support why it is suspended (billing, mostly), or close it",
            };
            Check::warning(Topic::AccountState, "account-not-active", text)
                .about(format!("{} ({})", account.name, account.id))
                .next(next)
                .rests_on(Proof::Inferred)
        })
        .collect()
}
