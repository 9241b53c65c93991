//! From the SDK's errors to one [`Failure`], classified by exact code.

use std::error::Error;

use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::assume::ROLE_STEP;
use crate::model::denial::{By, Denial};
use crate::model::failure::{ErrorClass, Failure};

/// What a code means for us. Codes and their sources: EC2's error list
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>), the service models
/// of STS, Organizations, SNS and CloudWatch, S3's error list
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
pub(super) fn class_of(code: &str) -> ErrorClass {
    match code {
        "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "BandwidthLimitExceeded"
        | "Throttled"
        | "SlowDown" => ErrorClass::Throttled,
        "Unavailable"
        | "ServiceUnavailable"
        | "InternalError"
        | "InternalFailure"
        | "ServiceException"
        | "ConcurrentTagAccess"
        | "ConcurrentModificationException" => ErrorClass::Transient,
        "InvalidVpcEndpointId.NotFound"
        | "InvalidVpcEndpoint.NotFound"
        | "InvalidVpcID.NotFound"
        | "InvalidSubnetID.NotFound"
        | "InvalidSubnetId.NotFound"
        | "InvalidRouteTableID.NotFound"
        | "InvalidRouteTableId.NotFound"
        | "InvalidGroup.NotFound"
        | "InvalidGroupId.NotFound"
        | "InvalidSecurityGroupID.NotFound"
        | "InvalidPermission.NotFound"
        | "NotFound"
        | "NoSuchBucket"
        | "NoSuchKey" => ErrorClass::NotFound,
        "InvalidGroup.Duplicate" | "InvalidPermission.Duplicate" | "RouteAlreadyExists" => {
            ErrorClass::AlreadyExists
        }
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "AuthorizationError" => ErrorClass::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "RequestTimeTooSkewed"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "IncompleteSignature" => ErrorClass::Credentials,
        "OptInRequired"
        | "AuthFailure"
        | "RegionDisabledException"
        | "PendingVerification"
        | "Blocked" => ErrorClass::NotEnabled,
        "VpcEndpointLimitExceeded"
        | "SecurityGroupLimitExceeded"
        | "SecurityGroupsPerInterfaceLimitExceeded"
        | "RulesPerSecurityGroupLimitExceeded"
        | "RouteLimitExceeded"
        | "TagLimitExceeded"
        | "InsufficientFreeAddressesInSubnet" => ErrorClass::Quota,
        "OperationInProgress"
        | "DependencyViolation"
        | "IncorrectState"
        | "ConditionalRequestConflict" => ErrorClass::Busy,
        "InvalidParameter"
        | "InvalidParameterValue"
        | "InvalidParameterCombination"
        | "MissingParameter"
        | "ValidationError"
        | "InvalidServiceName"
        | "InvalidPolicyDocument"
        | "IdempotentParameterMismatch"
        | "DuplicateSubnetsInSameZone"
        | "TagPolicyViolation"
        | "InvalidInputException"
        | "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "PackedPolicyTooLarge" => ErrorClass::Invalid,
        _ => ErrorClass::Unknown,
    }
}

/// Flattens an SDK error: AWS's code, its words or the transport's with every cause, the request id.
/// An error of `AssumeRole`, which the SDK buries under the call that needed the credentials, is dug out.
pub(super) fn failure<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(assume) = buried_assume_role(error) {
        return answered(ROLE_STEP, assume).unwrap_or_else(|| unanswered(ROLE_STEP, assume));
    }
    answered(operation, error).unwrap_or_else(|| unanswered(operation, error))
}

fn buried_assume_role<'a>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a SdkError<AssumeRoleError, HttpResponse>> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(assume) = current.downcast_ref() {
            return Some(assume);
        }
        cause = current.source();
    }
    None
}

/// AWS answered with an error.
fn answered<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Option<Failure>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(context) = error else { return None };
    let (code, message) = (context.err().code(), context.err().message());
    let status = context.raw().status().as_u16();
    let class = match code.map(class_of) {
        Some(ErrorClass::Unknown) | None if status >= 500 => ErrorClass::Transient,
        Some(class) => class,
        None => ErrorClass::Unknown,
    };
    Some(Failure {
        operation: operation.to_owned(),
        class,
        code: code.map(str::to_owned),
        message: message.map_or_else(|| format!("HTTP status {status}"), str::to_owned),
        request_id: request_id(context.raw(), context.err()),
        hint: hint(operation, class, code, message.unwrap_or_default()),
    })
}

