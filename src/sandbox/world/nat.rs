//! NAT gateways and the Elastic IP addresses they hold.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::region::Region;

/// A NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NatGateway {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) subnet: String,
    pub(crate) state: NatState,
    /// When its state changes, in simulated time.
    pub(crate) settles: Option<i64>,
    /// The Elastic IP address it holds, by its allocation; none for a private one.
    pub(crate) allocation: Option<String>,
    /// Its network interface, while it has one.
    pub(crate) interface: Option<String>,
    /// When it was created, in milliseconds of wall time.
    pub(crate) created: i64,
}

/// The state of a NAT gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum NatState {
    Pending,
    Available,
    Deleting,
    Deleted,
}

impl std::fmt::Display for NatState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        })
    }
}

/// An Elastic IP address.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    pub(crate) id: String,
    pub(crate) public: Ipv4Addr,
    /// The NAT gateway that holds it.
    pub(crate) holder: Option<String>,
}

impl Region {
    /// NAT gateways become available; deleted ones let go of what they hold and are listed for some more time.
    pub(super) fn advance_nat(&mut self, sim: i64) {
        let mut gone = Vec::new();
        for nat in self.nat_gateways.values_mut() {
            if nat.settles.take_if(|at| *at <= sim).is_none() {
                continue;
            }
            match nat.state {
                NatState::Pending => nat.state = NatState::Available,
                NatState::Deleting => {
                    nat.state = NatState::Deleted;
                    nat.settles = Some(sim + 600_000);
                    if let Some(interface) = nat.interface.take() {
                        self.interfaces.remove(&interface);
                    }
                    let held = nat.allocation.as_ref().and_then(|id| self.addresses.get_mut(id));
                    if let Some(address) = held {
                        address.holder = None;
                    }
                }
                NatState::Deleted | NatState::Available => gone.push(nat.id.clone()),
            }
        }
        for id in gone {
            self.nat_gateways.remove(&id);
            self.tags.remove(&id);
        }
    }

    /// An Elastic IP address (of the block for documentation, RFC 5737 and RFC 2544).
    pub(crate) fn add_address(&mut self) -> String {
        let id = self.id("eipalloc");
        let mut dice = self.dice("public address");
        let [low, high] =
            [dice.below(256), dice.below(256)].map(|byte| u8::try_from(byte).unwrap_or(0));
        let public = Ipv4Addr::new(198, 18, high, low);
        let address = Address { id: id.clone(), public, holder: None };
        self.addresses.insert(id.clone(), address);
        id
    }

    /// A NAT gateway in a subnet; pending until `settles`.
    pub(crate) fn add_nat_gateway(
        &mut self,
        subnet: &str,
        allocation: Option<String>,
        settles: Option<i64>,
        created: i64,
    ) -> Option<String> {
        let id = self.id("nat");
        let vpc = self.subnets.get(subnet)?.vpc.clone();
        let interface = self.add_interface(subnet, &[], &id, "nat_gateway", None);
        if let Some(address) = allocation.as_ref().and_then(|id| self.addresses.get_mut(id)) {
            address.holder = Some(id.clone());
        }
        let nat = NatGateway {
            id: id.clone(),
            vpc,
            subnet: subnet.to_owned(),
            state: if settles.is_some() { NatState::Pending } else { NatState::Available },
            settles,
            allocation,
            interface,
            created,
        };
        self.nat_gateways.insert(id.clone(), nat);
        Some(id)
    }
}
