//! AWS's own error codes. What is done about each follows from its class; what is said here is what the
//! class does not say.

use super::errors::class;
use super::{Entry, Group};
use crate::model::failure::ErrorClass;

const EC2: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html";
const STS: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html";
const ORGANIZATIONS: &str =
    "https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html";
const S3: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";

/// A code, where it comes from, what it means, and what to do where the class does not say it.
type Answer = (&'static str, &'static str, &'static str, Option<&'static str>);

/// Every code, explained by itself and by its class.
pub(super) fn all() -> Vec<Entry> {
    let of_class = |(of, answers): &(ErrorClass, &[Answer])| {
        let class = class(*of);
        let entry = move |(code, source, meaning, next): &Answer| Entry {
            code,
            group: Group::AwsError,
            meaning,
            why: class.why,
            next: next.unwrap_or(class.next),
            source: Some(source),
        };
        answers.iter().map(entry).collect::<Vec<_>>()
    };
    ANSWERS.iter().flat_map(of_class).collect()
}

/// Every code that is classed, by its class.
const ANSWERS: &[(ErrorClass, &[Answer])] = &[
    (
        ErrorClass::Throttled,
        &[
            (
                "RequestLimitExceeded",
                EC2,
                "EC2's token bucket of this call is empty, in this account and region.",
                None,
            ),
            ("Throttling", STS, "The service asks for slower calls.", None),
            ("ThrottlingException", STS, "The service asks for slower calls.", None),
            (
                "TooManyRequestsException",
                ORGANIZATIONS,
                "Organizations asks for slower calls; its rate is that of the whole organization.",
                None,
            ),
            ("RequestThrottled", EC2, "The service asks for slower calls.", None),
            ("BandwidthLimitExceeded", EC2, "The service asks for less to transfer.", None),
            ("Throttled", EC2, "The service asks for slower calls.", None),
            ("SlowDown", S3, "S3 asks for slower calls.", None),
        ],
    ),
    (
        ErrorClass::Transient,
        &[
            (
                "Unavailable",
                EC2,
                "The service is overloaded or down for a moment; an endpoint service that was just made answers so too.",
                None,
            ),
            ("ServiceUnavailable", STS, "The service is overloaded or down for a moment.", None),
            ("InternalError", EC2, "Something failed inside AWS.", None),
            ("InternalFailure", STS, "Something failed inside AWS.", None),
            ("ServiceException", ORGANIZATIONS, "Something failed inside Organizations.", None),
            ("ConcurrentTagAccess", EC2, "Two changed the tags of one resource at once.", None),
            (
                "ConcurrentModificationException",
                ORGANIZATIONS,
                "Somebody changed the organization at the same moment.",
                None,
            ),
        ],
    ),
    (
        ErrorClass::NotFound,
        &[
            (
                "InvalidVpcEndpointId.NotFound",
                EC2,
                "There is no endpoint of this id, or not yet everywhere.",
                None,
            ),
            (
                "InvalidVpcEndpoint.NotFound",
                EC2,
                "There is no endpoint of this id, or not yet everywhere.",
                None,
            ),
            ("InvalidVpcID.NotFound", EC2, "There is no VPC of this id.", None),
            ("InvalidSubnetID.NotFound", EC2, "There is no subnet of this id.", None),
            ("InvalidSubnetId.NotFound", EC2, "There is no subnet of this id.", None),
            ("InvalidRouteTableID.NotFound", EC2, "There is no route table of this id.", None),
            ("InvalidRouteTableId.NotFound", EC2, "There is no route table of this id.", None),
            (
                "InvalidGroup.NotFound",
                EC2,
                "There is no security group of this id or name, or not yet everywhere.",
                None,
            ),
            (
                "InvalidGroupId.NotFound",
                EC2,
                "There is no security group of this id, or not yet everywhere.",
                None,
            ),
            (
                "InvalidSecurityGroupID.NotFound",
                EC2,
                "There is no security group of this id, or not yet everywhere.",
                None,
            ),
            ("InvalidPermission.NotFound", EC2, "The security group has no such rule.", None),
            ("NotFound", S3, "There is no such object.", None),
            (
                "NoSuchBucket",
                S3,
                "There is no bucket of this name.",
                Some("Make the bucket, or correct `lock.bucket` in accounts.toml."),
            ),
            ("NoSuchKey", S3, "There is no such object.", None),
        ],
    ),
    (
        ErrorClass::AlreadyExists,
        &[
            (
                "InvalidGroup.Duplicate",
                EC2,
                "The VPC has a security group of this name already.",
                None,
            ),
            ("InvalidPermission.Duplicate", EC2, "The security group has this rule already.", None),
            (
                "RouteAlreadyExists",
                EC2,
                "A route table leads to this service by another gateway endpoint already.",
                None,
            ),
        ],
    ),
    (
        ErrorClass::Denied,
        &[
            (
                "UnauthorizedOperation",
                EC2,
                "EC2 denies the call.",
                Some(
                    "AWS's words say which action, and often which kind of policy denies it: give the member role the permission, or ask those who own the policy. `aws sts decode-authorization-message` reads the encoded part.",
                ),
            ),
            (
                "AccessDenied",
                STS,
                "STS, S3 or another service denies the call.",
                Some(
                    "For AssumeRole AWS says the same whether the role does not exist, does not trust the caller, wants another external id, or the account is closed: check the role's name and its trust policy in that account.",
                ),
            ),
            (
                "AccessDeniedException",
                ORGANIZATIONS,
                "Organizations denies the call.",
                Some(
                    "Run in the management account or in a delegated administrator's, with organizations:List* and Describe*; or list the accounts as `[[account]]` entries.",
                ),
            ),
            (
                "AuthorizationError",
                "https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html",
                "SNS denies the call.",
                Some(
                    "Give the caller sns:Publish on the topic, and look at the topic's own policy.",
                ),
            ),
        ],
    ),
    (
        ErrorClass::Credentials,
        &[
            (
                "ExpiredToken",
                STS,
                "The session has ended.",
                Some("Sign in again (`aws sso login`), then run again."),
            ),
            (
                "ExpiredTokenException",
                STS,
                "The session has ended.",
                Some("Sign in again (`aws sso login`), then run again."),
            ),
            (
                "RequestExpired",
                EC2,
                "The request reached AWS too long after it was signed.",
                Some("Set the machine's clock."),
            ),
            (
                "SignatureDoesNotMatch",
                STS,
                "The signature is wrong.",
                Some("Check the secret key, and the machine's clock."),
            ),
            (
                "InvalidClientTokenId",
                STS,
                "The key is not valid here.",
                Some(
                    "Check the key; a token of the global STS endpoint is not valid in regions that have to be enabled, so set AWS_STS_REGIONAL_ENDPOINTS=regional, and look whether the region is enabled.",
                ),
            ),
            ("InvalidAccessKeyId", S3, "There is no such access key.", None),
            ("InvalidToken", S3, "The session token is not valid.", None),
            (
                "RequestTimeTooSkewed",
                S3,
                "The machine's clock is wrong.",
                Some("Set the machine's clock."),
            ),
            ("UnrecognizedClientException", STS, "There is no such access key or token.", None),
            (
                "InvalidSignatureException",
                ORGANIZATIONS,
                "The signature is wrong.",
                Some("Check the secret key, and the machine's clock."),
            ),
            ("MissingAuthenticationToken", STS, "The request came without credentials.", None),
            (
                "IncompleteSignature",
                STS,
                "The signature is not whole.",
                Some("Look for a proxy that changes headers."),
            ),
        ],
    ),
    (
        ErrorClass::NotEnabled,
        &[
            (
                "OptInRequired",
                EC2,
                "The account is not subscribed: it is new or suspended, or the region is not enabled.",
                None,
            ),
            (
                "AuthFailure",
                EC2,
                "EC2 does not know the credentials, although STS does: the region is not enabled for the account.",
                None,
            ),
            (
                "RegionDisabledException",
                STS,
                "STS is not active for the account in this region.",
                Some(
                    "Activate STS for the region in the account's IAM settings, or enable the region.",
                ),
            ),
            (
                "PendingVerification",
                EC2,
                "AWS is still verifying the account.",
                Some("Wait some hours; leave the account out until then."),
            ),
            (
                "Blocked",
                EC2,
                "AWS has blocked the account.",
                Some("Ask AWS's support; leave the account out until then."),
            ),
        ],
    ),
    (
        ErrorClass::Invalid,
        &[
            (
                "InvalidParameter",
                EC2,
                "A value does not fit.",
                Some(
                    "AWS's words name it. \"Conflicting DNS domain\": an endpoint that is being deleted, or a private hosted zone of that name, holds the name; disassociate the zone or set `private_dns = false`.",
                ),
            ),
            ("InvalidParameterValue", EC2, "A value is not one that can be.", None),
            ("InvalidParameterCombination", EC2, "Two values do not go together.", None),
            ("MissingParameter", EC2, "A value is missing.", None),
            ("ValidationError", STS, "A value has the wrong form.", None),
            (
                "InvalidServiceName",
                EC2,
                "The service does not exist in this region, or the account may not see it.",
                Some("Check the name; ask a partner to allow the account as a principal."),
            ),
            (
                "InvalidPolicyDocument",
                EC2,
                "The endpoint's policy is not one.",
                Some("Read what AWS says about it, and correct the policy file."),
            ),
            (
                "IdempotentParameterMismatch",
                EC2,
                "A request was repeated with other values.",
                Some("Run again."),
            ),
            (
                "DuplicateSubnetsInSameZone",
                EC2,
                "Two subnets of one zone were given.",
                Some("Run again: somebody added a subnet to the endpoint meanwhile."),
            ),
            (
                "TagPolicyViolation",
                EC2,
                "A tag policy of the organization does not allow a tag.",
                Some(
                    "Correct `[tags]` in accounts.toml, in the spelling and with a value that the tag policy allows.",
                ),
            ),
            ("InvalidInputException", ORGANIZATIONS, "A value has the wrong form.", None),
            (
                "PermanentRedirect",
                S3,
                "The bucket is in another region.",
                Some("Give `lock.region` in accounts.toml."),
            ),
            (
                "AuthorizationHeaderMalformed",
                S3,
                "The bucket is in another region.",
                Some("Give `lock.region` in accounts.toml."),
            ),
            (
                "PackedPolicyTooLarge",
                STS,
                "The session's tags are too large together.",
                Some("Use fewer or shorter `session_tags`."),
            ),
        ],
    ),
    (
        ErrorClass::Quota,
        &[
            (
                "VpcEndpointLimitExceeded",
                EC2,
                "The VPC or the region has as many endpoints as it may: by default 50 interface endpoints in a VPC, 20 gateway endpoints in a region.",
                None,
            ),
            (
                "SecurityGroupLimitExceeded",
                EC2,
                "The region has as many security groups as it may.",
                None,
            ),
            (
                "SecurityGroupsPerInterfaceLimitExceeded",
                EC2,
                "A network interface would have more security groups than it may.",
                None,
            ),
            (
                "RulesPerSecurityGroupLimitExceeded",
                EC2,
                "The security group would have more rules than it may: by default 60 of each address family.",
                None,
            ),
            ("RouteLimitExceeded", EC2, "The route table has as many routes as it may.", None),
            (
                "TagLimitExceeded",
                EC2,
                "A resource would have more than 50 tags.",
                Some("Use fewer `[tags]`, or remove tags of others."),
            ),
            (
                "InsufficientFreeAddressesInSubnet",
                EC2,
                "The subnet has no free address.",
                Some("Select other subnets, or add some."),
            ),
        ],
    ),
    (
        ErrorClass::Busy,
        &[
            ("OperationInProgress", EC2, "The endpoint is being changed by somebody else.", None),
            (
                "DependencyViolation",
                EC2,
                "Something still uses it: network interfaces of endpoints take minutes to go.",
                None,
            ),
            ("IncorrectState", EC2, "It is in a state in which it cannot be changed.", None),
            ("ConditionalRequestConflict", S3, "Two wrote the lock's object at once.", None),
        ],
    ),
];
