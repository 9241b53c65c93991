//! What one target should have: the base, then every override that applies, merged field by field
//! and resolved into one entry per service and type. Nothing can fail here: what could contradict
//! itself was refused when the file was read.

use std::collections::BTreeMap;

use crate::ids::{Region, ServiceName};
use crate::model::account::Account;
use crate::model::endpoint::{EndpointKind, OWNER_TAG};
use crate::model::policy::PolicyDocument;
use crate::model::spec::{
    EndpointSpec, GroupRef, IngressSource, ManagedGroup, NameTag, RouteTableSelector, ServiceRef,
    Settings, SubnetSelector, VpcSelector,
};

use super::check::compared_name;
use super::{Config, EndpointTable, Layer, LeadsTo, Naming, Override};

impl Config {
    /// What this account should have in this region.
    pub fn settings(&self, account: &Account, region: &Region) -> Settings {
        self.settings_under(&self.overriding(account, region), region)
    }

    /// The indices of the overrides that apply to this account in this region, in order. Where they are the
    /// same, so are the settings.
    pub fn overriding(&self, account: &Account, region: &Region) -> Vec<usize> {
        let overrides = self.overrides.iter().enumerate();
        overrides.filter(|(_, over)| over.applies_to(account, region)).map(|(at, _)| at).collect()
    }

    /// What an account should have in this region to which these overrides apply.
    pub fn settings_under(&self, overrides: &[usize], region: &Region) -> Settings {
        let mut layer = self.base.clone();
        for over in overrides.iter().filter_map(|at| self.overrides.get(*at)) {
            layer.overlay(&over.layer);
        }
        let organization = self.organization.id.clone();
        Settings { organization, ..layer.resolve(&self.deployment, region) }
    }
}

impl Override {
    /// Whether it applies to this account in this region.
    pub fn applies_to(&self, account: &Account, region: &Region) -> bool {
        self.names(account) && (self.regions.is_empty() || self.regions.contains(region))
    }

    /// Whether it applies to this account in any region.
    pub(super) fn names(&self, account: &Account) -> bool {
        self.accounts.is_empty() || self.accounts.iter().any(|selector| selector.matches(account))
    }
}

/// The upper level wins where it says something.
fn over<T: Clone>(below: &mut Option<T>, above: Option<&T>) {
    if let Some(above) = above {
        *below = Some(above.clone());
    }
}

impl Layer {
    pub(super) fn overlay(&mut self, above: &Self) {
        let Self {
            vpcs,
            subnets,
            route_tables,
            fix_vpc_dns,
            security_group_name,
            ingress,
            endpoints,
            tags,
            name_tag: Naming { on, key, template },
        } = above;
        over(&mut self.vpcs, vpcs.as_ref());
        over(&mut self.subnets, subnets.as_ref());
        over(&mut self.route_tables, route_tables.as_ref());
        over(&mut self.fix_vpc_dns, fix_vpc_dns.as_ref());
        over(&mut self.security_group_name, security_group_name.as_ref());
        over(&mut self.ingress, ingress.as_ref());
        over(&mut self.name_tag.on, on.as_ref());
        over(&mut self.name_tag.key, key.as_ref());
        over(&mut self.name_tag.template, template.as_ref());
        self.tags.extend(tags.clone());
        for (name, table) in endpoints {
            overlay_entry(&mut self.endpoints, name.clone(), table);
        }
    }

    fn resolve(self, deployment: &str, region: &Region) -> Settings {
        let endpoints = self.wanted().into_values();
        let endpoints = endpoints.map(|(name, table)| self.spec(name, table, region)).collect();
        let Naming { on, key, template } = self.name_tag;
        let name_tag = on.unwrap_or(true).then(|| NameTag {
            key: key.unwrap_or_else(|| "Name".to_owned()),
            template: template.unwrap_or_else(|| "{service}-endpoint".to_owned()),
        });
        let mut tags = self.tags;
        tags.insert(OWNER_TAG.to_owned(), deployment.to_owned());
        Settings {
            deployment: deployment.to_owned(),
            organization: None,
            vpcs: self.vpcs.unwrap_or(VpcSelector::NonDefault),
            fix_vpc_dns: self.fix_vpc_dns.unwrap_or(false),
            security_group: ManagedGroup {
                name: self.security_group_name.unwrap_or_else(|| "linkwalk-endpoints".to_owned()),
                ingress: self.ingress.unwrap_or_else(|| vec![IngressSource::Vpc]),
            },
            endpoints,
            tags,
            name_tag,
        }
    }

