//! From the SDK's errors to one [`Failure`], classified by exact code.

use std::error::Error;

use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::assume::ROLE_STEP;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::permissions;

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
        hint: hint(operation, class, code, message),
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
    Failure {
        operation: operation.to_owned(),
        class,
        code: None,
        message,
        request_id: None,
        hint: hint(operation, class, None, None),
    }
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
fn hint(
    operation: &str,
    class: ErrorClass,
    code: Option<&str>,
    message: Option<&str>,
) -> Option<String> {
    let text = match (class, code) {
        // Of the caller's own policies AWS says more than of the role's trust.
        (ErrorClass::Denied, _)
            if operation == ROLE_STEP
                && message.is_some_and(|text| text.contains("identity-based policy")) =>
        {
            "the caller may not assume the member role: `linkwalk role --caller` prints the policy it \
             needs"
        }
        (ErrorClass::Denied, _) if operation == ROLE_STEP => {
            "AWS says the same whether the role does not exist, does not trust the caller, wants \
             another external id, or the account is closed: check the role's name and its trust policy \
             in that account"
        }
        (ErrorClass::Denied, Some("AccessDeniedException")) => {
            "the caller needs the organizations:List* and Describe* permissions, in the management \
             account or in a delegated administrator's (`linkwalk role --caller` prints its policy); or \
             list the accounts as [[account]] entries"
        }
        (ErrorClass::Denied, _) => return Some(denied(message.unwrap_or_default())),
        (ErrorClass::Credentials, None) => {
            "give AWS credentials: `aws sso login`, AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
        }
        (ErrorClass::Credentials, Some("ExpiredToken" | "ExpiredTokenException")) => {
            "the credentials have expired: sign in again, then run again"
        }
        (ErrorClass::Credentials, Some("InvalidClientTokenId")) => {
            "the credentials are not valid here: a wrong key, or a region that is not enabled for \
             the account"
        }
        (ErrorClass::Credentials, _) => "check the credentials and the machine's clock",
        (ErrorClass::NotEnabled, _) => {
            "the region is not enabled for this account, or the account is not ready; enable it or \
             exclude the account"
        }
        (ErrorClass::Quota, _) => "raise the quota in Service Quotas, or free some",
        (ErrorClass::Transient | ErrorClass::TimedOut, None) => {
            "check the network, the proxy and AWS_ENDPOINT_URL; running again continues"
        }
        (ErrorClass::Throttled, _) => "AWS is throttling these calls; running again continues",
        _ => return None,
    };
    Some(text.to_owned())
}

/// What to do where the member role may not do something. AWS says what, and whose word it is
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>).
pub(super) fn denied(message: &str) -> String {
    let action = permissions::refused_action(message);
    let named = action.unwrap_or("this permission");
    if message.contains("service control policy") {
        return format!(
            "a service control policy of the organization denies {named}, whatever the member role may \
             do: have the account or the role exempted, or exclude the account"
        );
    }
    match action.and_then(permissions::granted_for) {
        Some(of) => format!(
            "the member role lacks {named}: `linkwalk role --for {of}` prints a role that has it"
        ),
        None => format!("the member role lacks {named}, or a policy of the organization denies it"),
    }
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
