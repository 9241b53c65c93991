//! `DescribeVpcEndpointServices`, and AWS's prefix lists.

use super::context::Ec2;
use super::endpoints::rules::zones_of;
use super::ids::Noun;
use crate::sandbox::catalogue::{Detail, PrefixList};
use crate::sandbox::wire::pages::Page;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::Tags;
use crate::sandbox::world::endpoint::Kind;

const FILTERS: &[&str] =
    &["owner", "service-name", "service-region", "service-type", "supported-ip-address-types"];

/// `DescribeVpcEndpointServices`. One unknown name fails the whole call; a service with two types is there
/// twice.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.params.list("ServiceName");
    let regions = ec2.params.list("ServiceRegion");
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeVpcEndpointServices", 1..=1000)?;
    ec2.ready()?;
    let all = ec2.catalogue.details(ec2.region);
    if let Some(name) = wanted.iter().find(|name| all.iter().all(|detail| detail.name != **name)) {
        let message = format!("The Vpc Endpoint Service '{name}' does not exist");
        return Err(Refusal::new("InvalidServiceName", message));
    }
    let none = Tags::new();
    let all = all.iter().filter(|detail| {
        (wanted.is_empty() || wanted.contains(&detail.name))
            && (regions.is_empty() || regions.iter().any(|name| name == ec2.region))
            && filters.hold(&none, |name| field(ec2, detail, name))
    });
    let (items, next) = page.cut(all, |detail| format!("{} {}", detail.name, detail.kind));
    let mut names: Vec<_> = items.iter().map(|detail| &detail.name).collect();
    names.dedup();
    let mut xml = Xml::new();
    xml.values("serviceNameSet", names);
    xml.set("serviceDetailSet", &items, |xml, detail| {
        write(xml, ec2, detail);
    });
    xml.leaf("nextToken", next.unwrap_or_default());
    Ok(xml)
}

fn field(ec2: &Ec2, detail: &Detail, name: &str) -> Vec<String> {
    match name {
        "owner" => vec!["amazon".to_owned()],
        "service-name" => vec![detail.name.clone()],
        "service-region" => vec![ec2.region.to_owned()],
        "service-type" => vec![detail.kind.to_string()],
        _ => detail.ip_types.clone(),
    }
}

fn write(xml: &mut Xml, ec2: &Ec2, detail: &Detail) {
    xml.leaf("serviceName", &detail.name);
    xml.leaf("serviceId", detail.id());
    xml.set("serviceType", [detail.kind], |xml, kind| {
        xml.leaf("serviceType", kind);
    });
    xml.leaf("serviceRegion", ec2.region);
    let mut zones: Vec<_> =
        zones_of(ec2, &detail.name).into_iter().map(|id| (ec2.zone_name(&id), id)).collect();
    zones.sort();
    xml.values("availabilityZoneIdSet", zones.iter().map(|(_, id)| id));
    xml.values("availabilityZoneSet", zones.iter().map(|(name, _)| name));
    xml.leaf("owner", "amazon");
    let labels: Vec<_> = detail.short(ec2.region).rsplit('.').map(str::to_owned).collect();
    let domain = match detail.kind {
        Kind::Gateway => "amazonaws.com",
        Kind::Interface | Kind::GatewayLoadBalancer => "vpce.amazonaws.com",
    };
    xml.values("baseEndpointDnsNameSet", [format!("{}.{}.{domain}", labels.join("."), ec2.region)]);
    xml.maybe("privateDnsName", detail.private_dns.first());
    if !detail.private_dns.is_empty() {
        xml.set("privateDnsNameSet", &detail.private_dns, |xml, name| {
            xml.leaf("privateDnsName", name);
        });
        xml.leaf("privateDnsNameVerificationState", "verified");
    }
    xml.leaf("vpcEndpointPolicySupported", detail.policy);
    xml.leaf("acceptanceRequired", false);
    xml.leaf("managesVpcEndpoints", false);
    xml.element("tagSet", |_| ());
    xml.values("supportedIpAddressTypeSet", &detail.ip_types);
}

/// `DescribePrefixLists`.
pub(crate) fn prefix_lists(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let (items, next) =
        lists(ec2, "DescribePrefixLists", 5..=1000, &["prefix-list-id", "prefix-list-name"])?;
    let mut xml = Xml::new();
    xml.set("prefixListSet", items, |xml, list| {
        xml.values("cidrSet", &list.cidrs);
        xml.leaf("prefixListId", &list.id).leaf("prefixListName", &list.name);
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

/// `DescribeManagedPrefixLists`.
pub(crate) fn managed_prefix_lists(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let known = ["owner-id", "prefix-list-id", "prefix-list-name"];
    let (items, next) = lists(ec2, "DescribeManagedPrefixLists", 1..=100, &known)?;
    let mut xml = Xml::new();
    xml.set("prefixListSet", items, |xml, list| {
        xml.leaf("prefixListId", &list.id);
        xml.leaf("addressFamily", "IPv4");
        xml.leaf("state", "create-complete");
        xml.leaf(
            "prefixListArn",
            format!("arn:aws:ec2:{}:aws:prefix-list/{}", ec2.region, list.id),
        );
        xml.leaf("prefixListName", &list.name);
        xml.element("tagSet", |_| ());
        xml.leaf("ownerId", "AWS");
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn lists(
    ec2: &mut Ec2,
    action: &str,
    range: std::ops::RangeInclusive<usize>,
    known: &[&str],
) -> Result<(Vec<PrefixList>, Option<String>), Refusal> {
    let wanted = ec2.wanted("PrefixListId", Noun::PrefixList)?;
    let filters = ec2.filters(known, false)?;
    let page: Page = ec2.page(action, range)?;
    ec2.ready()?;
    ec2.must_exist(Noun::PrefixList, &wanted)?;
    let none = Tags::new();
    let all = ec2.catalogue.prefix_lists(ec2.region).into_iter().filter(|list| {
        (wanted.is_empty() || wanted.contains(&list.id))
            && filters.hold(&none, |name| {
                vec![match name {
                    "owner-id" => "AWS".to_owned(),
                    "prefix-list-id" => list.id.clone(),
                    _ => list.name.clone(),
                }]
            })
    });
    Ok(page.cut(all, |list| list.id.clone()))
}
