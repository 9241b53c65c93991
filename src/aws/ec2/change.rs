//! Changing: one method per mutating call. Each answers what AWS answered; none decides anything.

use std::collections::BTreeSet;

use aws_sdk_ec2::operation::create_security_group::builders::CreateSecurityGroupFluentBuilder;
use aws_sdk_ec2::operation::create_vpc_endpoint::builders::CreateVpcEndpointFluentBuilder;
use aws_sdk_ec2::operation::modify_vpc_endpoint::builders::ModifyVpcEndpointFluentBuilder;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType, Tag, TagSpecification, VpcEndpointType,
};

use super::Ec2;
use crate::aws::throttle::ThrottlesAreTold;
use crate::aws::{convert, error};
use crate::ids::{EndpointId, RouteTableId, SecurityGroupId, SubnetId, VpcId};
use crate::model::endpoint::{DnsOptions, EndpointKey, EndpointState, IpAddressType, Tags};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::network::{DnsAttribute, Rule};
use crate::model::policy::PolicyDocument;

/// A `CreateVpcEndpoint` request.
#[derive(Debug, Clone)]
pub struct NewEndpoint<'a> {
    /// VPC, service, type.
    pub key: &'a EndpointKey,
    /// One per zone.
    pub subnets: &'a BTreeSet<SubnetId>,
    /// Resolved: every group exists.
    pub security_groups: &'a BTreeSet<SecurityGroupId>,
    /// Of a gateway.
    pub route_tables: &'a BTreeSet<RouteTableId>,
    /// Always sent, because AWS documents no default.
    pub private_dns: bool,
    /// `None`: AWS's choice.
    pub ip_address_type: Option<IpAddressType>,
    /// What is said of DNS records.
    pub dns: &'a DnsOptions,
    /// `None` or full access: AWS's default, not sent.
    pub policy: Option<&'a PolicyDocument>,
    /// Set in the same call: an endpoint is never without its owner's tag.
    pub tags: &'a Tags,
    /// At most 64 characters. The same token is the same request for AWS, however often it is sent.
    pub client_token: &'a str,
}

/// A `ModifyVpcEndpoint` request; empty parts are not sent.
#[derive(Debug, Clone, Default)]
pub struct EndpointModification<'a> {
    /// Subnets to add and to remove.
    pub subnets: (BTreeSet<&'a SubnetId>, BTreeSet<&'a SubnetId>),
    /// Security groups to add and to remove.
    pub security_groups: (BTreeSet<&'a SecurityGroupId>, BTreeSet<&'a SecurityGroupId>),
    /// Route tables to add and to remove.
    pub route_tables: (BTreeSet<&'a RouteTableId>, BTreeSet<&'a RouteTableId>),
    /// `PrivateDnsEnabled`
    pub private_dns: Option<bool>,
    /// `IpAddressType`
    pub ip_address_type: Option<IpAddressType>,
    /// `DnsOptions`
    pub dns: Option<&'a DnsOptions>,
    /// Full access is sent as `ResetPolicy`.
    pub policy: Option<&'a PolicyDocument>,
}

/// What goes onto the wire for a list: nothing rather than an empty one.
fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Option<Vec<String>> {
    let items: Vec<String> = items.into_iter().map(|item| item.as_ref().to_owned()).collect();
    (!items.is_empty()).then_some(items)
}

pub(super) fn tag_list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// For the calls that a [`Pace`](crate::aws::Pace) gives leave to.
fn told() -> aws_sdk_ec2::config::Builder {
    aws_sdk_ec2::Config::builder().retry_classifier(ThrottlesAreTold)
}

fn on_create(resource: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(resource).set_tags(Some(tag_list(tags))).build()
}

impl Ec2 {
    /// `CreateSecurityGroup` with its tags. It takes no client token; its name, unique in the VPC, does
    /// that service: a second call fails as `AlreadyExists`.
    pub async fn create_security_group(
        &self,
        vpc: &VpcId,
        name: &str,
        description: &str,
        tags: &Tags,
    ) -> Result<SecurityGroupId, Failure> {
        self.create_security_group_request(vpc, name, description, tags)
            .send()
            .await
            .map_err(|e| error::failure("CreateSecurityGroup", &e))?
            .group_id
            .map(SecurityGroupId::new)
            .ok_or_else(|| without("CreateSecurityGroup", "a group id"))
    }

