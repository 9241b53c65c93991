//! EC2: the part of it that is about VPCs and their endpoints.

pub(crate) mod context;
pub(crate) mod endpoints;
mod gateways;
mod groups;
pub(crate) mod ids;
mod interfaces;
mod nat;
pub(crate) mod needs;
mod permissions;
mod regions;
mod routes;
mod rules;
mod services;
mod subnets;
mod tables;
mod tags;
mod vpcs;

use self::context::Ec2;
use super::wire::refusal::Refusal;
use super::wire::xml::Xml;

/// An action.
pub(crate) type Action = fn(&mut Ec2) -> Result<Xml, Refusal>;

/// The action with this name, if the sandbox knows it.
pub(crate) fn action(name: &str) -> Option<Action> {
    Some(match name {
        "DescribeAvailabilityZones" => regions::zones,
        "DescribeInternetGateways" => gateways::describe,
        "DescribeManagedPrefixLists" => services::managed_prefix_lists,
        "DescribeAddresses" => nat::addresses,
        "DescribeNatGateways" => nat::describe,
        "DescribeNetworkInterfaces" => interfaces::describe,
        "DescribePrefixLists" => services::prefix_lists,
        "DescribeRegions" => regions::describe,
        "DescribeRouteTables" => tables::describe,
        "DescribeSecurityGroupRules" => rules::describe,
        "DescribeSecurityGroups" => groups::describe,
        "DescribeSubnets" => subnets::describe,
        "DescribeTags" => tags::describe,
        "DescribeVpcAttribute" => vpcs::describe_attribute,
        "DescribeVpcEndpointServices" => services::describe,
        "DescribeVpcEndpoints" => endpoints::describe::describe,
        "DescribeVpcs" => vpcs::describe,
        "CreateVpcEndpoint" => endpoints::create::create,
        "ModifyVpcEndpoint" => endpoints::modify::modify,
        "DeleteVpcEndpoints" => endpoints::delete::delete,
        _ => return network(name),
    })
}

/// The actions that build and take down networks.
fn network(name: &str) -> Option<Action> {
    Some(match name {
        "AllocateAddress" => nat::allocate,
        "AssociateRouteTable" => tables::associate,
        "AssociateVpcCidrBlock" => vpcs::associate_cidr,
        "AttachInternetGateway" => gateways::attach,
        "AuthorizeSecurityGroupEgress" => |ec2| rules::authorize(ec2, true),
        "AuthorizeSecurityGroupIngress" => |ec2| rules::authorize(ec2, false),
        "CreateInternetGateway" => gateways::create,
        "CreateNatGateway" => nat::create,
        "CreateRoute" => routes::create,
        "CreateRouteTable" => tables::create,
        "CreateSecurityGroup" => groups::create,
        "CreateSubnet" => subnets::create,
        "CreateTags" => tags::create,
        "CreateVpc" => vpcs::create,
        "DeleteInternetGateway" => gateways::delete,
        "DeleteNatGateway" => nat::delete,
        "DeleteRoute" => routes::delete,
        "DeleteRouteTable" => tables::delete,
        "DeleteSecurityGroup" => groups::delete,
        "DeleteSubnet" => subnets::delete,
        "DeleteTags" => tags::delete,
        "DeleteVpc" => vpcs::delete,
        "DetachInternetGateway" => gateways::detach,
        "DisassociateRouteTable" => tables::disassociate,
        "DisassociateVpcCidrBlock" => vpcs::disassociate_cidr,
        "ModifySubnetAttribute" => subnets::modify_attribute,
        "ModifyVpcAttribute" => vpcs::modify_attribute,
        "ReleaseAddress" => nat::release,
        "ReplaceRoute" => routes::replace,
        "ReplaceRouteTableAssociation" => tables::replace_association,
        "RevokeSecurityGroupEgress" => |ec2| rules::revoke(ec2, true),
        "RevokeSecurityGroupIngress" => |ec2| rules::revoke(ec2, false),
        _ => return None,
    })
}

/// What a refusal of permission names as the resource, for actions that have one.
pub(crate) fn resource_kind(action: &str) -> Option<&'static str> {
    Some(match action {
        "CreateVpcEndpoint" | "ModifyVpcEndpoint" | "DeleteVpcEndpoints" => "vpc-endpoint",
        "CreateVpc" | "DeleteVpc" | "ModifyVpcAttribute" | "DescribeVpcAttribute" => "vpc",
        "CreateSubnet" | "DeleteSubnet" => "subnet",
        "CreateSecurityGroup"
        | "DeleteSecurityGroup"
        | "AuthorizeSecurityGroupIngress"
        | "AuthorizeSecurityGroupEgress"
        | "RevokeSecurityGroupIngress"
        | "RevokeSecurityGroupEgress" => "security-group",
        "CreateRoute" | "DeleteRoute" | "CreateRouteTable" | "DeleteRouteTable" => "route-table",
        "CreateTags" | "DeleteTags" => "*",
        _ => return None,
    })
}