    /// Bundles unfolded and united, then what single tables say of their services: one table per
    /// endpoint, with the name of the table it comes from.
    pub(super) fn wanted(
        &self,
    ) -> BTreeMap<(String, Option<EndpointKind>), (String, EndpointTable)> {
        let mut wanted = BTreeMap::new();
        for (name, table) in &self.endpoints {
            let LeadsTo::Bundle { members } = &table.leads_to else { continue };
            for member in members.iter().filter(|_| table.enabled != Some(false)) {
                let part = table.for_member(member);
                let LeadsTo::Service { service, kind } = &part.leads_to else { continue };
                let identity = (compared_name(service), kind.clone());
                let (_, entry) =
                    wanted.entry(identity).or_insert_with(|| (name.clone(), part.clone()));
                entry.overlay(&part);
            }
        }
        for (name, table) in &self.endpoints {
            let LeadsTo::Service { service, kind } = &table.leads_to else { continue };
            let identity = (compared_name(service), kind.clone());
            if table.enabled == Some(false) {
                wanted.remove(&identity);
                continue;
            }
            let (origin, entry) =
                wanted.entry(identity).or_insert_with(|| (name.clone(), table.clone()));
            origin.clone_from(name);
            entry.overlay(table);
        }
        wanted
    }

    fn spec(&self, name: String, table: EndpointTable, region: &Region) -> EndpointSpec {
        let (service, kind) = match table.leads_to {
            LeadsTo::Service { service: ServiceRef::Full(full), kind } => {
                let full = full.as_str().replace("{region}", region.as_str());
                (ServiceRef::Full(ServiceName::new(full)), kind)
            }
            LeadsTo::Service { service, kind } => (service, kind),
            LeadsTo::Bundle { .. } => (ServiceRef::Short(name.clone()), None),
        };
        let subnets = table.subnets.or_else(|| self.subnets.clone());
        let route_tables = table.route_tables.or_else(|| self.route_tables.clone());
        EndpointSpec {
            table: name,
            service,
            kind,
            subnets: subnets.unwrap_or(SubnetSelector::Private),
            route_tables: route_tables.unwrap_or(RouteTableSelector::Private),
            security_groups: table.security_groups.unwrap_or_else(|| vec![GroupRef::Managed]),
            private_dns: table.private_dns,
            ip_address_type: table.ip_address_type,
            dns: table.dns,
            policy: table.policy.unwrap_or_else(|| PolicyDocument::full_access().into()),
            tags: table.tags,
            name: table.name,
        }
    }
}

fn overlay_entry(
    tables: &mut BTreeMap<String, EndpointTable>,
    name: String,
    above: &EndpointTable,
) {
    tables.entry(name).or_insert_with(|| above.clone()).overlay(above);
}

impl EndpointTable {
    /// Laying a table over itself changes nothing, so a new entry may be overlaid with its origin.
    fn overlay(&mut self, above: &Self) {
        let Self {
            leads_to,
            enabled,
            subnets,
            route_tables,
            security_groups,
            private_dns,
            ip_address_type,
            dns,
            policy,
            tags,
            name,
        } = above;
        self.leads_to.clone_from(leads_to);
        over(&mut self.enabled, enabled.as_ref());
        over(&mut self.subnets, subnets.as_ref());
        over(&mut self.route_tables, route_tables.as_ref());
        over(&mut self.security_groups, security_groups.as_ref());
        over(&mut self.private_dns, private_dns.as_ref());
        over(&mut self.ip_address_type, ip_address_type.as_ref());
        over(&mut self.dns.record_ip_type, dns.record_ip_type.as_ref());
        over(
            &mut self.dns.private_dns_only_for_inbound_resolver,
            dns.private_dns_only_for_inbound_resolver.as_ref(),
        );
        over(&mut self.policy, policy.as_ref());
        over(&mut self.name, name.as_ref());
        self.tags.extend(tags.clone());
    }
}