    pub(super) fn create_security_group_request(
        &self,
        vpc: &VpcId,
        name: &str,
        description: &str,
        tags: &Tags,
    ) -> CreateSecurityGroupFluentBuilder {
        self.client
            .create_security_group()
            .vpc_id(vpc.as_str())
            .group_name(name)
            .description(description)
            .tag_specifications(on_create(ResourceType::SecurityGroup, tags))
    }

    /// `AuthorizeSecurityGroupIngress`
    pub async fn authorize(
        &self,
        group: &SecurityGroupId,
        rules: &BTreeSet<Rule>,
    ) -> Result<(), Failure> {
        self.client
            .authorize_security_group_ingress()
            .group_id(group.as_str())
            .set_ip_permissions(Some(rules.iter().map(convert::permission).collect()))
            .send()
            .await
            .map(drop)
            .map_err(|e| error::failure("AuthorizeSecurityGroupIngress", &e))
    }

    /// `RevokeSecurityGroupIngress`
    pub async fn revoke(
        &self,
        group: &SecurityGroupId,
        rules: &BTreeSet<Rule>,
    ) -> Result<(), Failure> {
        self.client
            .revoke_security_group_ingress()
            .group_id(group.as_str())
            .set_ip_permissions(Some(rules.iter().map(convert::permission).collect()))
            .send()
            .await
            .map(drop)
            .map_err(|e| error::failure("RevokeSecurityGroupIngress", &e))
    }

    /// `CreateVpcEndpoint`. Gateways answer `available` at once.
    pub async fn create_endpoint(
        &self,
        new: &NewEndpoint<'_>,
    ) -> Result<(EndpointId, EndpointState), Failure> {
        let answer = self
            .create_endpoint_request(new)
            .customize()
            .config_override(told())
            .send()
            .await
            .map_err(|e| error::failure("CreateVpcEndpoint", &e))?;
        let endpoint =
            answer.vpc_endpoint.ok_or_else(|| without("CreateVpcEndpoint", "the endpoint"))?;
        let state = EndpointState::parse(endpoint.state.as_ref().map_or("", |s| s.as_str()));
        let id = endpoint
            .vpc_endpoint_id
            .ok_or_else(|| without("CreateVpcEndpoint", "an endpoint id"))?;
        Ok((EndpointId::new(id), state))
    }

    pub(super) fn create_endpoint_request(
        &self,
        new: &NewEndpoint<'_>,
    ) -> CreateVpcEndpointFluentBuilder {
        let policy = new.policy.filter(|policy| !policy.is_full_access());
        self.client
            .create_vpc_endpoint()
            .vpc_id(new.key.vpc.as_str())
            .service_name(new.key.service.as_str())
            .vpc_endpoint_type(VpcEndpointType::from(new.key.kind.as_str()))
            .set_subnet_ids(list(new.subnets))
            .set_security_group_ids(list(new.security_groups))
            .set_route_table_ids(list(new.route_tables))
            .private_dns_enabled(new.private_dns)
            .set_ip_address_type(new.ip_address_type.map(|kind| kind.as_str().into()))
            .set_dns_options(convert::dns_specification(new.dns))
            .set_policy_document(policy.map(PolicyDocument::to_json))
            .tag_specifications(on_create(ResourceType::VpcEndpoint, new.tags))
            .client_token(new.client_token)
    }

    /// `ModifyVpcEndpoint`: every change in one call, because AWS serialises modifications of an
    /// endpoint and answers `OperationInProgress` to the second.
    pub async fn modify_endpoint(
        &self,
        id: &EndpointId,
        change: &EndpointModification<'_>,
    ) -> Result<(), Failure> {
        self.modify_endpoint_request(id, change)
            .customize()
            .config_override(told())
            .send()
            .await
            .map(drop)
            .map_err(|e| error::failure("ModifyVpcEndpoint", &e))
    }

