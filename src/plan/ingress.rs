//! Who may reach an endpoint on 443/tcp, as rules of a security group.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::model::network::{Peer, Rule, Vpc};
use crate::model::spec::IngressSource;

/// The rules that let `sources` in. [`IngressSource::Vpc`] is every CIDR of the VPC, secondary and
/// IPv6 too.
pub(super) fn rules(sources: &[IngressSource], vpc: &Vpc) -> BTreeSet<Rule> {
    sources
        .iter()
        .flat_map(|source| match source {
            IngressSource::Vpc => vpc.cidrs.iter().map(|net| Peer::Cidr(net.trunc())).collect(),
            IngressSource::Cidr(net) => vec![Peer::Cidr(net.trunc())],
            IngressSource::PrefixList(id) => vec![Peer::PrefixList(id.clone())],
        })
        .map(Rule::https_from)
        .collect()
}

/// Peers of `wanted` that `rules` together keep out.
pub(super) fn kept_out<'a>(
    wanted: impl IntoIterator<Item = &'a Rule>,
    rules: &[&Rule],
) -> Vec<&'a Peer> {
    let open: Vec<IpNet> = rules
        .iter()
        .filter(|rule| rule.admits_https())
        .filter_map(|rule| match rule.peer {
            Peer::Cidr(net) => Some(net.trunc()),
            Peer::PrefixList(_) | Peer::Group(_) => None,
        })
        .collect();
    // Two halves let the whole in, though neither does alone.
    let open = IpNet::aggregate(&open);
    wanted
        .into_iter()
        .map(|rule| &rule.peer)
        .filter(|peer| match peer {
            Peer::Cidr(net) => !open.iter().any(|open| open.contains(net)),
            other => !rules.iter().any(|rule| rule.admits_https_from(other)),
        })
        .collect()
}
