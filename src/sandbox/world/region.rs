//! What one account has in one region.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tags;
use super::endpoint::{Endpoint, State, Then};
use super::nat::{Address, NatGateway};
use super::network::{
    Block, Destination, Interface, InternetGateway, Route, RouteTable, Subnet, Target, Vpc,
};
use super::security_group::{Peer, Rule, SecurityGroup};
use super::zones::Zone;
use crate::sandbox::dice::Dice;

/// The resources of one account in one region.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Region {
    /// What makes this region's ids differ from all others.
    pub(crate) salt: u64,
    /// Ids given out so far.
    pub(crate) serial: u64,
    pub(crate) vpcs: BTreeMap<String, Vpc>,
    pub(crate) subnets: BTreeMap<String, Subnet>,
    pub(crate) internet_gateways: BTreeMap<String, InternetGateway>,
    pub(crate) nat_gateways: BTreeMap<String, NatGateway>,
    pub(crate) addresses: BTreeMap<String, Address>,
    pub(crate) route_tables: BTreeMap<String, RouteTable>,
    pub(crate) security_groups: BTreeMap<String, SecurityGroup>,
    pub(crate) endpoints: BTreeMap<String, Endpoint>,
    pub(crate) interfaces: BTreeMap<String, Interface>,
    pub(crate) tags: BTreeMap<String, Tags>,
    /// Resources that cannot be seen yet: until when, in simulated time.
    pub(crate) hidden: BTreeMap<String, i64>,
    /// Client tokens: action and token, then the fingerprint of the request and what it made.
    pub(crate) tokens: BTreeMap<String, (String, String)>,
    /// When interface endpoints were made here and how long they take, in milliseconds of simulated time;
    /// not kept.
    #[serde(skip)]
    pub(crate) drawn: Vec<(i64, i64)>,
}

impl Region {
    /// An empty region of an account.
    pub(crate) fn new(seed: u64, account: &str, name: &str) -> Self {
        let salt = Dice::new(seed, &["region", account, name]).next();
        Self { salt, ..Self::default() }
    }

    /// Dice for the next thing that happens here.
    pub(crate) fn dice(&mut self, purpose: &str) -> Dice {
        self.serial += 1;
        Dice::new(self.salt, &[purpose, &self.serial.to_string()])
    }

