//! Reading: everything the planner needs, in few calls, one after another. One target at a time on one
//! connection leaves room for hundreds of targets side by side.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, VpcAttributeName};

use super::Ec2;
use crate::aws::{convert, error};
use crate::ids::{EndpointId, SecurityGroupId, ServiceName, VpcId, ZoneId};
use crate::model::failure::Failure;
use crate::model::network::{DnsAttribute, SecurityGroup, Vpc};
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::Catalogue;

/// The largest page that all but one of the calls take.
const PAGE: i32 = 1000;

/// `DescribeRouteTables` takes no more
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html>).
const ROUTE_TABLE_PAGE: i32 = 100;

/// Collects every page of a paginator, or says which call failed.
macro_rules! every {
    ($operation:literal, $paginator:expr) => {{
        let mut items = Vec::new();
        let mut pages = $paginator.items().send();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|e| error::failure($operation, &e))?);
        }
        items
    }};
}

/// Network interfaces that a security group is on, each with what it is: `eni-... (lambda)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// Those of VPC endpoints, which go with them.
    pub endpoints: BTreeSet<String>,
    /// All others.
    pub others: BTreeSet<String>,
}

impl Ec2 {
    /// Everything in the target that has to do with endpoints. `with_dns` says of which VPCs the DNS
    /// attributes are worth two calls each; the others read as off.
    pub async fn observe(&self, with_dns: impl Fn(&Vpc) -> bool) -> Result<Observed, Failure> {
        let mut vpcs = self.vpcs().await?;
        for vpc in vpcs.values_mut().filter(|vpc| with_dns(vpc)) {
            vpc.dns_support = self.dns_attribute(&vpc.id, DnsAttribute::Support).await?;
            vpc.dns_hostnames = self.dns_attribute(&vpc.id, DnsAttribute::Hostnames).await?;
        }
        self.fill_with_subnets(&mut vpcs).await?;
        self.fill_with_route_tables(&mut vpcs).await?;
        self.fill_with_security_groups(&mut vpcs).await?;
        let endpoints = self.endpoints().await?;
        Ok(Observed { vpcs, endpoints })
    }

    pub(super) async fn vpcs(&self) -> Result<BTreeMap<VpcId, Vpc>, Failure> {
        let pages = self.client.describe_vpcs().into_paginator().page_size(PAGE);
        Ok(every!("DescribeVpcs", pages)
            .into_iter()
            .filter_map(|vpc| convert::vpc(vpc, &self.target.account))
            .map(|vpc| (vpc.id.clone(), vpc))
            .collect())
    }

    /// Whether one of the VPC's DNS attributes is on, from `DescribeVpcAttribute`.
    pub async fn dns_attribute(
        &self,
        vpc: &VpcId,
        attribute: DnsAttribute,
    ) -> Result<bool, Failure> {
        let name = match attribute {
            DnsAttribute::Support => VpcAttributeName::EnableDnsSupport,
            DnsAttribute::Hostnames => VpcAttributeName::EnableDnsHostnames,
        };
        let answer = self
            .client
            .describe_vpc_attribute()
            .vpc_id(vpc.as_str())
            .attribute(name)
            .send()
            .await
            .map_err(|e| error::failure("DescribeVpcAttribute", &e))?;
        let value = answer.enable_dns_support.or(answer.enable_dns_hostnames);
        Ok(value.and_then(|value| value.value).unwrap_or(false))
    }

    pub(super) async fn fill_with_subnets(
        &self,
        vpcs: &mut BTreeMap<VpcId, Vpc>,
    ) -> Result<(), Failure> {
        let pages = self.client.describe_subnets().into_paginator().page_size(PAGE);
        for subnet in every!("DescribeSubnets", pages) {
            if let Some((vpc, subnet)) = convert::subnet(subnet, &self.target.account)
                && let Some(vpc) = vpcs.get_mut(&vpc)
            {
                vpc.subnets.insert(subnet.id.clone(), subnet);
            }
        }
        Ok(())
    }

    pub(super) async fn fill_with_route_tables(
        &self,
        vpcs: &mut BTreeMap<VpcId, Vpc>,
    ) -> Result<(), Failure> {
        let pages =
            self.client.describe_route_tables().into_paginator().page_size(ROUTE_TABLE_PAGE);
        for table in every!("DescribeRouteTables", pages) {
            if let Some((vpc, table)) = convert::route_table(table, &self.target.account)
                && let Some(vpc) = vpcs.get_mut(&vpc)
            {
                vpc.route_tables.insert(table.id.clone(), table);
            }
        }
        Ok(())
    }

