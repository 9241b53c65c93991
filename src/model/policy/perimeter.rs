//! The data perimeter of an organization as an endpoint policy: identities of the organization reach
//! resources of the organization, AWS's services act for it, and what AWS itself owns and workloads need
//! stays reachable.
//!
//! Statements and exceptions are those of AWS's examples
//! (<https://github.com/aws-samples/data-perimeter-policy-examples/tree/main/vpc_endpoint_policies>).
//! Exceptions for which the examples leave an account id to be filled in are left out: images of AWS's own
//! ECR registries, Lambda layers of AWS, Glue's scripts. So is the way around the perimeter by a tag of the
//! principal, which AWS tells to add only where tags are governed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::PolicyDocument;
use crate::ids::Region;
use crate::model::region;

/// Whose data, and where the endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Perimeter<'a> {
    /// The organization's id, `o-...`.
    pub organization: &'a str,
    /// The endpoint's region; it decides the partition and the names of AWS's buckets.
    pub region: &'a Region,
}

impl Perimeter<'_> {
    /// The policy of an endpoint of a service, by the service's short name. Made once for all the targets
    /// that have it: their plans share it.
    pub fn policy(&self, short: &str) -> PolicyDocument {
        static MADE: Mutex<BTreeMap<[String; 3], PolicyDocument>> = Mutex::new(BTreeMap::new());
        let key = [self.organization, self.region.as_str(), short].map(str::to_owned);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(key).or_insert_with(|| self.make(short)).clone()
    }

    fn make(&self, short: &str) -> PolicyDocument {
        let mut statements = vec![
            json!({
                "Sid": "AllowRequestsByOrgsIdentitiesToOrgsResources",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "*",
                "Resource": "*",
                "Condition": { "StringEquals": {
                    "aws:PrincipalOrgID": self.organization,
                    "aws:ResourceOrgID": self.organization,
                } },
            }),
            json!({
                "Sid": "AllowRequestsByAWSServicePrincipals",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "*",
                "Resource": "*",
                "Condition": { "Bool": { "aws:PrincipalIsAWSService": "true" } },
            }),
        ];
        // An endpoint by which FIPS is spoken leads to the same service.
        match short.replace("-fips", "").as_str() {
            "s3" => statements.push(self.buckets_of_aws()),
            "sts" => statements.push(self.roles_of_federated_users()),
            plain => statements.extend(exception(plain).map(|one| self.resources_of_aws(&one))),
        }
        json!({ "Version": "2012-10-17", "Statement": statements }).into()
    }

    /// What AWS owns and identities of the organization use.
    fn resources_of_aws(&self, exception: &Exception) -> Value {
        let filled: Vec<String> =
            exception.resources.iter().map(|resource| self.filled_in(resource)).collect();
        json!({
            "Sid": "AllowRequestsByOrgsIdentitiesToAWSResources",
            "Effect": "Allow",
            "Principal": "*",
            "Action": exception.actions,
            "Resource": filled,
            "Condition": { "StringEquals": { "aws:PrincipalOrgID": self.organization } },
        })
    }

    /// Buckets of AWS, which are read without credentials or by URLs that AWS has signed: a condition on
    /// the principal would keep all of these requests out. ECR's image layers are among them.
    fn buckets_of_aws(&self) -> Value {
        let worldwide: &[&str] = if self.partition() == "aws" { &WORLDWIDE_BUCKETS } else { &[] };
        let resources: Vec<String> = REGIONAL_BUCKETS
            .iter()
            .chain(worldwide)
            .map(|bucket| self.filled_in(&format!("arn:{{partition}}:s3:::{bucket}")))
            .collect();
        json!({
            "Sid": "AllowRequestsToAWSOwnedResources",
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": resources,
        })
    }

    /// Who is not signed in yet is no principal of the organization: pods that get their role by a web identity
    /// among them. The role they assume must be the organization's
    /// (<https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/resource_control_policies/README.md>).
    fn roles_of_federated_users(&self) -> Value {
        json!({
            "Sid": "AllowFederatedUsersToAssumeOrgsRoles",
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"],
            "Resource": "*",
            "Condition": { "StringEquals": { "aws:ResourceOrgID": self.organization } },
        })
    }

    fn partition(&self) -> &'static str {
        region::partition_of(self.region).unwrap_or("aws")
    }

    fn filled_in(&self, template: &str) -> String {
        let region = self.region.as_str();
        template
            .replace("{partition}", self.partition())
            .replace("{region}", region)
            .replace("{regionwithoutdashes}", &region.replace('-', ""))
    }
}

/// What of a service AWS itself owns and lets everybody use.
struct Exception {
    actions: &'static [&'static str],
    resources: &'static [&'static str],
}

