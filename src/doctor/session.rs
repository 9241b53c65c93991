//! Whether the account can be entered at all: its role, and the region.

use super::{Check, Facts, Identity, Proof, Topic};
use crate::model::denial::{By, Denial};
use crate::model::failure::{ErrorClass, Failure};

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let arn = match &facts.session {
        Err(failure) => return vec![refused(facts, failure)],
        Ok(arn) => arn,
    };
    let identity = facts.identity;
    let mut checks = vec![
        Check::ok(Topic::Role, &identity.role, "assumed").detail(format!("signed in as {arn}")),
    ];
    if identity.external_id {
        let text = "the external id was taken; a role that asks for none takes any";
        let check = Check::ok(Topic::Role, "external id", text);
        checks.push(check.rests_on(Proof::Inferred));
    }
    if !identity.session_tags.is_empty() {
        let text = format!("session tags were taken: {}", identity.session_tags.join(", "));
        checks.push(Check::ok(Topic::Role, "session tags", text));
    }
    if let Some(source) = &identity.source_identity {
        let text = format!("the source identity was taken: {source}");
        checks.push(Check::ok(Topic::Role, "source identity", text));
    }
    checks.extend(region(facts));
    checks
}

/// The account could not be entered.
fn refused(facts: &Facts, failure: &Failure) -> Check {
    if facts.opted_in == Some(false) {
        return not_enabled(facts, failure);
    }
    let Identity { role, external_id, .. } = facts.identity;
    let cause = match failure.class {
        ErrorClass::Denied => {
            let denial = Denial::read(&failure.message);
            match (denial.action.as_deref(), denial.by) {
                (Some("sts:TagSession"), _) => "session-tags-denied",
                (Some("sts:SetSourceIdentity"), _) => "source-identity-denied",
                (_, By::Unstated) => "role-not-assumed",
                _ => "assume-role-denied",
            }
        }
        ErrorClass::NotEnabled => "account-not-usable",
        ErrorClass::Credentials => "credentials",
        _ => "not-reached",
    };
    let problem = match cause {
        "role-not-assumed" => {
            let sent = if *external_id {
                "`organization.external_id` of accounts.toml is sent; the role must ask for the same, or none"
            } else {
                "no external id is sent; a role that asks for one needs `organization.external_id`"
            };
            let text = format!(
                "the role {role} cannot be assumed: it does not exist, its trust policy does not name \
                 the caller or wants another external id, or the account is closed; AWS says the same of \
                 all of these"
            );
            let next = format!(
                "in the account, `aws iam get-role --role-name {}` shows whether it is there and whom it \
                 trusts; {sent}",
                role.rsplit('/').next().unwrap_or(role)
            );
            Check::problem(Topic::Role, cause, text).next(next)
        }
        "session-tags-denied" => {
            let text = format!("the trust policy of {role} does not allow sts:TagSession");
            Check::problem(Topic::Role, cause, text)
        }
        "source-identity-denied" => {
            let text = format!("the trust policy of {role} does not allow sts:SetSourceIdentity");
            Check::problem(Topic::Role, cause, text)
        }
        "assume-role-denied" => {
            let because = Denial::read(&failure.message).because();
            let text = format!("the caller may not assume {role}: {because}");
            Check::problem(Topic::Role, cause, text)
        }
        cause => {
            let said = failure.code.as_deref().unwrap_or(&failure.message);
            let text =
                format!("the account cannot be entered: {} failed: {said}", failure.operation);
            Check::problem(Topic::Role, cause, text)
        }
    };
    problem.because(failure)
}

/// That something could be read there proves that the region is on.
fn region(facts: &Facts) -> Option<Check> {
    let region = &facts.target.region;
    match (&facts.looked, facts.opted_in) {
        (Some(Ok(_)), _) => {
            Some(Check::ok(Topic::Region, region.as_str(), format!("{region} can be used")))
        }
        (Some(Err(failure)), Some(false)) => Some(not_enabled(facts, failure)),
        (Some(Err(failure)), _) if failure.class == ErrorClass::NotEnabled => {
            let code = failure.code.as_deref().unwrap_or("NotEnabled");
            let text = format!("the account cannot use EC2 in {region}: {code}");
            Some(Check::problem(Topic::Region, "account-not-usable", text).because(failure))
        }
        _ => None,
    }
}

fn not_enabled(facts: &Facts, failure: &Failure) -> Check {
    let (region, account) = (&facts.target.region, &facts.target.account);
    let text = format!("the account has not enabled the region {region}");
    let next = format!(
        "aws account enable-region --region-name {region} --account-id {account}   # or leave the account \
         or the region out of accounts.toml"
    );
    let check = Check::problem(Topic::Region, "region-not-enabled", text);
    check.next(next).because(failure)
}
