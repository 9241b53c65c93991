//! What the member role may do, one check for each permission.

use super::{Check, Facts, Need, Proof, Topic, Trial};
use crate::model::denial::{By, Denial};
use crate::model::failure::{ErrorClass, Failure};

/// The cause where a call needs something that is made by the first rollout.
pub(super) const NOTHING_YET: &str = "nothing-to-try-it-on";

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks = reads(facts);
    checks.extend(facts.trials.iter().map(|(trial, answer)| tried(trial, answer)));
    checks
}

/// That a target was looked at proves each read. Where one is denied, each was tried by itself.
fn reads(facts: &Facts) -> Vec<Check> {
    match &facts.looked {
        None => Vec::new(),
        Some(Ok(_)) => {
            let text = "all that a plan rests on was read";
            vec![Check::ok(Topic::ReadPermission, "ec2:Describe*", text)]
        }
        Some(Err(failure)) if failure.class == ErrorClass::NotEnabled => Vec::new(),
        Some(Err(failure)) if facts.reads.is_empty() => {
            let said = failure.code.as_deref().unwrap_or(&failure.message);
            let text =
                format!("the account cannot be looked at: {} failed: {said}", failure.operation);
            let cause = match failure.class {
                ErrorClass::Denied => "denied",
                ErrorClass::Credentials => "credentials",
                _ => "not-reached",
            };
            vec![Check::problem(Topic::ReadPermission, cause, text).because(failure)]
        }
        Some(Err(_)) => facts
            .reads
            .iter()
            .map(|(action, answer)| {
                let name = format!("ec2:{action}");
                match answer {
                    Ok(()) => Check::ok(Topic::ReadPermission, name, "allowed"),
                    Err(failure) if failure.class == ErrorClass::Denied => {
                        denied(Topic::ReadPermission, &name, failure)
                    }
                    Err(failure) => inconclusive(Topic::ReadPermission, &name, failure),
                }
            })
            .collect(),
    }
}

fn tried(trial: &Trial, answer: &Result<(), Failure>) -> Check {
    let topic = match trial.need {
        Need::Change => Topic::Permission,
        Need::Deletion => Topic::DeletePermission,
    };
    let subject = &trial.permission;
    if let Some(why) = trial.verb.is_none().then_some(trial.why_not).flatten() {
        let text = format!("cannot be tried before {why}");
        let topic = Topic::Permission;
        return Check::unknown(topic, NOTHING_YET, text).about(subject.as_str());
    }
    let stand_in = trial.stand_in.map(|what| format!(", tried on {what}")).unwrap_or_default();
    match answer {
        Ok(()) => Check::ok(topic, subject, format!("allowed{stand_in}")),
        Err(failure) if failure.class == ErrorClass::Denied => {
            let denial = Denial::read(&failure.message);
            if trial.stand_in.is_some() && may_be_the_stand_in(&denial) {
                let text = format!(
                    "denied{stand_in}, which does not carry the deployment's tag: a policy that asks for \
                     the tag denies this and allows the real one"
                );
                let unknown = Check::unknown(topic, "denied-on-a-stand-in", text);
                return Check { failure: Some(failure.clone()), ..unknown.about(subject.as_str()) };
            }
            let check = denied(topic, subject, failure);
            if trial.need == Need::Deletion {
                let text =
                    format!("{}; only destroy, --mode sync and replacements need it", check.text);
                return Check { status: super::Status::Warning, text, ..check };
            }
            check
        }
        Err(failure) => inconclusive(topic, subject, failure),
    }
}

/// Whether the role might be allowed the same on something that carries our tag: it is only that nothing
/// allows it, and it is the security group that it is denied on.
fn may_be_the_stand_in(denial: &Denial) -> bool {
    let on_group = denial.resource.as_ref().is_none_or(|arn| arn.contains(":security-group/"));
    on_group && !denial.explicit && matches!(denial.by, By::IdentityPolicy | By::Unstated)
}

fn denied(topic: Topic, subject: &str, failure: &Failure) -> Check {
    let denial = Denial::read(&failure.message);
    let cause = match denial.by {
        By::ServiceControlPolicy => "denied-by-service-control-policy",
        By::ResourceControlPolicy => "denied-by-resource-control-policy",
        By::VpcEndpointPolicy => "denied-by-vpc-endpoint-policy",
        By::PermissionsBoundary => "denied-by-permissions-boundary",
        By::SessionPolicy => "denied-by-session-policy",
        By::IdentityPolicy => "denied-by-identity-policy",
        By::ResourcePolicy => "denied-by-resource-policy",
        By::Unstated => "denied",
    };
    // Tagging on creation is a permission of its own, and AWS names the one that is lacking.
    let named = denial.action.clone().unwrap_or_else(|| subject.to_owned());
    let bare = subject.split(' ').next().unwrap_or(subject);
    let text = if named == bare {
        format!("denied: {}", denial.because())
    } else {
        format!("denied, for lack of {named}: {}", denial.because())
    };
    let denial = Denial { action: Some(named), ..denial };
    Check::problem(topic, cause, text)
        .about(subject)
        .next(denial.next_for_member())
        .because(failure)
}

/// AWS refused before it looked at permission, or did not answer.
fn inconclusive(topic: Topic, subject: &str, failure: &Failure) -> Check {
    let said = match &failure.code {
        Some(code) => format!("AWS answered the dry run with {code}"),
        None => "the dry run had no answer".to_owned(),
    };
    Check::unknown(topic, "dry-run-inconclusive", format!("cannot be told: {said}"))
        .about(subject)
        .detail(failure.message.as_str())
        .rests_on(Proof::NotProvable)
        .because(failure)
}
