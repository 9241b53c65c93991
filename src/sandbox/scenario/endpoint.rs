//! Endpoints of a scenario.

use std::collections::BTreeMap;

use super::file::{Endpoint as Described, EndpointState};
use super::network::Site;
use crate::sandbox::catalogue::{Catalogue, prefix_list_of};
use crate::sandbox::dice::Dice;
use crate::sandbox::ec2::endpoints::policy;
use crate::sandbox::world::endpoint::{Endpoint, Kind, Settle, State, Then};
use crate::sandbox::world::network::{Destination, Route, Target};
use crate::sandbox::world::region::Region;

/// Adds an endpoint to a VPC.
pub(super) fn add(
    state: &mut Region,
    site: &Site,
    described: &Described,
    support: &BTreeMap<String, Vec<String>>,
    seed: u64,
) -> Result<(), String> {
    let Described { service, kind, .. } = described;
    let catalogue = Catalogue::embedded();
    let missing = || format!("there is no service `{service}` in {}", site.region);
    let name = catalogue.full_name(site.region, service).ok_or_else(missing)?;
    let types = catalogue.named(site.region, &name);
    let found = types.iter().find(|detail| kind.is_none_or(|kind| kind == detail.kind));
    let detail = found.ok_or_else(|| format!("`{service}` has no endpoints of this type"))?;
    let gateway = detail.kind == Kind::Gateway;
    let id = state.id("vpce");
    let mut endpoint = Endpoint {
        id: id.clone(),
        vpc: site.vpc.clone(),
        service: name.clone(),
        kind: detail.kind,
        state: State::Available,
        settle: None,
        busy_until: 0,
        owner: site.account.to_owned(),
        policy: described
            .policy
            .clone()
            .or_else(|| detail.policy.then(|| policy::full(detail.kind))),
        route_tables: Vec::new(),
        subnets: Vec::new(),
        groups: Vec::new(),
        interfaces: Vec::new(),
        ip_type: "ipv4".to_owned(),
        dns_record_type: if gateway { "service-defined" } else { "ipv4" }.to_owned(),
        inbound_only: None,
        private_dns: described.private_dns.unwrap_or(!detail.private_dns.is_empty()) && !gateway,
        private_names: detail.private_dns.clone(),
        label: Dice::new(seed, &["label", &id]).text("abcdefghijklmnopqrstuvwxyz0123456789", 8),
        requester_managed: described.requester_managed,
        created: 1_700_000_000_000,
        error: None,
        bytes_per_minute: described.bytes_per_minute,
    };
    begin(&mut endpoint, described.state);
    let places = described.places.unwrap_or(usize::MAX);
    if gateway {
        endpoint.route_tables = site.private_tables.iter().take(places).cloned().collect();
        routes(state, &endpoint, site.region);
    } else {
        endpoint.groups = groups(state, site, described)?;
        let zones = support.get(&name);
        let fits = |id: &&String| {
            let zone = state.subnets.get(*id).map(|subnet| &subnet.zone);
            zone.is_some_and(|zone| zones.is_none_or(|zones| zones.contains(zone)))
        };
        endpoint.subnets = site.private.iter().filter(fits).take(places).cloned().collect();
        for subnet in &endpoint.subnets {
            let made = state.add_interface(subnet, &endpoint.groups, &id, "vpc_endpoint", None);
            endpoint.interfaces.extend(made);
        }
    }
    state.tags.insert(id.clone(), described.tags.clone());
    state.endpoints.insert(id, endpoint);
    Ok(())
}

fn begin(endpoint: &mut Endpoint, state: Option<EndpointState>) {
    match state {
        None | Some(EndpointState::Available) => (),
        Some(EndpointState::Failed) => {
            endpoint.state = State::Failed;
            let text = "The endpoint could not be created because of an internal error.";
            endpoint.error = Some(("InternalError".to_owned(), text.to_owned()));
        }
        Some(EndpointState::Deleting) => {
            endpoint.state = State::Deleting;
            // Two minutes after the world first moves.
            endpoint.settle = Some(Settle { at: -120_000, then: Then::Gone });
        }
    }
}

fn routes(state: &mut Region, endpoint: &Endpoint, region: &str) {
    let list = prefix_list_of(&endpoint.service, region).id;
    for id in &endpoint.route_tables {
        if let Some(table) = state.route_tables.get_mut(id) {
            table.routes.push(Route {
                destination: Destination::PrefixList(list.clone()),
                target: Target::Gateway(endpoint.id.clone()),
                original: false,
            });
        }
    }
}

fn groups(state: &Region, site: &Site, described: &Described) -> Result<Vec<String>, String> {
    let name = described.group.as_deref().unwrap_or("default");
    let mut groups = state.security_groups.values().filter(|group| group.vpc == site.vpc);
    let found = groups.find(|group| group.name == name).map(|group| group.id.clone());
    found.map(|id| vec![id]).ok_or_else(|| format!("there is no security group `{name}`"))
}
