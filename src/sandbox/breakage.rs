//! Breaking what a deployment made, to see it found and mended.

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
}

impl Breakage {
    /// All ways.
    pub const ALL: [Self; 7] = [
        Self::RemoveSubnet,
        Self::OpenGroup,
        Self::DeleteEndpoint,
        Self::ChangePolicy,
        Self::PrivateDnsOff,
        Self::RemoveTag,
        Self::Traffic,
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
    let state = world.region_mut(&account, &region)?;
    let what = strike(state, way, &endpoint, key)?;
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
    }
}
