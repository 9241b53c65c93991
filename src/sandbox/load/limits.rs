//! The documented request limits.
//!
//! EC2: "Request throttling for the Amazon EC2 API" (a bucket per account, region and action).
//! Organizations: "Quotas and service limits" (rate and burst per account, and per organization).
//! STS: IAM user guide, "IAM and AWS STS quotas" (600 requests per second, account and region).

use super::bucket::Limit;

const fn limit(max: f64, refill: f64) -> Limit {
    Limit { max, refill }
}

/// The limit of an EC2 action. `plain` is a call without filters and without `MaxResults`.
pub(crate) fn ec2(action: &str, plain: bool) -> Limit {
    match action {
        "CreateVpcEndpoint" | "ModifyVpcEndpoint" | "DeleteVpcEndpoints" => limit(4.0, 0.3),
        "CreateNatGateway" | "DeleteNatGateway" => limit(10.0, 1.0),
        "CreateTags" | "DeleteTags" => limit(100.0, 10.0),
        "DescribeSecurityGroups" | "DescribeNetworkInterfaces" if plain => limit(50.0, 10.0),
        _ if reads(action) => limit(100.0, 20.0),
        _ => limit(50.0, 5.0),
    }
}

/// The limit of STS, for all its actions together.
pub(crate) const STS: Limit = limit(600.0, 600.0);

/// The limits of an Organizations action, per account and per organization. Actions without a published
/// limit get the smallest one.
pub(crate) fn organizations(action: &str) -> (Limit, Option<Limit>) {
    let (account, organization) = match action {
        "ListAccounts" => ((12.0, 8.0), Some((15.0, 9.0))),
        "ListAccountsForParent"
        | "ListParents"
        | "ListOrganizationalUnitsForParent"
        | "ListDelegatedAdministrators" => ((8.0, 5.0), Some((10.0, 6.0))),
        "ListChildren" => ((10.0, 6.0), Some((12.0, 7.0))),
        "ListRoots" => ((2.0, 1.0), Some((3.0, 1.0))),
        "DescribeAccount" => ((30.0, 20.0), Some((36.0, 24.0))),
        "ListTagsForResource" => ((15.0, 10.0), Some((18.0, 12.0))),
        "DescribeOrganizationalUnit" => ((2.0, 2.0), Some((3.0, 2.0))),
        _ => ((2.0, 1.0), None),
    };
    let make = |(max, refill)| limit(max, refill);
    (make(account), organization.map(make))
}

/// The limit of SNS `Publish` and `CreateTopic`: the smallest region's messages a second ("Amazon SNS
/// endpoints and quotas").
pub(crate) const SNS: Limit = limit(300.0, 300.0);

/// The limit of CloudWatch `GetMetricData`: 50 a second, account and region ("CloudWatch service quotas").
pub(crate) const CLOUDWATCH: Limit = limit(50.0, 50.0);

/// The limit of Route 53 for all calls of an account: five a second ("Quotas" of the Route 53 guide).
pub(crate) const ROUTE53: Limit = limit(5.0, 5.0);

/// The limit of a Service Quotas action, of an account in a region. AWS says no number; this one is small.
pub(crate) const QUOTAS: Limit = limit(10.0, 5.0);

/// The limit of ECR's reads of repositories and policies. None is published; image pulls are a hundred times
/// faster ("Amazon ECR service quotas").
pub(crate) const ECR: Limit = limit(20.0, 20.0);

/// The limit of S3 for one prefix: 3,500 writes and 5,500 reads a second ("Best practices design patterns").
pub(crate) fn s3(action: &str) -> Limit {
    if reads(action) { limit(5500.0, 5500.0) } else { limit(3500.0, 3500.0) }
}

/// True for actions that change nothing.
pub(crate) fn reads(action: &str) -> bool {
    ["Describe", "Get", "Head", "List", "Search", "AssumeRole"]
        .iter()
        .any(|start| action.starts_with(start))
}
