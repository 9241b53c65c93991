//! Breaking what a deployment made, to see it found and mended.

mod strike;

use super::dice::Dice;
use super::ec2::endpoints::policy;
use super::world::World;
use super::world::endpoint::{Endpoint, Kind, State};
use super::world::region::Region;
use super::world::security_group::{Peer, Rule};

/// A way to break something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breakage {
    /// An endpoint loses a subnet.
    RemoveSubnet,
    /// The security group of an endpoint admits the whole world.
    OpenGroup,
    /// An endpoint is gone.
    DeleteEndpoint,
    /// An endpoint's policy is another one.
    ChangePolicy,
    /// An endpoint no longer answers for the service's own name.
    PrivateDnsOff,
    /// An endpoint loses its ownership tag.
    RemoveTag,
    /// An endpoint carries traffic: nothing is broken, but it should not be deleted. Only when asked for.
    Traffic,
    /// AWS could not make an endpoint.
    FailEndpoint,
    /// The service's owner rejects an endpoint.
    RejectEndpoint,
    /// Nobody accepted an endpoint in time.
    ExpireEndpoint,
    /// Someone begins to delete an endpoint.
    StartDeleting,
    /// An endpoint does not get on.
    StickPending,
    /// An endpoint waits for the service's owner.
    AwaitAcceptance,
    /// An endpoint is in another subnet of a zone.
    MoveSubnet,
    /// The VPC has a subnet in a zone that the endpoint is not in.
    NewZone,
    /// An endpoint has the VPC's default security group.
    SwapGroup,
    /// The security group is gone; its endpoints have the default one.
    DeleteGroup,
    /// The security group of an endpoint admits nobody.
    RemoveRule,
    /// The security group of an endpoint admits somebody else too.
    AddRule,
    /// A route table does not lead to a gateway endpoint any more.
    RemoveRouteTable,
    /// Another route table leads to a gateway endpoint.
    AddRouteTable,
    /// The VPC has a private subnet with a route table of its own.
    NewRouteTable,
    /// An endpoint's IP address type is another one.
    ChangeIpType,
    /// An endpoint's DNS records are of another type.
    ChangeDnsOptions,
    /// A tag of an endpoint has another value.
    ChangeTag,
    /// The VPC's DNS host names are off.
    VpcDnsOff,
    /// An endpoint is there twice.
    Twin,
    /// An endpoint lost its ownership tag and does its job no more.
    Hijack,
    /// An endpoint of a service that was never asked for.
    Leave,
    /// The account has another VPC like the endpoint's.
    NewVpc,
    /// All that the deployment made in an account is gone.
    WipeAccount,
    /// The account's roles are gone.
    LockOut,
    /// An endpoint in an account that has none.
    Stray,
}

impl Breakage {
    /// All ways.
    pub const ALL: [Self; 33] = [
        Self::RemoveSubnet,
        Self::OpenGroup,
        Self::DeleteEndpoint,
        Self::ChangePolicy,
        Self::PrivateDnsOff,
        Self::RemoveTag,
        Self::Traffic,
        Self::FailEndpoint,
        Self::RejectEndpoint,
        Self::ExpireEndpoint,
        Self::StartDeleting,
        Self::StickPending,
        Self::AwaitAcceptance,
        Self::MoveSubnet,
        Self::NewZone,
        Self::SwapGroup,
        Self::DeleteGroup,
        Self::RemoveRule,
        Self::AddRule,
        Self::RemoveRouteTable,
        Self::AddRouteTable,
        Self::NewRouteTable,
        Self::ChangeIpType,
        Self::ChangeDnsOptions,
        Self::ChangeTag,
        Self::VpcDnsOff,
        Self::Twin,
        Self::Hijack,
        Self::Leave,
        Self::NewVpc,
        Self::WipeAccount,
        Self::LockOut,
        Self::Stray,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::RemoveSubnet => "remove-subnet",
            Self::OpenGroup => "open-group",
            Self::DeleteEndpoint => "delete-endpoint",
            Self::ChangePolicy => "change-policy",
            Self::PrivateDnsOff => "private-dns-off",
            Self::RemoveTag => "remove-tag",
            Self::Traffic => "traffic",
            Self::FailEndpoint => "fail-endpoint",
            Self::RejectEndpoint => "reject-endpoint",
            Self::ExpireEndpoint => "expire-endpoint",
            Self::StartDeleting => "start-deleting",
            Self::StickPending => "stick-pending",
            Self::AwaitAcceptance => "await-acceptance",
            Self::MoveSubnet => "move-subnet",
            Self::NewZone => "new-zone",
            Self::SwapGroup => "swap-group",
            Self::DeleteGroup => "delete-group",
            Self::RemoveRule => "remove-rule",
            Self::AddRule => "add-rule",
            Self::RemoveRouteTable => "remove-route-table",
            Self::AddRouteTable => "add-route-table",
            Self::NewRouteTable => "new-route-table",
            Self::ChangeIpType => "change-ip-type",
            Self::ChangeDnsOptions => "change-dns-options",
            Self::ChangeTag => "change-tag",
            Self::VpcDnsOff => "vpc-dns-off",
            Self::Twin => "twin",
            Self::Hijack => "hijack",
            Self::Leave => "leave",
            Self::NewVpc => "new-vpc",
            Self::WipeAccount => "wipe-account",
            Self::LockOut => "lock-out",
            Self::Stray => "stray",
        }
    }

    /// The way with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|breakage| breakage.name() == name)
    }

    fn fits(self, endpoint: &Endpoint) -> bool {
        let interface = endpoint.kind == Kind::Interface;
        match self {
            Self::RemoveSubnet => interface && endpoint.subnets.len() > 1,
            Self::OpenGroup => interface && !endpoint.groups.is_empty(),
            Self::ChangePolicy => endpoint.policy.is_some(),
            Self::PrivateDnsOff => endpoint.private_dns,
            Self::Traffic => interface && endpoint.bytes_per_minute == 0,
            Self::DeleteEndpoint | Self::RemoveTag => true,
            more => strike::fits(more, endpoint),
        }
    }
}

