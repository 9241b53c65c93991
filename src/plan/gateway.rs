//! Gateway endpoints: routes to S3 or `DynamoDB` in route tables. A table takes one route per service,
//! so what another endpoint already routes is left to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{EndpointId, RouteTableId};
use crate::model::endpoint::{DnsOptions, EndpointState, IpAddressType};
use crate::model::network::RouteTable;
use crate::model::observed::Endpoint;
use crate::plan::action::DesiredEndpoint;
use crate::plan::dns::S3Gateway;
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::service::Wanted;
use crate::plan::standing::Standing;
use crate::plan::target::{Site, Vicinity};
use crate::plan::{diff, dns, foreign, placing, policy, select, tags};

/// Plans one gateway endpoint in one VPC.
pub(super) fn plan(site: &Site, wanted: &Wanted, vicinity: &mut Vicinity, draft: &mut Draft) {
    if let Err(refusal) = try_plan(site, wanted, vicinity, draft) {
        draft.block(Some(&site.vpc.id), wanted.short, refusal);
    }
}

fn try_plan(
    site: &Site,
    wanted: &Wanted,
    vicinity: &mut Vicinity,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let key = site.key(wanted);
    let standing = Standing::find(site, &key)?;
    let mut desired = DesiredEndpoint {
        key,
        subnets: BTreeSet::new(),
        security_groups: BTreeSet::new(),
        route_tables: route_tables(site, wanted)?,
        private_dns: private_dns(wanted)?,
        ip_address_type: ip_address_type(wanted)?,
        dns: dns_options(site, wanted)?,
        policy: policy::desired(wanted)?,
        tags: tags::of_endpoint(site, wanted),
    };
    let held = held_by_others(site, &desired, &standing);
    for (other, tables) in &held {
        leave_to(site, wanted, &desired, other, tables, draft);
        desired.route_tables.retain(|table| !tables.contains(table));
    }
    if dns::attributes_on(site).is_err() {
        let text = "the VPC's DNS attributes are off: names resolve by other means, or not at all";
        draft.note(Some(&site.vpc.id), wanted.short, "dns-attributes-off", text);
    }
    if desired.route_tables.is_empty() && standing.kept.is_none() {
        standing.delete_spare(wanted.short, draft);
        return Ok(());
    }
    let record_ip_type = desired.dns.record_ip_type.clone();
    let after = BTreeSet::new();
    let made_by = diff::settle(site, wanted, desired, &standing, Rank::Gateway, after, draft)?;
    if wanted.short == "s3" && vicinity.s3_gateway.is_none() {
        vicinity.s3_gateway = Some(S3Gateway { made_by, record_ip_type });
    }
    Ok(())
}

fn route_tables(site: &Site, wanted: &Wanted) -> Result<BTreeSet<RouteTableId>, Refusal> {
    let selector = &wanted.spec.route_tables;
    let own: BTreeSet<_> = select::route_tables(selector, site.vpc)
        .into_iter()
        .filter(|table| table.owner == site.target.account)
        .map(|table| table.id.clone())
        .collect();
    if !own.is_empty() {
        return Ok(own);
    }
    let words = select::route_tables_in_words(selector);
    let tables = select::list(site.vpc.route_tables.values().map(in_words));
    let there = if tables.is_empty() {
        "none is visible".to_owned()
    } else {
        format!("there are {tables}")
    };
    Err(Refusal::new(
        "no-route-table-matches",
        format!("`route_tables` selects {words}, and {there}"),
    ))
}

fn in_words(table: &RouteTable) -> String {
    let public = if table.leads_to_internet_gateway() { "public" } else { "private" };
    let main = if table.main { ", main" } else { "" };
    format!("{} ({public}{main})", table.id)
}

fn private_dns(wanted: &Wanted) -> Result<bool, Refusal> {
    if wanted.spec.private_dns == Some(true) {
        return Err(Refusal::new(
            "no-private-dns-name",
            "a gateway endpoint works by routes and has no private DNS: leave private_dns out",
        ));
    }
    Ok(false)
}

fn ip_address_type(wanted: &Wanted) -> Result<Option<IpAddressType>, Refusal> {
    if let Some(asked) = wanted.spec.ip_address_type {
        placing::family_offered(wanted, asked)?;
    }
    Ok(wanted.spec.ip_address_type)
}

/// Records of another type than `service-defined` need both DNS attributes, and `DynamoDB` has none
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>).
fn dns_options(site: &Site, wanted: &Wanted) -> Result<DnsOptions, Refusal> {
    let record_ip_type = wanted.spec.dns.record_ip_type.clone();
    if let Some(asked) = record_ip_type.as_deref()
        && asked != "service-defined"
    {
        if wanted.short == "dynamodb" {
            return Err(Refusal::new(
                "dns-record-type-not-supported",
                format!(
                    "DynamoDB's gateway has DNS records of type service-defined only, not {asked}"
                ),
            ));
        }
        dns::attributes_on(site)?;
    }
    Ok(DnsOptions { record_ip_type, ..DnsOptions::default() })
}

/// Tables that endpoints which are not ours hold the service's route in.
fn held_by_others<'a>(
    site: &Site<'a>,
    desired: &DesiredEndpoint,
    standing: &Standing<'a>,
) -> Vec<(&'a Endpoint, BTreeSet<RouteTableId>)> {
    let mut routed: BTreeMap<EndpointId, BTreeSet<RouteTableId>> = BTreeMap::new();
    for table in site.vpc.route_tables.values() {
        for route in table.routes.iter().filter(|route| route.target.starts_with("vpce-")) {
            let endpoint = EndpointId::new(route.target.as_str());
            routed.entry(endpoint).or_default().insert(table.id.clone());
        }
    }
    let routes = |other: &&Endpoint| {
        !matches!(
            other.state,
            EndpointState::Failed | EndpointState::Rejected | EndpointState::Expired
        )
    };
    standing
        .others
        .iter()
        .copied()
        .filter(routes)
        .map(|other| {
            let mut tables = other.route_tables.clone();
            tables.extend(routed.remove(&other.id).unwrap_or_default());
            tables.retain(|table| desired.route_tables.contains(table));
            (other, tables)
        })
        .filter(|(_, tables)| !tables.is_empty())
        .collect()
}

/// Says what becomes of the tables that another endpoint holds.
fn leave_to(
    site: &Site,
    wanted: &Wanted,
    desired: &DesiredEndpoint,
    other: &Endpoint,
    tables: &BTreeSet<RouteTableId>,
    draft: &mut Draft,
) {
    let lacks: Vec<String> = foreign::state_lacks(other)
        .into_iter()
        .chain(foreign::policy_lacks(desired, other))
        .collect();
    let all = desired.route_tables.is_subset(tables);
    let on = if all { String::new() } else { format!(" on {}", select::list(tables)) };
    if lacks.is_empty() {
        foreign::note_satisfied(site, wanted, other, &on, draft);
    } else {
        let mut refusal = foreign::in_the_way(other, &lacks);
        if !all {
            refusal.reason = format!("{}{on}", refusal.reason);
        }
        draft.block(Some(&site.vpc.id), wanted.short, refusal);
    }
}