fn exception(short: &str) -> Option<Exception> {
    Some(match short {
        "cloudformation" => Exception {
            actions: &["cloudformation:CreateChangeSet"],
            resources: &["arn:{partition}:cloudformation:{region}:aws:transform/*"],
        },
        "ec2" => Exception {
            actions: &[
                "ec2:RunInstances",
                "ec2:CreateReplaceRootVolumeTask",
                "ec2:CreateTags",
                "ec2:DeleteTags",
                "ec2:GetManagedPrefixListEntries",
            ],
            resources: &[
                "arn:{partition}:ec2:*::image/*",
                "arn:{partition}:ec2:*:aws:prefix-list/*",
            ],
        },
        "iam" => Exception { actions: &["*"], resources: &["arn:{partition}:iam::aws:policy/*"] },
        "imagebuilder" => Exception {
            actions: &["imagebuilder:GetComponent", "imagebuilder:GetImage"],
            resources: &[
                "arn:{partition}:imagebuilder:{region}:aws:component/*",
                "arn:{partition}:imagebuilder:{region}:aws:image/*",
            ],
        },
        "iot.api" => {
            Exception { actions: &["*"], resources: &["arn:{partition}:iot:*:*:jobtemplate/*"] }
        }
        "ssm" => Exception {
            actions: &[
                "ssm:Describe*",
                "ssm:List*",
                "ssm:Get*",
                "ssm:SendCommand",
                "ssm:CreateAssociation",
                "ssm:StartSession",
                "ssm:StartChangeRequestExecution",
                "ssm:StartAutomationExecution",
            ],
            resources: &[
                "arn:{partition}:ssm:{region}::parameter/aws/*",
                "arn:{partition}:ssm:{region}::document/*",
                "arn:{partition}:ssm:*::automation-definition/*",
            ],
        },
        _ => return None,
    })
}

/// AWS's buckets that have their region in their name.
const REGIONAL_BUCKETS: [&str; 48] = [
    "prod-{region}-starport-layer-bucket/*",
    "packages.{region}.amazonaws.com/*",
    "repo.{region}.amazonaws.com/*",
    "amazonlinux.{region}.amazonaws.com/*",
    "amazonlinux-2-repos-{region}/*",
    "al2023-repos-{region}-de612dc2/*",
    "al2023-{region}/*",
    "repo.{region}.emr.amazonaws.com/*",
    "prod.{region}.appinfo.src/*",
    "aws-ssm-{region}/*",
    "aws-windows-downloads-{region}/*",
    "amazon-ssm-{region}/*",
    "amazon-ssm-packages-{region}/*",
    "{region}-birdwatcher-prod/*",
    "aws-ssm-distributor-file-{region}/*",
    "aws-ssm-document-attachments-{region}/*",
    "patch-baseline-snapshot-{region}/*",
    "aws-patchmanager-macos-{region}/*",
    "amazoncloudwatch-agent-{region}/*",
    "aws-codedeploy-{region}/*",
    "ec2imagebuilder-toe-{region}-prod/*",
    "ec2imagebuilder-managed-resources-{region}-prod/components/*",
    "aws-mgn-clients-{region}/*",
    "aws-mgn-clients-hashes-{region}/*",
    "aws-mgn-internal-{region}/*",
    "aws-mgn-internal-hashes-{region}/*",
    "aws-application-migration-service-{region}/*",
    "aws-application-migration-service-hashes-{region}/*",
    "aws-drs-clients-{region}/*",
    "aws-drs-clients-hashes-{region}/*",
    "aws-drs-internal-{region}/*",
    "aws-drs-internal-hashes-{region}/*",
    "aws-elastic-disaster-recovery-{region}/*",
    "aws-elastic-disaster-recovery-hashes-{region}/*",
    "cloudformation-waitcondition-{region}/*",
    "cloudformation-custom-resource-response-{regionwithoutdashes}/*",
    "aws-ec2-enclave-certificate-{region}-prod/*",
    "elasticbeanstalk-samples-{region}/*",
    "elasticbeanstalk-platform-assets-{region}/*",
    "elasticbeanstalk-env-resources-{region}/*",
    "elasticbeanstalk-{region}/*",
    "jumpstart-cache-prod-{region}",
    "jumpstart-cache-prod-{region}/*",
    "athena-examples-{region}",
    "athena-examples-{region}/*",
    "aws-neptune-notebook-{region}",
    "aws-neptune-notebook-{region}/*",
    "aws-sap-dataprovider-{region}/*",
];

/// AWS's buckets without a region. A bucket's name is unique within its partition only, and these are
/// documented for the commercial one.
const WORLDWIDE_BUCKETS: [&str; 11] = [
    "amazoncloudwatch-agent/*",
    "aws-neptune-notebook",
    "aws-neptune-notebook/*",
    "cloudformation-examples/*",
    "awssupportdatasvcs.com/*",
    "redshift-downloads/*",
    "session-manager-downloads/*",
    "ssm-document-categories/*",
    "aws-sap-data-provider/*",
    "awssap-backint-agent/*",
    "aws-cli/*",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(short: &str, region: &str) -> String {
        let region = Region::from(region);
        Perimeter { organization: "o-a1b2c3d4e5", region: &region }.policy(short).to_pretty()
    }

    #[test]
    fn the_perimeter_of_each_service_is_as_aws_examples_have_it() {
        for short in ["s3", "ecr.api", "ssm", "logs", "sts"] {
            insta::assert_snapshot!(format!("perimeter_{short}"), policy(short, "eu-west-1"));
        }
    }

    #[test]
    fn arns_are_of_the_partition_and_buckets_of_no_other_partition() {
        let china = policy("s3", "cn-north-1");
        assert!(china.contains("arn:aws-cn:s3:::prod-cn-north-1-starport-layer-bucket/*"));
        assert!(china.contains("cloudformation-custom-resource-response-cnnorth1/*"));
        assert!(!china.contains("arn:aws:") && !china.contains("aws-cli"), "{china}");
        assert!(policy("ssm", "us-gov-west-1").contains("arn:aws-us-gov:ssm:us-gov-west-1::"));
    }

    #[test]
    fn an_endpoint_for_fips_has_the_same_policy() {
        assert_eq!(policy("ec2-fips", "us-east-1"), policy("ec2", "us-east-1"));
    }
}