    async fn fill_with_security_groups(
        &self,
        vpcs: &mut BTreeMap<VpcId, Vpc>,
    ) -> Result<(), Failure> {
        let pages = self.client.describe_security_groups().into_paginator().page_size(PAGE);
        for group in every!("DescribeSecurityGroups", pages) {
            if let Some((vpc, group)) = convert::security_group(group)
                && let Some(vpc) = vpcs.get_mut(&vpc)
            {
                vpc.security_groups.insert(group.id.clone(), group);
            }
        }
        Ok(())
    }

    /// The security group of this name in a VPC; names are unique there.
    pub async fn security_group_named(
        &self,
        vpc: &VpcId,
        name: &str,
    ) -> Result<Option<SecurityGroup>, Failure> {
        let filter = |key: &str, value: &str| Filter::builder().name(key).values(value).build();
        let pages = self
            .client
            .describe_security_groups()
            .filters(filter("vpc-id", vpc.as_str()))
            .filters(filter("group-name", name))
            .into_paginator()
            .page_size(PAGE);
        Ok(every!("DescribeSecurityGroups", pages)
            .into_iter()
            .find_map(convert::security_group)
            .map(|(_, group)| group))
    }

    /// Every endpoint of the target, foreign ones too; also what a poll reads. No filter: an account
    /// has at most some dozens, and one id that is gone would fail a call that names it.
    pub async fn endpoints(&self) -> Result<BTreeMap<EndpointId, Endpoint>, Failure> {
        let pages = self.client.describe_vpc_endpoints().into_paginator().page_size(PAGE);
        Ok(every!("DescribeVpcEndpoints", pages)
            .into_iter()
            .filter_map(convert::endpoint)
            .map(|endpoint| (endpoint.id.clone(), endpoint))
            .collect())
    }

    /// Network interfaces that these security groups are on, by group: those of endpoints, and all
    /// others with what they are.
    pub async fn interfaces(
        &self,
        groups: &BTreeSet<SecurityGroupId>,
    ) -> Result<BTreeMap<SecurityGroupId, Interfaces>, Failure> {
        let ids = groups.iter().map(|id| id.as_str().to_owned()).collect();
        let filter = Filter::builder().name("group-id").set_values(Some(ids)).build();
        let request = self.client.describe_network_interfaces().filters(filter);
        let mut found: BTreeMap<SecurityGroupId, Interfaces> = BTreeMap::new();
        let pages = request.into_paginator().page_size(PAGE);
        for interface in every!("DescribeNetworkInterfaces", pages) {
            let of_endpoint = convert::is_of_endpoint(&interface);
            let what = convert::interface_in_words(&interface);
            for group in interface.groups.unwrap_or_default() {
                let id = SecurityGroupId::new(group.group_id.unwrap_or_default());
                if groups.contains(&id) {
                    let of_group = found.entry(id).or_default();
                    let side =
                        if of_endpoint { &mut of_group.endpoints } else { &mut of_group.others };
                    side.insert(what.clone());
                }
            }
        }
        Ok(found)
    }

    /// What the region offers, as this account sees it: every service, or the ones named. Names go
    /// into a filter, because an unknown one as a parameter fails the whole call
    /// (`InvalidServiceName`).
    pub async fn catalogue(
        &self,
        only: Option<&BTreeSet<ServiceName>>,
    ) -> Result<Catalogue, Failure> {
        let filter = only.map(|names| {
            let names = names.iter().map(|name| name.as_str().to_owned()).collect();
            vec![Filter::builder().name("service-name").set_values(Some(names)).build()]
        });
        let mut details = Vec::new();
        let mut token = None;
        loop {
            let page = self
                .client
                .describe_vpc_endpoint_services()
                .set_filters(filter.clone())
                .max_results(PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|e| error::failure("DescribeVpcEndpointServices", &e))?;
            details.extend(page.service_details.unwrap_or_default());
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        let names_only = details.iter().any(|detail| {
            detail.availability_zone_ids().is_empty() && !detail.availability_zones().is_empty()
        });
        let zones = if names_only { self.zones().await? } else { BTreeMap::new() };
        let mut offers: Vec<_> = details
            .into_iter()
            .flat_map(|detail| convert::offers(detail, |name| zones.get(name).cloned()))
            .collect();
        offers.sort_by(|a, b| (&a.name, &a.kind).cmp(&(&b.name, &b.kind)));
        Ok(Catalogue { offers })
    }

    /// Ids of the zones by their name in this account.
    async fn zones(&self) -> Result<BTreeMap<String, ZoneId>, Failure> {
        let answer = self
            .client
            .describe_availability_zones()
            .send()
            .await
            .map_err(|e| error::failure("DescribeAvailabilityZones", &e))?;
        Ok(answer
            .availability_zones
            .unwrap_or_default()
            .into_iter()
            .filter_map(|zone| Some((zone.zone_name?, ZoneId::new(zone.zone_id?))))
            .collect())
    }
}
