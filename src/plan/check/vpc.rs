//! Invariants of the one change of something that nobody tagged: the VPC's DNS attributes.

use super::Reader;
use crate::model::network::{DnsAttribute, Vpc};
use crate::plan::action::{Action, Verb};

impl Reader<'_> {
    /// Only what is off is turned on, where accounts.toml allows it, and in AWS's order.
    pub(super) fn vpc_dns(
        &self,
        action: &Action,
        vpc: &Vpc,
        attribute: DnsAttribute,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        if !self.settings.fix_vpc_dns {
            broken.push(format!("changes {}, which accounts.toml does not allow", vpc.id));
        }
        if vpc.has(attribute) {
            broken.push(format!("turns {} of {} on, which is on", attribute.as_str(), vpc.id));
        }
        if attribute == DnsAttribute::Hostnames
            && !vpc.dns_support
            && !self.turns_on(action, vpc, DnsAttribute::Support)
        {
            broken.push(format!("DNS support of {} is not turned on first", vpc.id));
        }
        broken
    }

    /// What private DNS needs and neither has nor gets first.
    pub(super) fn without_dns(&self, action: &Action, vpc: &Vpc) -> Vec<String> {
        vpc.dns_off()
            .filter(|attribute| !self.turns_on(action, vpc, *attribute))
            .map(|attribute| format!("has private DNS, and {} is off", attribute.as_str()))
            .collect()
    }

    fn turns_on(&self, action: &Action, vpc: &Vpc, wanted: DnsAttribute) -> bool {
        let turns_on = |earlier: &Action| match &earlier.verb {
            Verb::EnableVpcDns { vpc: of, attribute } => of == &vpc.id && *attribute == wanted,
            _ => false,
        };
        action.after.iter().filter_map(|id| self.by_id(*id)).any(turns_on)
    }
}
