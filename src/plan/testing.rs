//! A small world for tests: one account, one VPC, what the region offers, and an interpreter that
//! does to it what a plan says.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AccountId, EndpointId, RouteTableId, SecurityGroupId, SubnetId, TargetId, VpcId};
use crate::model::endpoint::{
    DnsOptions, EndpointKey, EndpointKind, EndpointState, IpAddressType, OWNER_TAG, Tags,
};
use crate::model::network::{
    DnsAttribute, Peer, Route, RouteTable, Rule, SecurityGroup, Subnet, Vpc,
};
use crate::model::observed::{Endpoint, Observed};
use crate::model::policy::PolicyDocument;
use crate::model::service::{Catalogue, Offer};
use crate::model::spec::{
    EndpointSpec, GroupRef, IngressSource, ManagedGroup, NameTag, RouteTableSelector, ServiceRef,
    Settings, SubnetSelector, VpcSelector,
};
use crate::plan::action::{Action, DesiredEndpoint, SecurityGroupRef, Verb};
use crate::plan::aim::{Aim, Usage};
use crate::plan::{TargetPlan, plan_for, plan_target, violations, violations_for};

pub(crate) const PARTNER: &str = "com.amazonaws.vpce.eu-west-1.vpce-svc-0a";
pub(crate) const APPLIANCE: &str = "com.amazonaws.vpce.eu-west-1.vpce-svc-0b";

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) target: TargetId,
    pub(crate) settings: Settings,
    pub(crate) observed: Observed,
    pub(crate) catalogue: Catalogue,
    made: usize,
}

/// One VPC `vpc-1` with a private and a public subnet in each of three zones, nothing wanted yet.
pub(crate) fn world() -> World {
    let mut world = World {
        target: "111122223333/eu-west-1".parse().unwrap(),
        settings: Settings {
            deployment: "privatelink".into(),
            organization: Some("o-a1b2c3d4e5".into()),
            vpcs: VpcSelector::All,
            fix_vpc_dns: false,
            security_group: ManagedGroup {
                name: "linkwalk-endpoints".into(),
                ingress: vec![IngressSource::Vpc],
            },
            endpoints: Vec::new(),
            tags: Tags::from([(OWNER_TAG.into(), "privatelink".into())]),
            name_tag: Some(NameTag { key: "Name".into(), template: "{service}-endpoint".into() }),
        },
        observed: Observed::default(),
        catalogue: catalogue(),
        made: 0,
    };
    world.add_vpc("vpc-1");
    world
}

fn catalogue() -> Catalogue {
    let mut offers: Vec<Offer> = ["ecr.api", "ecr.dkr", "kms", "logs", "ssm", "ssmmessages"]
        .into_iter()
        .map(|short| offer(short, EndpointKind::Interface))
        .collect();
    offers.push(offer("s3", EndpointKind::Gateway));
    offers.push(offer("s3", EndpointKind::Interface));
    offers.push(offer("dynamodb", EndpointKind::Gateway));
    offers.push(offer("dynamodb", EndpointKind::Interface));
    let mut smtp = offer("email-smtp", EndpointKind::Interface);
    smtp.zones = ["euw1-az1", "euw1-az2"].map(Into::into).into();
    offers.push(smtp);
    let mut transfer = offer("transfer.server", EndpointKind::Interface);
    transfer.policy_supported = false;
    offers.push(transfer);
    for (name, kind) in
        [(PARTNER, EndpointKind::Interface), (APPLIANCE, EndpointKind::GatewayLoadBalancer)]
    {
        let mut partner = offer("partner", kind);
        partner.name = name.into();
        partner.private_dns_names.clear();
        partner.policy_supported = false;
        partner.acceptance_required = true;
        offers.push(partner);
    }
    Catalogue { offers }
}