/// Breaks one endpoint that carries the tag; answers with what was done.
pub(crate) fn apply(
    world: &mut World,
    how: Option<Breakage>,
    seed: u64,
    (key, value): (&str, &str),
) -> Option<String> {
    let mut choices = Vec::new();
    for account in world.accounts.values() {
        for (region, state) in &account.regions {
            let owned = |endpoint: &&Endpoint| {
                let tags = state.tags_of(&endpoint.id);
                endpoint.state != State::Deleting && tags.get(key).is_some_and(|held| held == value)
            };
            for endpoint in state.endpoints.values().filter(owned) {
                let ways = Breakage::ALL.into_iter().filter(|way| match how {
                    Some(how) => how == *way,
                    None => *way != Breakage::Traffic,
                });
                let ways = ways.filter(|way| way.fits(endpoint));
                let place = (account.id.clone(), region.clone(), endpoint.id.clone());
                choices.extend(ways.map(|way| (place.clone(), way)));
            }
        }
    }
    // First a way, then an endpoint: so that each way is as likely as the others.
    let mut dice = Dice::new(seed, &["break"]);
    let mut ways: Vec<_> = Breakage::ALL
        .into_iter()
        .filter(|way| choices.iter().any(|(_, held)| held == way))
        .collect();
    dice.shuffle(&mut ways);
    let way = *ways.first()?;
    choices.retain(|(_, held)| *held == way);
    dice.shuffle(&mut choices);
    let ((account, region, endpoint), way) = choices.pop()?;
    let name = world.accounts.get(&account).map(|account| account.name.clone()).unwrap_or_default();
    let what = match way {
        Breakage::LockOut => strike::lock_out(world, &account),
        Breakage::Stray => strike::stray(world, &account, &region, &endpoint),
        _ => strike(world.region_mut(&account, &region)?, way, &endpoint, key),
    }?;
    Some(format!("{account} ({name}) {region}: {what}"))
}

fn strike(state: &mut Region, way: Breakage, id: &str, key: &str) -> Option<String> {
    let service = state.endpoints.get(id)?.service.clone();
    let rule = state.id("sgr");
    match way {
        Breakage::RemoveSubnet => {
            let endpoint = state.endpoints.get_mut(id)?;
            let subnet = endpoint.subnets.pop()?;
            let gone = |held: &String| {
                state.interfaces.get(held).is_some_and(|interface| interface.subnet == subnet)
            };
            let gone: Vec<_> =
                endpoint.interfaces.iter().filter(|held| gone(held)).cloned().collect();
            endpoint.interfaces.retain(|held| !gone.contains(held));
            for interface in gone {
                state.interfaces.remove(&interface);
            }
            Some(format!("removed {subnet} from {id} ({service})"))
        }
        Breakage::OpenGroup => {
            let group = state.endpoints.get(id)?.groups.first()?.clone();
            let everywhere = Rule {
                egress: false,
                protocol: "tcp".to_owned(),
                from: Some(443),
                to: Some(443),
                peer: Peer::V4("0.0.0.0/0".parse().ok()?),
                description: None,
            };
            state.security_groups.get_mut(&group)?.rules.insert(rule, everywhere);
            Some(format!("opened {group} of {id} ({service}) to 0.0.0.0/0"))
        }
        Breakage::DeleteEndpoint => {
            state.remove_endpoint(id);
            Some(format!("deleted {id} ({service})"))
        }
        Breakage::ChangePolicy => {
            let endpoint = state.endpoints.get_mut(id)?;
            let held = endpoint.policy.clone().unwrap_or_else(|| policy::full(endpoint.kind));
            endpoint.policy = Some(held.replace("\"Allow\"", "\"Deny\""));
            Some(format!("changed the policy of {id} ({service}) to deny"))
        }
        Breakage::PrivateDnsOff => {
            state.endpoints.get_mut(id)?.private_dns = false;
            Some(format!("turned off private DNS of {id} ({service})"))
        }
        Breakage::RemoveTag => {
            state.tags.get_mut(id)?.remove(key)?;
            Some(format!("removed the tag {key} from {id} ({service})"))
        }
        Breakage::Traffic => {
            state.endpoints.get_mut(id)?.bytes_per_minute = 1 << 20;
            Some(format!("let 1 MiB a minute go through {id} ({service})"))
        }
        more => strike::more(state, more, id, key),
    }
}
