//! Causes that the doctor names, besides those that a plan would be blocked by.

use super::{Entry, Group};

macro_rules! causes {
    ($($code:literal: $meaning:literal, $why:literal, $next:literal;)*) => {
        /// Every cause.
        pub(super) const CAUSES: &[Entry] = &[$(Entry {
            code: $code,
            group: Group::Cause,
            meaning: $meaning,
            why: $why,
            next: $next,
            source: None,
        },)*];
    };
}

causes! {
    "account-not-active": "The account is not ACTIVE in the organization.",
        "It is suspended, being closed, or not activated yet.",
        "Nothing: it is left out until it is ACTIVE.";
    "account-not-usable": "The account answers, and cannot be worked in.",
        "AWS has suspended it, or is still verifying it.",
        "See its state in AWS Organizations; exclude it until it can be used.";
    "assume-role-denied": "The member role could not be assumed.",
        "The role does not exist, does not trust the caller, wants another external id, or the account is closed: AWS says the same of all.",
        "Make the role (`linkwalk role` prints it), or mend its trust policy; then run the doctor again.";
    "clock-skew": "The machine's clock is wrong.",
        "AWS takes requests only for some minutes before and after their date.",
        "Set the clock (NTP).";
    "denied-by-identity-policy": "The role's own policies do not allow the action.",
        "No statement of the role's policies allows it, or one denies it.",
        "`linkwalk role` prints policies with exactly what is needed.";
    "denied-by-permissions-boundary": "The role's permissions boundary does not allow the action.",
        "A boundary caps what the policies of a role can allow.",
        "Ask who owns the boundary to allow the action.";
    "denied-by-resource-control-policy": "A resource control policy of the organization denies the action.",
        "It holds for resources of every account below where it is attached.",
        "Ask who owns the organization's policies; AWS's words name the policy where it tells.";
    "denied-by-resource-policy": "The resource's own policy denies the action.",
        "A statement of it denies, or none allows it to this account.",
        "Ask who owns the resource.";
    "denied-by-service-control-policy": "A service control policy of the organization denies the action.",
        "It holds for every account below where it is attached, whatever the role's policies say.",
        "Ask who owns the organization's policies for an exception for the member role; AWS's words name the policy where it tells.";
    "denied-by-session-policy": "The session's own policy does not allow the action.",
        "Whoever made the session gave it a policy that narrows the role.",
        "Sign in without it, or have it allow the action.";
    "denied-by-vpc-endpoint-policy": "The policy of the VPC endpoint that the call went through denies the action.",
        "linkwalk runs in a network with an endpoint of its own for that service.",
        "Have that endpoint's policy allow the action.";
    "denied-on-a-stand-in": "The action is denied on the resource that it was tried on, which stands in for those to be made.",
        "Policies with conditions on tags can allow the real call and deny this one.",
        "Compare the conditions of the role's policies with the tags that linkwalk sets: linkwalk:deployment and those of `[tags]`.";
    "dry-run-inconclusive": "EC2's answer to the dry run does not say whether the action is permitted.",
        "AWS looked at the values before the permission, or has no dry run for it.",
        "Nothing now; `linkwalk role` prints what is needed, for comparison.";
    "few-addresses": "A subnet has few addresses left.",
        "Each interface endpoint takes one address in each of its subnets.",
        "Select other subnets, or add some, before there are none left.";
    "hosted-zone-below": "A private hosted zone of a name below a service's is associated with the VPC.",
        "It answers for a part of the names that the endpoint's private DNS would answer for.",
        "Look whether the zone is meant to; otherwise disassociate it.";
    "hosted-zone-conflict": "A private hosted zone of a name that an endpoint needs is associated with the VPC.",
        "AWS refuses private DNS for the endpoint then.",
        "Disassociate the zone from the VPC, or set `private_dns = false`.";
    "hosted-zones-not-read": "The private hosted zones of the VPC could not be read.",
        "The role may not list them, which only the doctor needs.",
        "Allow route53:ListHostedZonesByVPC to the member role, or leave it: AWS tells a conflict when the endpoint is made.";
    "not-reached": "AWS could not be asked.",
        "An earlier step failed, or the network, a proxy or AWS_ENDPOINT_URL is in the way.",
        "Mend what is told before it; then run the doctor again.";
    "nothing-to-try-it-on": "There is nothing yet on which the action could be tried.",
        "The account has no endpoint or group of the deployment, and EC2's dry run needs one.",
        "Nothing; `linkwalk role` prints what is needed, for comparison.";
    "organization-not-read": "AWS Organizations could not be read.",
        "The caller is in no organization, or neither in the management account nor in a delegated administrator's, or lacks the permissions.",
        "`linkwalk role --caller` prints the permissions; or list the accounts as `[[account]]` entries.";
    "quota-exhausted": "A quota does not leave room for what would be made.",
        "The account has as many as AWS allows, or would have.",
        "Raise the quota in Service Quotas, in that account and region, before you apply.";
    "quota-nearly-exhausted": "A quota leaves little room.",
        "What would be made fits, and not much more.",
        "Raise the quota in Service Quotas, in that account and region.";
    "quota-not-read": "A quota could not be read.",
        "The role may not ask Service Quotas, which only the doctor needs.",
        "Allow servicequotas:GetServiceQuota to the member role, or leave it: plans know AWS's defaults.";
    "region-not-enabled": "The account has not enabled the region.",
        "Regions that came after March 2019 have to be enabled in each account.",
        "Enable it (`aws account enable-region`), or leave the account or the region out.";
    "role-chain-broken": "A role of `organization.via` could not be assumed.",
        "It does not exist, or does not trust the one before it.",
        "Mend its trust policy, or `organization.via`.";
    "role-not-assumed": "The member role was not assumed.",
        "AWS did not answer, or answered with something else than a denial.",
        "Read AWS's words beside it.";
    "session-tags-denied": "The member role's trust policy does not allow session tags.",
        "accounts.toml has `organization.session_tags`.",
        "Have the trust policy allow sts:TagSession beside sts:AssumeRole, or take the tags out.";
    "source-identity-denied": "The member role's trust policy does not allow a source identity.",
        "accounts.toml has `organization.source_identity`.",
        "Have the trust policy allow sts:SetSourceIdentity beside sts:AssumeRole, or take it out.";
}