fn offer(short: &str, kind: EndpointKind) -> Offer {
    let names = match (&kind, short) {
        (EndpointKind::Interface, "dynamodb") => Vec::new(),
        (EndpointKind::Interface, _) => vec![format!("{short}.eu-west-1.amazonaws.com")],
        _ => Vec::new(),
    };
    let zones = match kind {
        EndpointKind::Gateway => BTreeSet::new(),
        _ => ["euw1-az1", "euw1-az2", "euw1-az3"].map(Into::into).into(),
    };
    Offer {
        name: format!("com.amazonaws.eu-west-1.{short}").as_str().into(),
        kind,
        zones,
        private_dns_names: names,
        policy_supported: true,
        acceptance_required: false,
        ip_address_types: [IpAddressType::Ipv4, IpAddressType::Dualstack].into(),
    }
}

pub(crate) fn spec(service: &str) -> EndpointSpec {
    let reference = if service.contains(".vpce.") {
        ServiceRef::Full(service.into())
    } else {
        ServiceRef::Short(service.into())
    };
    EndpointSpec {
        table: format!("endpoints.{service}"),
        service: reference,
        kind: None,
        subnets: SubnetSelector::Private,
        route_tables: RouteTableSelector::Private,
        security_groups: vec![GroupRef::Managed],
        private_dns: None,
        ip_address_type: None,
        dns: DnsOptions::default(),
        policy: PolicyDocument::full_access().into(),
        tags: Tags::new(),
        name: None,
    }
}

impl World {
    /// Wants these services with nothing said of them.
    pub(crate) fn want<const N: usize>(mut self, services: [&str; N]) -> Self {
        self.settings.endpoints.extend(services.map(spec));
        self
    }

    /// Wants a service of which something is said.
    pub(crate) fn want_with(mut self, service: &str, say: impl FnOnce(&mut EndpointSpec)) -> Self {
        let mut wanted = spec(service);
        say(&mut wanted);
        self.settings.endpoints.push(wanted);
        self
    }

    /// Changes anything.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Carries the plan out, so that all that is wanted is there.
    pub(crate) fn applied(mut self) -> Self {
        let plan = self.plan();
        self.apply(&plan);
        self
    }

    pub(crate) fn vpc(&mut self) -> &mut Vpc {
        self.observed.vpcs.get_mut(&VpcId::from("vpc-1")).unwrap()
    }

    pub(crate) fn subnet(&mut self, id: &str) -> &mut Subnet {
        self.vpc().subnets.get_mut(&SubnetId::from(id)).unwrap()
    }

    /// The only endpoint of a service.
    pub(crate) fn endpoint(&mut self, short: &str) -> &mut Endpoint {
        let name = format!("com.amazonaws.eu-west-1.{short}");
        let service = if short.contains(".vpce.") { short } else { &name };
        let mut found =
            self.observed.endpoints.values_mut().filter(|e| e.key.service.as_str() == service);
        let endpoint = found.next().unwrap();
        assert!(found.next().is_none(), "several endpoints of {short}");
        endpoint
    }

    /// Adds an endpoint of somebody else's, complete: all zones, private DNS, open groups, all
    /// private route tables.
    pub(crate) fn add_foreign(&mut self, short: &str, kind: EndpointKind) -> &mut Endpoint {
        let id = EndpointId::new(format!("vpce-foreign{}", self.observed.endpoints.len()));
        let interface = kind == EndpointKind::Interface;
        let gateway = kind == EndpointKind::Gateway;
        let service = if short.contains(".vpce.") {
            short.to_owned()
        } else {
            format!("com.amazonaws.eu-west-1.{short}")
        };
        let open = SecurityGroup {
            id: "sg-open".into(),
            name: "open".into(),
            description: String::new(),
            ingress: [Rule::https_from(Peer::Cidr("0.0.0.0/0".parse().unwrap()))].into(),
            egress: BTreeSet::new(),
            tags: Tags::new(),
        };
        self.vpc().security_groups.insert(open.id.clone(), open);
        let endpoint = Endpoint {
            id: id.clone(),
            key: EndpointKey { vpc: "vpc-1".into(), service: service.as_str().into(), kind },
            state: EndpointState::Available,
            requester_managed: false,
            subnets: if gateway { BTreeSet::new() } else { subnets(["a", "b", "c"]) },
            security_groups: if interface {
                [SecurityGroupId::from("sg-open")].into()
            } else {
                BTreeSet::new()
            },
            route_tables: if gateway { tables(["a", "b", "c"]) } else { BTreeSet::new() },
            private_dns: interface,
            ip_address_type: Some(IpAddressType::Ipv4),
            dns: DnsOptions::default(),
            policy: Some(PolicyDocument::full_access()),
            tags: Tags::new(),
            last_error: None,
            created: 0,
        };
        self.observed.endpoints.entry(id).or_insert(endpoint)
    }

