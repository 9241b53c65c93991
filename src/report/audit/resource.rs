//! What a finding is about, in the words of AWS's own findings.

use crate::audit::{Audit, Finding};
use crate::ids::{Region, VpcId};
use crate::model::region::partition_of;

/// A resource as Security Hub and OCSF name it.
pub(super) struct Resource<'a> {
    /// Its type in ASFF: one of Security Hub's own, or `Other`.
    pub(super) kind: &'static str,
    /// Its ARN; of an account `AWS::::Account:ID`, as Security Hub writes it.
    pub(super) arn: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub(super) partition: &'static str,
    /// Where it is; for an account the audit's first region.
    pub(super) region: &'a str,
}

impl<'a> Resource<'a> {
    /// The finding's resource; where it has none, its VPC, and else its account.
    pub(super) fn of(audit: &'a Audit, finding: &'a Finding) -> Self {
        let at: Option<&Region> = finding.region.as_ref().or(audit.regions.first());
        let region = at.map_or("us-east-1", Region::as_str);
        let partition = at.and_then(partition_of).unwrap_or("aws");
        let id = finding.resource.as_deref().or(finding.vpc.as_ref().map(VpcId::as_str));
        let types = [
            ("vpce-", "Other", "vpc-endpoint"),
            ("sg-", "AwsEc2SecurityGroup", "security-group"),
            ("vpc-", "AwsEc2Vpc", "vpc"),
            ("rtb-", "AwsEc2RouteTable", "route-table"),
            ("subnet-", "AwsEc2Subnet", "subnet"),
        ];
        let known = id.and_then(|id| {
            types.into_iter().find(|(prefix, ..)| id.starts_with(prefix)).map(|found| (id, found))
        });
        let account = &finding.account;
        let (kind, arn) = match known {
            Some((id, (_, kind, noun))) => {
                (kind, format!("arn:{partition}:ec2:{region}:{account}:{noun}/{id}"))
            }
            None => ("AwsAccount", format!("AWS::::Account:{account}")),
        };
        Self { kind, arn, partition, region }
    }
}