    /// A new id: the prefix and 17 hexadecimal digits.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let digits = self.dice(prefix).hex(16);
        format!("{prefix}-0{digits}")
    }

    /// False for a resource that was made a moment ago and cannot be seen yet.
    pub(crate) fn seen(&self, id: &str) -> bool {
        !self.hidden.contains_key(id)
    }

    /// The tags of a resource.
    pub(crate) fn tags_of(&self, id: &str) -> &Tags {
        static NONE: Tags = Tags::new();
        self.tags.get(id).unwrap_or(&NONE)
    }

    /// Lets happen what was due by `sim`.
    pub(crate) fn advance(&mut self, sim: i64) {
        self.hidden.retain(|_, until| *until > sim);
        let mut gone = Vec::new();
        for endpoint in self.endpoints.values_mut() {
            if let Some(settle) = endpoint.settle.as_mut().filter(|settle| settle.at < 0) {
                settle.at = sim - settle.at;
            }
            let Some(settle) = endpoint.settle.take_if(|settle| settle.at <= sim) else {
                continue;
            };
            match settle.then {
                Then::Available => endpoint.state = State::Available,
                Then::Failed => {
                    endpoint.state = State::Failed;
                    let text = "The endpoint could not be created because of an internal error.";
                    endpoint.error = Some(("InternalError".to_owned(), text.to_owned()));
                }
                Then::Gone => gone.push(endpoint.id.clone()),
            }
        }
        for id in gone {
            self.remove_endpoint(&id);
        }
        self.advance_nat(sim);
    }

    /// Makes an endpoint and all that belongs to it vanish.
    pub(crate) fn remove_endpoint(&mut self, id: &str) {
        if let Some(endpoint) = self.endpoints.remove(id) {
            for interface in endpoint.interfaces {
                self.interfaces.remove(&interface);
            }
            self.drop_endpoint_routes(id, None);
        }
        self.tokens.retain(|_, (_, made)| made != id);
        self.tags.remove(id);
    }

    /// Removes the routes to a gateway endpoint, from one table or from all.
    pub(crate) fn drop_endpoint_routes(&mut self, endpoint: &str, table: Option<&str>) {
        for (id, route_table) in &mut self.route_tables {
            if table.is_none_or(|wanted| wanted == id) {
                route_table
                    .routes
                    .retain(|route| route.target != Target::Gateway(endpoint.to_owned()));
            }
        }
    }

    /// A VPC with its main route table and default security group.
    pub(crate) fn add_vpc(&mut self, account: &str, cidr: Ipv4Net, is_default: bool) -> String {
        let id = self.id("vpc");
        let block = Block { association: self.id("vpc-cidr-assoc"), cidr };
        let vpc = Vpc {
            id: id.clone(),
            cidrs: vec![block],
            ipv6: Vec::new(),
            owner: account.to_owned(),
            is_default,
            dns_support: true,
            dns_hostnames: is_default,
            usage_metrics: false,
            tenancy: "default".to_owned(),
            dhcp_options: format!("dopt-0{}", Dice::new(self.salt, &["dopt"]).hex(16)),
            hosted_zones: Vec::new(),
        };
        self.vpcs.insert(id.clone(), vpc);
        let table = self.add_route_table(account, &id);
        let association = self.id("rtbassoc");
        if let Some(table) = self.route_tables.get_mut(&table) {
            table.associations.insert(association, None);
        }
        self.add_security_group(account, &id, "default", "default VPC security group");
        id
    }

    /// The default VPC: a public subnet in each zone (Amazon VPC user guide, "Default VPCs").
    pub(crate) fn add_default_vpc(&mut self, account: &str, zones: &[Zone]) {
        let vpc =
            self.add_vpc(account, Ipv4Net::new_assert(Ipv4Addr::new(172, 31, 0, 0), 16), true);
        let gateway = self.add_internet_gateway(account, &vpc);
        for (block, zone) in (0_u8..).step_by(16).zip(zones) {
            let cidr = Ipv4Net::new_assert(Ipv4Addr::new(172, 31, block, 0), 20);
            let id = self.add_subnet(account, &vpc, &zone.id, cidr);
            if let Some(subnet) = self.subnets.get_mut(&id) {
                subnet.default_for_zone = true;
                subnet.public_addresses = true;
            }
        }
        for table in self.route_tables.values_mut().filter(|table| table.vpc == vpc) {
            table.routes.push(Route::to_internet(Target::Gateway(gateway.clone())));
        }
    }

    /// An internet gateway attached to a VPC.
    pub(crate) fn add_internet_gateway(&mut self, account: &str, vpc: &str) -> String {
        let id = self.id("igw");
        let owner = account.to_owned();
        let gateway = InternetGateway { id: id.clone(), vpc: Some(vpc.to_owned()), owner };
        self.internet_gateways.insert(id.clone(), gateway);
        id
    }

    /// A /56 of AWS's IPv6 addresses for a VPC.
    pub(crate) fn add_ipv6(&mut self, vpc: &str) -> Option<Block<Ipv6Net>> {
        let low = u128::from(self.dice("ipv6").next());
        let base = 0x2a05_d018_u128 << 96 | (low & 0xffff_ff00) << 64;
        let cidr = Ipv6Net::new(Ipv6Addr::from(base), 56).ok()?.trunc();
        let block = Block { association: self.id("vpc-cidr-assoc"), cidr };
        self.vpcs.get_mut(vpc)?.ipv6.push(block.clone());
        self.local_route(vpc, &Destination::V6(cidr));
        Some(block)
    }

    /// Adds the local route of a new block to all tables of a VPC.
    pub(crate) fn local_route(&mut self, vpc: &str, destination: &Destination) {
        for table in self.route_tables.values_mut().filter(|table| table.vpc == vpc) {
            let destination = destination.clone();
            table.routes.push(Route { destination, target: Target::Local, original: true });
        }
    }

    /// A route table with the local routes of its VPC.
    pub(crate) fn add_route_table(&mut self, account: &str, vpc: &str) -> String {
        let id = self.id("rtb");
        let mut routes = Vec::new();
        if let Some(vpc) = self.vpcs.get(vpc) {
            let v4 = vpc.cidrs.iter().map(|block| Destination::V4(block.cidr));
            let v6 = vpc.ipv6.iter().map(|block| Destination::V6(block.cidr));
            routes.extend(v4.chain(v6).map(|destination| Route {
                destination,
                target: Target::Local,
                original: true,
            }));
        }
        let table = RouteTable {
            id: id.clone(),
            vpc: vpc.to_owned(),
            owner: account.to_owned(),
            associations: BTreeMap::new(),
            routes,
        };
        self.route_tables.insert(id.clone(), table);
        id
    }

    /// A security group; like AWS's, it lets everything out. The one named `default` admits its own members.
    pub(crate) fn add_security_group(
        &mut self,
        account: &str,
        vpc: &str,
        name: &str,
        description: &str,
    ) -> String {
        let id = self.id("sg");
        let mut rules = BTreeMap::new();
        let all = |egress, peer| Rule {
            egress,
            protocol: "-1".to_owned(),
            from: None,
            to: None,
            peer,
            description: None,
        };
        let everywhere = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);
        rules.insert(self.id("sgr"), all(true, Peer::V4(everywhere)));
        if self.vpcs.get(vpc).is_some_and(|vpc| !vpc.ipv6.is_empty()) {
            let everywhere = Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0);
            rules.insert(self.id("sgr"), all(true, Peer::V6(everywhere)));
        }
        if name == "default" {
            rules.insert(self.id("sgr"), all(false, Peer::Group(id.clone(), account.to_owned())));
        }
        let group = SecurityGroup {
            id: id.clone(),
            vpc: vpc.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            owner: account.to_owned(),
            rules,
        };
        self.security_groups.insert(id.clone(), group);
        id
    }

    /// A subnet.
    pub(crate) fn add_subnet(
        &mut self,
        account: &str,
        vpc: &str,
        zone: &str,
        cidr: Ipv4Net,
    ) -> String {
        let id = self.id("subnet");
        let subnet = Subnet {
            id: id.clone(),
            vpc: vpc.to_owned(),
            cidr,
            ipv6: None,
            zone: zone.to_owned(),
            owner: account.to_owned(),
            default_for_zone: false,
            public_addresses: false,
            ipv6_addresses: false,
            taken: 0,
        };
        self.subnets.insert(id.clone(), subnet);
        id
    }

    /// A network interface in a subnet, with an address nobody else there has.
    pub(crate) fn add_interface(
        &mut self,
        subnet: &str,
        groups: &[String],
        holder: &str,
        kind: &str,
        wanted: Option<Ipv4Addr>,
    ) -> Option<String> {
        let id = self.id("eni");
        let start = self.dice("address").next();
        let subnet = self.subnets.get(subnet)?;
        let used: Vec<_> =
            self.interfaces_in(&subnet.id).map(|interface| interface.address).collect();
        let size = subnet.size().max(1);
        let mut free = (0..size).map(|step| subnet.address(4 + (start.wrapping_add(step)) % size));
        let address = wanted.or_else(|| free.find(|address| !used.contains(address)))?;
        let interface = Interface {
            id: id.clone(),
            subnet: subnet.id.clone(),
            vpc: subnet.vpc.clone(),
            address,
            ipv6: None,
            groups: groups.to_vec(),
            holder: holder.to_owned(),
            kind: kind.to_owned(),
        };
        self.interfaces.insert(id.clone(), interface);
        Some(id)
    }

    /// The interfaces in a subnet.
    pub(crate) fn interfaces_in<'a>(
        &'a self,
        subnet: &'a str,
    ) -> impl Iterator<Item = &'a Interface> {
        self.interfaces.values().filter(move |interface| interface.subnet == subnet)
    }

    /// How many addresses of a subnet are free.
    pub(crate) fn free_addresses(&self, subnet: &Subnet) -> u64 {
        let used = self.interfaces_in(&subnet.id).count() as u64;
        subnet.size().saturating_sub(subnet.taken + used)
    }
}