    pub(crate) fn add_vpc(&mut self, id: &str) {
        let n = self.observed.vpcs.len();
        let suffix = if n == 0 { String::new() } else { (n + 1).to_string() };
        let owner = self.target.account.clone();
        let mut vpc = Vpc {
            id: id.into(),
            owner: owner.clone(),
            is_default: false,
            cidrs: vec![format!("10.{n}.0.0/16").parse().unwrap()],
            dns_support: true,
            dns_hostnames: true,
            tags: Tags::new(),
            subnets: BTreeMap::new(),
            route_tables: BTreeMap::new(),
            security_groups: BTreeMap::new(),
        };
        for (at, letter) in ["a", "b", "c"].into_iter().enumerate() {
            for (side, public) in [("", false), ("public-", true)] {
                let subnet = Subnet {
                    id: SubnetId::new(format!("subnet-{side}{letter}{suffix}")),
                    owner: owner.clone(),
                    zone: format!("euw1-az{}", at + 1).as_str().into(),
                    zone_name: format!("eu-west-1{letter}"),
                    ipv4: Some(
                        format!("10.{n}.{}.0/24", at * 2 + usize::from(public)).parse().unwrap(),
                    ),
                    ipv6: None,
                    free_addresses: 200,
                    tags: Tags::new(),
                };
                let table = RouteTable {
                    id: RouteTableId::new(format!("rtb-{side}{letter}{suffix}")),
                    owner: owner.clone(),
                    main: false,
                    subnets: [subnet.id.clone()].into(),
                    routes: vec![Route {
                        destination: "0.0.0.0/0".into(),
                        target: if public { "igw-1" } else { "nat-1" }.into(),
                    }],
                    tags: Tags::new(),
                };
                vpc.subnets.insert(subnet.id.clone(), subnet);
                vpc.route_tables.insert(table.id.clone(), table);
            }
        }
        let main = RouteTable {
            id: RouteTableId::new(format!("rtb-main{suffix}")),
            owner,
            main: true,
            subnets: BTreeSet::new(),
            routes: Vec::new(),
            tags: Tags::new(),
        };
        vpc.route_tables.insert(main.id.clone(), main);
        self.observed.vpcs.insert(vpc.id.clone(), vpc);
    }

    /// The plan, which must be sound and the same every time.
    pub(crate) fn plan(&self) -> TargetPlan {
        let plan = plan_target(&self.target, &self.settings, &self.observed, &self.catalogue);
        let again = plan_target(&self.target, &self.settings, &self.observed, &self.catalogue);
        assert_eq!(plan, again);
        let broken =
            violations(&self.target, &self.settings, &self.observed, &self.catalogue, &plan);
        assert_eq!(broken, Vec::<String>::new(), "{plan:#?}");
        plan
    }

