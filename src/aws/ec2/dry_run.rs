//! Asking for leave: the real calls with `DryRun`, which do nothing. AWS answers `DryRunOperation` where the
//! call is permitted and `UnauthorizedOperation` where it is not
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html>).

use std::collections::BTreeSet;
use std::error::Error;

use aws_sdk_ec2::types::VpcAttributeName;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::change::tag_list;
use super::{Ec2, EndpointModification, NewEndpoint};
use crate::aws::{convert, error};
use crate::ids::{EndpointId, SecurityGroupId, VpcId};
use crate::model::endpoint::Tags;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::network::Rule;

/// The code of a dry run that would have succeeded.
const WOULD_SUCCEED: &str = "DryRunOperation";

/// A reading call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// `DescribeVpcs`
    Vpcs,
    /// `DescribeVpcAttribute`
    VpcAttribute,
    /// `DescribeSubnets`
    Subnets,
    /// `DescribeRouteTables`
    RouteTables,
    /// `DescribeSecurityGroups`
    SecurityGroups,
    /// `DescribeVpcEndpoints`
    Endpoints,
    /// `DescribeVpcEndpointServices`
    Services,
    /// `DescribeNetworkInterfaces`
    Interfaces,
}

impl Read {
    /// All that looking at a target needs, in the order in which they are made.
    pub const LOOKING: [Self; 7] = [
        Self::Vpcs,
        Self::VpcAttribute,
        Self::Subnets,
        Self::RouteTables,
        Self::SecurityGroups,
        Self::Endpoints,
        Self::Services,
    ];

    /// The API action.
    pub fn action(self) -> &'static str {
        match self {
            Self::Vpcs => "DescribeVpcs",
            Self::VpcAttribute => "DescribeVpcAttribute",
            Self::Subnets => "DescribeSubnets",
            Self::RouteTables => "DescribeRouteTables",
            Self::SecurityGroups => "DescribeSecurityGroups",
            Self::Endpoints => "DescribeVpcEndpoints",
            Self::Services => "DescribeVpcEndpointServices",
            Self::Interfaces => "DescribeNetworkInterfaces",
        }
    }
}

/// The answer to a dry run: nothing where it would have succeeded, else why not. A denial is of the class
/// [`ErrorClass::Denied`]; any other failure says nothing about permission.
fn leave<T, E>(operation: &str, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<(), Failure>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let Err(refusal) = answer else {
        let said = "AWS answered a dry run as if it had been done";
        return Err(Failure::local(operation, ErrorClass::Unknown, said));
    };
    let failure = error::failure(operation, &refusal);
    if failure.code.as_deref() == Some(WOULD_SUCCEED) { Ok(()) } else { Err(failure) }
}

impl Ec2 {
    /// Whether this may be read. `vpc` is for the call that is about one.
    pub async fn may_read(&self, read: Read, vpc: Option<&VpcId>) -> Result<(), Failure> {
        let (client, name) = (&self.client, read.action());
        match read {
            Read::Vpcs => leave(name, client.describe_vpcs().dry_run(true).send().await),
            Read::VpcAttribute => {
                let vpc = vpc.map_or("vpc-00000000000000000", VpcId::as_str);
                let request = client.describe_vpc_attribute().vpc_id(vpc);
                let request = request.attribute(VpcAttributeName::EnableDnsSupport).dry_run(true);
                leave(name, request.send().await)
            }
            Read::Subnets => leave(name, client.describe_subnets().dry_run(true).send().await),
            Read::RouteTables => {
                leave(name, client.describe_route_tables().dry_run(true).send().await)
            }
            Read::SecurityGroups => {
                leave(name, client.describe_security_groups().dry_run(true).send().await)
            }
            Read::Endpoints => {
                leave(name, client.describe_vpc_endpoints().dry_run(true).send().await)
            }
            Read::Services => {
                leave(name, client.describe_vpc_endpoint_services().dry_run(true).send().await)
            }
            Read::Interfaces => {
                leave(name, client.describe_network_interfaces().dry_run(true).send().await)
            }
        }
    }

    /// Whether an endpoint may be made so.
    pub async fn may_create_endpoint(&self, new: &NewEndpoint<'_>) -> Result<(), Failure> {
        let request = self.create_endpoint_request(new).dry_run(true);
        leave("CreateVpcEndpoint", request.send().await)
    }

    /// Whether an endpoint may be changed so.
    pub async fn may_modify_endpoint(
        &self,
        id: &EndpointId,
        change: &EndpointModification<'_>,
    ) -> Result<(), Failure> {
        let request = self.modify_endpoint_request(id, change).dry_run(true);
        leave("ModifyVpcEndpoint", request.send().await)
    }

    /// Whether an endpoint may be deleted.
    pub async fn may_delete_endpoint(&self, id: &EndpointId) -> Result<(), Failure> {
        let request = self.client.delete_vpc_endpoints().vpc_endpoint_ids(id.as_str());
        leave("DeleteVpcEndpoints", request.dry_run(true).send().await)
    }

    /// Whether a security group may be made so.
    pub async fn may_create_security_group(
        &self,
        vpc: &VpcId,
        name: &str,
        description: &str,
        tags: &Tags,
    ) -> Result<(), Failure> {
        let request = self.create_security_group_request(vpc, name, description, tags);
        leave("CreateSecurityGroup", request.dry_run(true).send().await)
    }

    /// Whether these rules may be added.
    pub async fn may_authorize(
        &self,
        group: &SecurityGroupId,
        rules: &BTreeSet<Rule>,
    ) -> Result<(), Failure> {
        let request = self.client.authorize_security_group_ingress().group_id(group.as_str());
        let rules = rules.iter().map(convert::permission).collect();
        let request = request.set_ip_permissions(Some(rules)).dry_run(true);
        leave("AuthorizeSecurityGroupIngress", request.send().await)
    }

    /// Whether these rules may be taken away.
    pub async fn may_revoke(
        &self,
        group: &SecurityGroupId,
        rules: &BTreeSet<Rule>,
    ) -> Result<(), Failure> {
        let request = self.client.revoke_security_group_ingress().group_id(group.as_str());
        let rules = rules.iter().map(convert::permission).collect();
        let request = request.set_ip_permissions(Some(rules)).dry_run(true);
        leave("RevokeSecurityGroupIngress", request.send().await)
    }

    /// Whether a security group may be deleted.
    pub async fn may_delete_security_group(&self, id: &SecurityGroupId) -> Result<(), Failure> {
        let request = self.client.delete_security_group().group_id(id.as_str());
        leave("DeleteSecurityGroup", request.dry_run(true).send().await)
    }

    /// Whether these tags may be set.
    pub async fn may_tag(&self, resource: &str, tags: &Tags) -> Result<(), Failure> {
        let request = self.client.create_tags().resources(resource).set_tags(Some(tag_list(tags)));
        leave("CreateTags", request.dry_run(true).send().await)
    }

    /// Whether the account may use a region: `DescribeRegions`, asked where this client is.
    pub async fn opted_in(&self, region: &str) -> Result<bool, Failure> {
        let request = self.client.describe_regions().all_regions(true).region_names(region);
        let answer = request.send().await.map_err(|e| error::failure("DescribeRegions", &e))?;
        let regions = answer.regions.unwrap_or_default();
        Ok(regions.iter().any(|one| one.opt_in_status.as_deref() != Some("not-opted-in")))
    }
}
