//! Organizations for tests, in a few words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Look, Seen};
use crate::ids::{
    AccountId, EndpointId, Region, RouteTableId, ServiceName, SubnetId, VpcId, ZoneId,
};
use crate::model::account::{Account, AccountState};
use crate::model::endpoint::{
    DnsOptions, EndpointKey, EndpointKind, EndpointState, OWNER_TAG, Tags,
};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::network::{Route, RouteTable, Subnet, Vpc};
use crate::model::observed::Endpoint;

/// An active member in a unit of this path; the ids of units are made from their names.
pub(super) fn member(number: u64, name: &str, unit: &str) -> Account {
    let mut ou_ids = vec!["r-ab12".to_owned()];
    let mut path = String::new();
    for name in unit.split('/').filter(|name| !name.is_empty()) {
        path = format!("{path}/{name}");
        let digits = path.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        ou_ids.push(format!("ou-ab12-{:08x}", digits % (1 << 32)));
    }
    Account {
        id: format!("{number:012}").parse().unwrap(),
        name: name.to_owned(),
        email: String::new(),
        ou_path: unit.to_owned(),
        ou_ids,
        tags: None,
        state: AccountState::Active,
    }
}

/// What was seen of an organization that grows account by account.
pub(super) fn seen() -> Seen {
    Seen {
        sandbox: false,
        management: Some("999999999999".parse().unwrap()),
        accounts: vec![member(999_999_999_999, "management", "/")],
        listed: false,
        delegated: Some(BTreeSet::new()),
        roles: Vec::new(),
        role: "OrganizationAccountAccessRole".to_owned(),
        external_id: None,
        regions: Vec::new(),
        home: Region::from("eu-west-1"),
        looks: BTreeMap::new(),
    }
}

impl Seen {
    /// One more account; with these VPCs it was entered.
    pub(super) fn with(mut self, name: &str, unit: &str, vpcs: Option<Vec<Vpc>>) -> Self {
        let account = member(self.accounts.len() as u64, name, unit);
        let looked = match vpcs {
            Some(vpcs) => {
                let mut look = Look::default();
                for (number, vpc) in vpcs.into_iter().enumerate() {
                    add(&mut look, &account, number, vpc);
                }
                Ok(look)
            }
            None => Err(Failure::local("AssumeRole", ErrorClass::Denied, "no")),
        };
        self.looks.insert(account.id.clone(), looked);
        self.accounts.push(account);
        self
    }
}

/// Puts a VPC into its region; its endpoints are named in the tag `endpoints`, its region in `region`.
fn add(look: &mut Look, account: &Account, number: usize, mut vpc: Vpc) {
    let region = vpc.tags.remove("region").unwrap_or_else(|| "eu-west-1".to_owned());
    let endpoints = vpc.tags.remove("endpoints").unwrap_or_default();
    vpc.id = VpcId::new(format!("vpc-{}{number}", &account.id.as_str()[8..]));
    vpc.owner = account.id.clone();
    vpc.subnets.values_mut().for_each(|subnet| subnet.owner = account.id.clone());
    let seen = look.regions.entry(Region::new(region.clone())).or_default();
    for name in endpoints.split_whitespace() {
        let (name, owner) = name.split_once('@').map_or((name, None), |(n, o)| (n, Some(o)));
        let (name, kind) = match name.strip_suffix("!interface") {
            Some(name) => (name, EndpointKind::Interface),
            None if name == "s3" => (name, EndpointKind::Gateway),
            None => (name, EndpointKind::Interface),
        };
        let id = EndpointId::new(format!("vpce-{}-{name}-{kind}", vpc.id));
        let service = ServiceName::new(format!("com.amazonaws.{region}.{name}"));
        let owner = owner.map(|owner| (OWNER_TAG.to_owned(), owner.to_owned()));
        let endpoint = Endpoint {
            id: id.clone(),
            key: EndpointKey { vpc: vpc.id.clone(), service, kind },
            state: EndpointState::Available,
            requester_managed: false,
            subnets: BTreeSet::new(),
            security_groups: BTreeSet::new(),
            route_tables: BTreeSet::new(),
            private_dns: true,
            ip_address_type: None,
            dns: DnsOptions::default(),
            policy: None,
            tags: owner.into_iter().collect(),
            last_error: None,
            created: 0,
        };
        seen.endpoints.insert(id, endpoint);
    }
    seen.vpcs.insert(vpc.id.clone(), vpc);
}

/// A VPC with these tags and a private subnet.
pub(super) fn vpc(tags: &[(&str, &str)]) -> Vpc {
    network(tags, &[("private", &[])])
}

/// A VPC with these tags and subnets: `private` or `public` by their routes, with their tags.
pub(super) fn network(tags: &[(&str, &str)], subnets: &[(&str, &[(&str, &str)])]) -> Vpc {
    let as_tags = |tags: &[(&str, &str)]| -> Tags {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let owner: AccountId = "000000000000".parse().unwrap();
    let (mut all, mut tables) = (BTreeMap::new(), BTreeMap::new());
    for (number, (kind, tags)) in subnets.iter().enumerate() {
        let id = SubnetId::new(format!("subnet-{number}"));
        let to_internet = Route { destination: "0.0.0.0/0".to_owned(), target: "igw-1".to_owned() };
        let table = RouteTable {
            id: RouteTableId::new(format!("rtb-{number}")),
            owner: owner.clone(),
            main: false,
            subnets: BTreeSet::from([id.clone()]),
            routes: if *kind == "public" { vec![to_internet] } else { Vec::new() },
            tags: Tags::new(),
        };
        tables.insert(table.id.clone(), table);
        let subnet = Subnet {
            id: id.clone(),
            owner: owner.clone(),
            zone: ZoneId::new("euw1-az1"),
            zone_name: "eu-west-1a".to_owned(),
            ipv4: None,
            ipv6: None,
            free_addresses: 250,
            tags: as_tags(tags),
        };
        all.insert(id, subnet);
    }
    Vpc {
        id: VpcId::new("vpc-0"),
        owner,
        is_default: false,
        cidrs: Vec::new(),
        dns_support: true,
        dns_hostnames: true,
        tags: as_tags(tags),
        subnets: all,
        route_tables: tables,
        security_groups: BTreeMap::new(),
    }
}

/// The default VPC with these tags.
pub(super) fn default_vpc(tags: &[(&str, &str)]) -> Vpc {
    Vpc { is_default: true, ..vpc(tags) }
}