    pub(super) fn modify_endpoint_request(
        &self,
        id: &EndpointId,
        change: &EndpointModification<'_>,
    ) -> ModifyVpcEndpointFluentBuilder {
        let reset = change.policy.is_some_and(PolicyDocument::is_full_access);
        self.client
            .modify_vpc_endpoint()
            .vpc_endpoint_id(id.as_str())
            .set_add_subnet_ids(list(change.subnets.0.iter().copied()))
            .set_remove_subnet_ids(list(change.subnets.1.iter().copied()))
            .set_add_security_group_ids(list(change.security_groups.0.iter().copied()))
            .set_remove_security_group_ids(list(change.security_groups.1.iter().copied()))
            .set_add_route_table_ids(list(change.route_tables.0.iter().copied()))
            .set_remove_route_table_ids(list(change.route_tables.1.iter().copied()))
            .set_private_dns_enabled(change.private_dns)
            .set_ip_address_type(change.ip_address_type.map(|kind| kind.as_str().into()))
            .set_dns_options(change.dns.and_then(convert::dns_specification))
            .set_reset_policy(reset.then_some(true))
            .set_policy_document(change.policy.filter(|_| !reset).map(PolicyDocument::to_json))
    }

    /// `DeleteVpcEndpoints` of one endpoint. AWS answers 200 with a list of what it did not delete, and
    /// that list is read; an endpoint that is gone already counts as deleted.
    pub async fn delete_endpoint(&self, id: &EndpointId) -> Result<(), Failure> {
        let answer = self
            .client
            .delete_vpc_endpoints()
            .vpc_endpoint_ids(id.as_str())
            .customize()
            .config_override(told())
            .send()
            .await
            .map_err(|e| error::failure("DeleteVpcEndpoints", &e))?;
        let refused =
            answer.unsuccessful.unwrap_or_default().into_iter().find_map(|item| item.error);
        match refused {
            None => Ok(()),
            Some(refusal) => {
                let code = refusal.code.unwrap_or_default();
                let class = error::class_of(&code);
                if class == ErrorClass::NotFound {
                    return Ok(());
                }
                let message = refusal.message.unwrap_or_default();
                let hint = (class == ErrorClass::Denied).then(|| error::denied(&message));
                let mut failure = Failure::local("DeleteVpcEndpoints", class, message);
                failure.hint = hint;
                failure.code = Some(code);
                Err(failure)
            }
        }
    }

    /// `DeleteSecurityGroup`; one that is gone already counts as deleted.
    pub async fn delete_security_group(&self, id: &SecurityGroupId) -> Result<(), Failure> {
        let answer = self.client.delete_security_group().group_id(id.as_str()).send().await;
        match answer.map_err(|e| error::failure("DeleteSecurityGroup", &e)) {
            Ok(_) => Ok(()),
            Err(failure) if failure.class == ErrorClass::NotFound => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// `ModifyVpcAttribute` that turns on one attribute, which is all that one call takes.
    pub async fn enable_vpc_dns(
        &self,
        vpc: &VpcId,
        attribute: DnsAttribute,
    ) -> Result<(), Failure> {
        let on = AttributeBooleanValue::builder().value(true).build();
        let request = self.client.modify_vpc_attribute().vpc_id(vpc.as_str());
        let request = match attribute {
            DnsAttribute::Support => request.enable_dns_support(on),
            DnsAttribute::Hostnames => request.enable_dns_hostnames(on),
        };
        request.send().await.map(drop).map_err(|e| error::failure("ModifyVpcAttribute", &e))
    }

    /// `CreateTags`
    pub async fn tag(&self, resource: &str, tags: &Tags) -> Result<(), Failure> {
        self.client
            .create_tags()
            .resources(resource)
            .set_tags(Some(tag_list(tags)))
            .send()
            .await
            .map(drop)
            .map_err(|e| error::failure("CreateTags", &e))
    }
}

fn without(operation: &str, what: &str) -> Failure {
    Failure::local(operation, ErrorClass::Unknown, format!("AWS answered without {what}"))
}