/// The answer's body carries it for EC2 and STS, a header for Organizations.
fn request_id<E: ProvideErrorMetadata>(raw: &HttpResponse, error: &E) -> Option<String> {
    error
        .meta()
        .extra("aws_request_id")
        .or_else(|| raw.headers().get("x-amzn-requestid"))
        .or_else(|| raw.headers().get("x-amz-request-id"))
        .map(str::to_owned)
}

/// No answer: credentials, connection or time ran out.
fn unanswered<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: Error + 'static,
{
    let message = chain(error);
    let class = match error {
        SdkError::TimeoutError(_) => ErrorClass::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ErrorClass::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_io() => ErrorClass::Transient,
        SdkError::DispatchFailure(_) if message.contains("credential") => ErrorClass::Credentials,
        SdkError::ResponseError(_) => ErrorClass::Transient,
        _ => ErrorClass::Unknown,
    };
    let hint = hint(operation, class, None, &message);
    Failure { operation: operation.to_owned(), class, code: None, message, request_id: None, hint }
}

/// What the SDK's wrappers call themselves; it says nothing to people.
const WRAPPERS: [&str; 4] = ["dispatch failure", "io error", "other", "client error (Connect)"];

/// Every cause, outermost first, without the wrappers and their repetitions.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(current) = cause {
        let text = current.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        let is_said = texts.iter().any(|earlier| earlier.contains(&text));
        if !is_said && !WRAPPERS.contains(&text.as_str()) {
            texts.push(text);
        }
        cause = current.source();
    }
    texts.join(": ")
}

/// What to do next, for the failures people meet most.
fn hint(operation: &str, class: ErrorClass, code: Option<&str>, message: &str) -> Option<String> {
    let text = match (class, code) {
        (ErrorClass::Denied, _) if operation == ROLE_STEP => {
            return Some(role_hint(&Denial::read(message)));
        }
        (ErrorClass::Denied, Some("AccessDeniedException")) if is_organizations(operation) => {
            "the caller needs the organizations:List* and Describe* permissions, in the management \
             account or in a delegated administrator's (`linkwalk role --caller` prints its policy); or \
             list the accounts as [[account]] entries"
        }
        (ErrorClass::Denied, _) => return Some(denied(message)),
        (ErrorClass::Credentials, None) if is_sso(message) => {
            "the sign-in of this profile has ended, or there was none: `aws sso login`, with --profile \
             or AWS_PROFILE for the profile meant, then run again"
        }
        (ErrorClass::Credentials, None) => {
            "give AWS credentials: `aws sso login`, AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
        }
        (ErrorClass::Credentials, Some("ExpiredToken" | "ExpiredTokenException")) => {
            "the credentials have expired: sign in again (`aws sso login`), or take AWS_SESSION_TOKEN and \
             the keys anew, then run again"
        }
        (ErrorClass::Credentials, Some("InvalidClientTokenId")) => {
            "the credentials are not valid here: a wrong key, or a region that is not enabled for \
             the account"
        }
        (
            ErrorClass::Credentials,
            Some("RequestExpired" | "SignatureDoesNotMatch" | "RequestTimeTooSkewed"),
        ) if is_late(message) => {
            "the session has expired, or this machine's clock is wrong: AWS takes requests for some \
             minutes; set the clock (NTP; `linkwalk doctor` says by how much it is wrong), then run again"
        }
        (ErrorClass::Credentials, _) => "check the credentials and the machine's clock",
        (ErrorClass::NotEnabled, Some("AuthFailure" | "RegionDisabledException")) => {
            "the region is not enabled for this account: `aws account enable-region --region-name REGION \
             --account-id ID` as its organization's administrator, or leave the account or the region out; \
             in an enabled region the same says that the credentials are wrong"
        }
        (ErrorClass::NotEnabled, Some("OptInRequired")) => {
            "AWS has suspended the account, it is not activated yet, or the region is not enabled: see its \
             state in AWS Organizations, or exclude it"
        }
        (ErrorClass::NotEnabled, _) => {
            "the region is not enabled for this account, or the account is not ready; enable it or \
             exclude the account"
        }
        (ErrorClass::Invalid, _) if message.contains("conflicting DNS domain") => {
            "another endpoint, one that is still being deleted, or a private hosted zone of that name is in \
             the VPC: `linkwalk doctor` names the zone; disassociate it, or set `private_dns = false`"
        }
        (ErrorClass::Quota, _) => {
            "raise the quota in Service Quotas, or free some; `linkwalk doctor` says which and how full it is"
        }
        (ErrorClass::Transient | ErrorClass::TimedOut, None) => {
            "check the network, the proxy and AWS_ENDPOINT_URL; running again continues"
        }
        (ErrorClass::Throttled, _) => "AWS is throttling these calls; running again continues",
        _ => return None,
    };
    Some(text.to_owned())
}

