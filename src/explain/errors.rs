//! The classes of errors: what linkwalk does about them, and what is left to people.

use super::{Entry, Group};
use crate::model::failure::ErrorClass;

/// All classes.
pub(super) const CLASSES: [ErrorClass; 13] = [
    ErrorClass::Throttled,
    ErrorClass::Transient,
    ErrorClass::NotFound,
    ErrorClass::AlreadyExists,
    ErrorClass::Denied,
    ErrorClass::Credentials,
    ErrorClass::NotEnabled,
    ErrorClass::Invalid,
    ErrorClass::Quota,
    ErrorClass::Busy,
    ErrorClass::TimedOut,
    ErrorClass::Bug,
    ErrorClass::Unknown,
];

/// All classes, explained.
pub(super) fn classes() -> Vec<Entry> {
    CLASSES.map(class).to_vec()
}

/// One of them.
pub(super) fn class(class: ErrorClass) -> Entry {
    let (code, meaning, why, next) = match class {
        ErrorClass::Throttled => (
            "throttled",
            "AWS asks to slow down; it says nothing about the account.",
            "Calls come faster than AWS refills its token buckets, by this run or by others in the account. linkwalk waits \
             and tries again; it is told as a failure only when that took too long.",
            "Run again: it goes on where it stopped. If it happens often, lower `rollout.max_in_flight`.",
        ),
        ErrorClass::Transient => (
            "transient",
            "Trouble at AWS's side or on the way to it that may pass.",
            "AWS answered with an error of its own, or the connection broke. linkwalk tried again for a while.",
            "Check the network, the proxy and AWS_ENDPOINT_URL; then run again, it goes on where it stopped.",
        ),
        ErrorClass::NotFound => (
            "not-found",
            "The thing named does not exist, or not yet.",
            "Somebody deleted it between looking and changing, or AWS has not heard everywhere of what was just made.",
            "Run again: what is there now is looked at anew.",
        ),
        ErrorClass::AlreadyExists => (
            "already-exists",
            "The thing to be made is already there.",
            "Somebody made it between looking and changing.",
            "Run again: what is there now is looked at anew.",
        ),
        ErrorClass::Denied => (
            "denied",
            "IAM, a trust policy or a service control policy says no.",
            "The role lacks the permission, or a policy of the organization, a permissions boundary or a session policy \
             denies it. AWS's words name which one, where it tells.",
            "Give the role the permission, or ask those who own the policy; the README lists what each command needs.",
        ),
        ErrorClass::Credentials => (
            "credentials",
            "The caller's own credentials are missing, wrong or expired.",
            "Nobody has signed in, the session has ended, the keys are of somebody else, or the clock is wrong.",
            "`aws sso login`, AWS_PROFILE or new keys; `aws sts get-caller-identity` must work.",
        ),
        ErrorClass::NotEnabled => (
            "not-enabled",
            "The region is not enabled for the account, or the account is not usable.",
            "Regions that came after March 2019 have to be enabled in each account; new and suspended accounts answer so too.",
            "Enable the region in the account (Account, AWS Regions), or leave the account or the region out.",
        ),
        ErrorClass::Invalid => (
            "invalid",
            "AWS refuses the request as it stands.",
            "AWS knows something that linkwalk could not know when it planned: a hosted zone that takes the name, a rule \
             of the organization for tags, a limit of the service.",
            "Read AWS's words: they name what it does not take. If they make no sense, please report it.",
        ),
        ErrorClass::Quota => (
            "quota",
            "A quota of AWS's is reached.",
            "The account has as many of these as AWS allows it.",
            "Raise the quota in Service Quotas, in that account and region, or delete what is not used; then run again.",
        ),
        ErrorClass::Busy => (
            "busy",
            "Another change of the same resource is under way.",
            "AWS makes one change of an endpoint after the other, and a security group stays in use until its endpoints \
             are gone. linkwalk waited for a while.",
            "Run again in some minutes.",
        ),
        ErrorClass::TimedOut => (
            "timed-out",
            "The deadline passed.",
            "An endpoint did not become `available` within `rollout.endpoint_timeout`, or a call got no answer.",
            "Run again: what has become available meanwhile is found. Raise the timeout if that is usual.",
        ),
        ErrorClass::Bug => (
            "bug",
            "A fault of linkwalk itself.",
            "Something happened that cannot happen.",
            "Please report it, with the message and the run's journal; running again is safe.",
        ),
        ErrorClass::Unknown => (
            "unknown",
            "An error that linkwalk does not know.",
            "AWS answered with a code that is in no list of this version, or nothing that could be understood.",
            "Read AWS's words; the request id is for its support.",
        ),
    };
    Entry { code, group: Group::ErrorClass, meaning, why, next, source: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_there_under_its_code() {
        for class in CLASSES {
            assert_eq!(serde_json::to_value(class).unwrap(), super::class(class).code);
        }
        let schema = schemars::schema_for!(ErrorClass).to_value().to_string();
        assert_eq!(schema.matches("\"const\":").count(), CLASSES.len(), "one is missing here");
    }
}