    /// The plan of another aim, which must be sound.
    pub(crate) fn plan_for(&self, aim: &Aim, usage: Option<&Usage>) -> TargetPlan {
        let Self { target, settings, observed, catalogue, .. } = self;
        let plan = plan_for(aim, target, settings, observed, catalogue, usage);
        let broken = violations_for(aim, target, settings, observed, catalogue, &plan);
        assert_eq!(broken, Vec::<String>::new(), "{plan:#?}");
        plan
    }

    /// Does to the world what the plan says, as AWS would.
    pub(crate) fn apply(&mut self, plan: &TargetPlan) {
        let mut groups = BTreeMap::new();
        for action in &plan.actions {
            self.carry_out(action, &mut groups);
        }
    }

    fn carry_out(&mut self, action: &Action, groups: &mut BTreeMap<u32, SecurityGroupId>) {
        let vpc = self.observed.vpcs.get_mut(action.verb.vpc()).unwrap();
        match &action.verb {
            Verb::CreateSecurityGroup(group) => {
                let id = SecurityGroupId::new(format!("sg-made{}", self.made));
                self.made += 1;
                groups.insert(action.id, id.clone());
                let group = SecurityGroup {
                    id: id.clone(),
                    name: group.name.clone(),
                    description: group.description.clone(),
                    ingress: group.ingress.clone(),
                    egress: BTreeSet::new(),
                    tags: group.tags.clone(),
                };
                vpc.security_groups.insert(id, group);
            }
            Verb::ModifySecurityGroup { id, authorize, revoke, .. } => {
                let group = vpc.security_groups.get_mut(id).unwrap();
                group.ingress.retain(|rule| !revoke.contains(rule));
                group.ingress.extend(authorize.iter().cloned());
            }
            Verb::DeleteSecurityGroup { id, .. } => {
                let mut all = self.observed.endpoints.values();
                assert!(!all.any(|e| e.security_groups.contains(id) && !is_leaving(e)), "{id}");
                vpc.security_groups.remove(id).unwrap();
            }
            Verb::EnableVpcDns { attribute: DnsAttribute::Support, .. } => vpc.dns_support = true,
            Verb::EnableVpcDns { attribute: DnsAttribute::Hostnames, .. } => {
                assert!(vpc.dns_support);
                vpc.dns_hostnames = true;
            }
            Verb::Tag { resource, set, .. } | Verb::Adopt { resource, set, .. } => {
                let endpoint = self.observed.endpoints.get_mut(&EndpointId::new(resource.as_str()));
                let group = vpc.security_groups.get_mut(&SecurityGroupId::new(resource.as_str()));
                let tags = endpoint.map(|e| &mut e.tags).or(group.map(|g| &mut g.tags));
                tags.unwrap().extend(set.clone());
            }
            Verb::CreateEndpoint(desired) => {
                let id = EndpointId::new(format!("vpce-made{}", self.made));
                self.made += 1;
                for subnet in &desired.subnets {
                    let subnet = vpc.subnets.get_mut(subnet).unwrap();
                    subnet.free_addresses = subnet.free_addresses.checked_sub(1).unwrap();
                }
                let made = made(id, desired, groups, i64::try_from(self.made).unwrap());
                self.observed.endpoints.insert(made.id.clone(), made);
            }
            Verb::ModifyEndpoint { id, change, .. } => {
                let there = self.observed.endpoints.get_mut(id).unwrap();
                there.subnets.retain(|id| !change.remove_subnets.contains(id));
                there.subnets.extend(change.add_subnets.iter().cloned());
                for subnet in &change.add_subnets {
                    let subnet = vpc.subnets.get_mut(subnet).unwrap();
                    subnet.free_addresses = subnet.free_addresses.checked_sub(1).unwrap();
                }
                there.route_tables.retain(|id| !change.remove_route_tables.contains(id));
                there.route_tables.extend(change.add_route_tables.iter().cloned());
                there.security_groups.retain(|id| !change.remove_security_groups.contains(id));
                let added = change.add_security_groups.iter().map(|group| real(group, groups));
                there.security_groups.extend(added);
                there.private_dns = change.private_dns.unwrap_or(there.private_dns);
                there.ip_address_type = change.ip_address_type.or(there.ip_address_type);
                if let Some(dns) = &change.dns {
                    there.dns = dns.clone();
                }
                there.policy = change.policy.clone().or(there.policy.take());
            }
            Verb::DeleteEndpoint { id, .. } => {
                self.observed.endpoints.remove(id).unwrap();
            }
        }
    }
}