/// What to do where the member role may not do something.
pub(super) fn denied(message: &str) -> String {
    let denial = Denial::read(message);
    let next = denial.next_for_member();
    match (denial.by, denial.explicit) {
        (By::IdentityPolicy, false) | (By::Unstated, _) => next,
        _ => format!("{}; {next}", denial.because()),
    }
}

/// Why a role may not be assumed. AWS tells three reasons, and one text for all others.
fn role_hint(denial: &Denial) -> String {
    let role = denial.resource.as_deref().and_then(|arn| arn.rsplit('/').next()).unwrap_or("ROLE");
    match (denial.action.as_deref(), denial.by) {
        (_, By::IdentityPolicy) if !denial.explicit => format!(
            "{} to the caller: `linkwalk role --caller` prints a policy that does",
            denial.because()
        ),
        (Some("sts:TagSession"), _) => format!(
            "the trust policy of {role} must allow sts:TagSession beside sts:AssumeRole, because \
             accounts.toml has `organization.session_tags`"
        ),
        (Some("sts:SetSourceIdentity"), _) => format!(
            "the trust policy of {role} must allow sts:SetSourceIdentity beside sts:AssumeRole, because \
             accounts.toml has `organization.source_identity`"
        ),
        (_, By::Unstated) => format!(
            "AWS says the same whether the role does not exist, does not trust the caller, wants \
             another external id, or the account is closed: check the role's name and its trust policy \
             in that account (`aws iam get-role --role-name {role}`)"
        ),
        _ => format!("{}; {}", denial.because(), denial.next("the caller")),
    }
}

fn is_organizations(operation: &str) -> bool {
    const READS: [&str; 5] = [
        "DescribeOrganization",
        "ListRoots",
        "ListAccountsForParent",
        "ListOrganizationalUnitsForParent",
        "ListTagsForResource",
    ];
    READS.contains(&operation)
}

/// Whether it was single sign-on that had no credentials to give.
fn is_sso(message: &str) -> bool {
    message.to_ascii_lowercase().contains("sso")
}

/// AWS's words for a request whose date is too far from its own.
fn is_late(message: &str) -> bool {
    message.contains("xpired") || message.contains("too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_class_and_near_misses_have_none() {
        for (code, class) in [
            ("RequestLimitExceeded", ErrorClass::Throttled),
            ("TooManyRequestsException", ErrorClass::Throttled),
            ("InvalidGroup.NotFound", ErrorClass::NotFound),
            ("InvalidGroup.Duplicate", ErrorClass::AlreadyExists),
            ("UnauthorizedOperation", ErrorClass::Denied),
            ("AccessDenied", ErrorClass::Denied),
            ("OptInRequired", ErrorClass::NotEnabled),
            ("AuthFailure", ErrorClass::NotEnabled),
            ("VpcEndpointLimitExceeded", ErrorClass::Quota),
            ("OperationInProgress", ErrorClass::Busy),
            ("ExpiredToken", ErrorClass::Credentials),
            ("InvalidParameter", ErrorClass::Invalid),
            ("requestlimitexceeded", ErrorClass::Unknown),
            ("RequestLimitExceeded ", ErrorClass::Unknown),
        ] {
            assert_eq!(class_of(code), class, "{code}");
        }
    }
}
