//! The VPC's own DNS attributes, without which private DNS cannot be: blocked by, or turned on.

use std::collections::BTreeSet;

use crate::model::network::DnsAttribute;
use crate::plan::action::{ActionId, Drift, Verb};
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::target::{Site, Vicinity};

/// Whether nothing is off.
pub(super) fn attributes_on(site: &Site) -> Result<(), Refusal> {
    let off: Vec<_> = site.vpc.dns_off().map(DnsAttribute::as_str).collect();
    if off.is_empty() {
        return Ok(());
    }
    let vpc = &site.vpc.id;
    Err(Refusal::new(
        "dns-attributes-off",
        format!("private DNS needs {} of {vpc} to be on, or fix_vpc_dns = true", off.join(" and ")),
    )
    .for_the_sake_of(vpc.as_str()))
}

/// Turns on the VPC's attributes that are off, once for all endpoints that need them, and says what comes
/// before these. Only to be called where `fix_vpc_dns` is set or nothing is off.
pub(super) fn turn_on(
    site: &Site,
    vicinity: &mut Vicinity,
    draft: &mut Draft,
) -> BTreeSet<ActionId> {
    if vicinity.turned_on.is_none() {
        let vpc = &site.vpc.id;
        let mut actions = BTreeSet::new();
        for attribute in site.vpc.dns_off() {
            let field = attribute.as_str().to_owned();
            let difference = Drift { field, was: false.into(), should_be: true.into() };
            let verb = Verb::EnableVpcDns { vpc: vpc.clone(), attribute };
            let after = actions.clone();
            actions.insert(draft.act(Rank::Vpc, vpc.as_str(), verb, vec![difference], after));
        }
        if !actions.is_empty() {
            draft.take_back(vpc, "dns-attributes-off");
            let text = "network.fix_vpc_dns: DNS attributes of this VPC, which is not the deployment's, \
                        are turned on for all that is in it; destroy does not turn them off again";
            draft.note(Some(vpc), vpc.as_str(), "vpc-dns-turned-on", text);
        }
        vicinity.turned_on = Some(actions);
    }
    vicinity.turned_on.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::plan::aim::{Aim, Changes, Mode, Purpose};
    use crate::plan::testing::{World, check, gist, world};

    /// A VPC with these attributes, in an account where they may be turned on.
    fn fixable(support: bool, hostnames: bool) -> World {
        world().but(|w| {
            w.settings.fix_vpc_dns = true;
            (w.vpc().dns_support, w.vpc().dns_hostnames) = (support, hostnames);
        })
    }

    #[test]
    fn what_private_dns_needs_is_turned_on_first_and_once_for_all_that_need_it() {
        let hostnames = fixable(true, false).want(["logs", "kms", "s3"]);
        let plan = hostnames.plan();
        assert_eq!(
            gist(&plan),
            [
                "~ vpc-1: enableDnsHostnames",
                "+ linkwalk-endpoints",
                "+ logs",
                "+ kms",
                "+ s3",
                ". vpc-1: vpc-dns-turned-on",
            ]
        );
        assert_eq!(plan.actions[2].after, [0, 1].into());
        assert_eq!(plan.actions[4].after, [].into());
        assert_eq!(plan.counts().modify, 1);
        assert!(hostnames.applied().plan().is_in_sync());
    }

    #[test]
    fn support_comes_before_host_names() {
        let plan = fixable(false, false).want(["logs"]).plan();
        assert_eq!(gist(&plan)[..2], ["~ vpc-1: enableDnsSupport", "~ vpc-1: enableDnsHostnames"]);
        assert_eq!(plan.actions[1].after, [0].into());
        assert_eq!(plan.actions[3].after, [0, 1, 2].into());
        assert_eq!(plan.counts().modify, 1, "two attributes of one VPC");
    }

    #[test]
    fn nothing_is_turned_on_that_no_endpoint_needs() {
        let without = |world: World| world.want_with("logs", |spec| spec.private_dns = Some(false));
        check([
            (
                "all is on",
                fixable(true, true).want(["logs"]),
                vec!["+ linkwalk-endpoints", "+ logs"],
            ),
            (
                "gateways alone",
                fixable(false, true).want(["s3"]),
                vec!["+ s3", ". s3: dns-attributes-off"],
            ),
            (
                "a gateway with records of its own",
                fixable(false, true).want_with("s3", |spec| {
                    spec.dns.record_ip_type = Some("ipv4".into());
                }),
                vec!["~ vpc-1: enableDnsSupport", "+ s3", ". vpc-1: vpc-dns-turned-on"],
            ),
            (
                "without private DNS",
                without(fixable(true, false)),
                vec!["+ linkwalk-endpoints", "+ logs"],
            ),
            (
                "the endpoint is blocked anyway",
                fixable(true, false).want_with("logs", |spec| {
                    spec.security_groups = vec![crate::model::spec::GroupRef::Id("sg-9".into())];
                }),
                vec!["! logs: security-group-not-found"],
            ),
        ]);
    }

    #[test]
    fn attributes_that_were_turned_off_under_an_endpoint_are_a_difference_of_the_vpc_alone() {
        let dark = world().want(["logs"]).applied().but(|w| {
            w.settings.fix_vpc_dns = true;
            w.vpc().dns_support = false;
        });
        let plan = dark.plan();
        assert_eq!(gist(&plan), ["~ vpc-1: enableDnsSupport", ". vpc-1: vpc-dns-turned-on"]);
        assert_eq!(plan.in_sync.len(), 1);
    }

    #[test]
    fn a_run_that_only_creates_leaves_the_vpc_and_what_needs_it_alone() {
        let create_only = Changes { mode: Mode::CreateOnly, ..Changes::default() };
        let aim = Aim { purpose: Purpose::Converge(create_only), ..Aim::default() };
        let plan = fixable(true, false).want(["logs", "s3"]).plan_for(&aim, None);
        assert_eq!(plan.actions.iter().map(|a| a.what.as_str()).collect::<Vec<_>>(), ["s3"]);
        let left: Vec<String> = plan.left_out().collect();
        assert_eq!(
            left,
            [
                "linkwalk-endpoints: missing; left out (--mode create-only)",
                "logs: missing; left out (--mode create-only)",
                "vpc-1: differs in enableDnsHostnames; left out (--mode create-only)",
            ]
        );
    }
}