fn is_leaving(endpoint: &Endpoint) -> bool {
    endpoint.state == EndpointState::Deleting
}

fn real(group: &SecurityGroupRef, made: &BTreeMap<u32, SecurityGroupId>) -> SecurityGroupId {
    match group {
        SecurityGroupRef::Id(id) => id.clone(),
        SecurityGroupRef::MadeBy(action) => made[action].clone(),
    }
}

fn made(
    id: EndpointId,
    desired: &DesiredEndpoint,
    groups: &BTreeMap<u32, SecurityGroupId>,
    created: i64,
) -> Endpoint {
    Endpoint {
        id,
        key: desired.key.clone(),
        state: EndpointState::Available,
        requester_managed: false,
        subnets: desired.subnets.clone(),
        security_groups: desired.security_groups.iter().map(|g| real(g, groups)).collect(),
        route_tables: desired.route_tables.clone(),
        private_dns: desired.private_dns,
        ip_address_type: desired.ip_address_type.or(Some(IpAddressType::Ipv4)),
        dns: desired.dns.clone(),
        policy: desired.policy.clone(),
        tags: desired.tags.clone(),
        last_error: None,
        created,
    }
}

pub(crate) fn subnets<const N: usize>(letters: [&str; N]) -> BTreeSet<SubnetId> {
    letters.map(|letter| SubnetId::new(format!("subnet-{letter}"))).into()
}

pub(crate) fn tables<const N: usize>(letters: [&str; N]) -> BTreeSet<RouteTableId> {
    letters.map(|letter| RouteTableId::new(format!("rtb-{letter}"))).into()
}

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

/// What a plan says, in short: `+ logs`, `~ logs: private_dns`, `! logs: dns-attributes-off`,
/// `. logs: orphan`.
pub(crate) fn gist(plan: &TargetPlan) -> Vec<String> {
    let action = |action: &Action| {
        let fields: Vec<_> = action.drift.iter().map(|drift| drift.field.as_str()).collect();
        let about =
            if fields.is_empty() { String::new() } else { format!(": {}", fields.join(" ")) };
        format!("{} {}{about}", action.verb.symbol(), action.what)
    };
    plan.actions
        .iter()
        .map(action)
        .chain(plan.blocked.iter().map(|b| format!("! {}: {}", b.what, b.code)))
        .chain(plan.notes.iter().map(|n| format!(". {}: {}", n.what, n.code)))
        .collect()
}

/// A policy that is not full access.
pub(crate) fn restrictive() -> PolicyDocument {
    PolicyDocument::observed(
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}"#,
    )
}

/// Each case is a name, a world and the gist of its plan.
pub(crate) fn check(cases: impl IntoIterator<Item = (&'static str, World, Vec<&'static str>)>) {
    for (name, world, says) in cases {
        assert_eq!(gist(&world.plan()), says, "{name}");
    }
}

/// Each case is a code, a world in which it is the only thing blocked, and a part of its reason.
pub(crate) fn check_blocked(cases: impl IntoIterator<Item = (&'static str, World, &'static str)>) {
    for (code, world, says) in cases {
        let plan = world.plan();
        let codes: Vec<_> = plan.blocked.iter().map(|blocked| blocked.code.as_str()).collect();
        assert_eq!(codes, [code], "{plan:#?}");
        let reason = &plan.blocked[0].reason;
        assert!(reason.contains(says), "{reason}");
    }
}
