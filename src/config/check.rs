//! What no single value can show: tables that lead to the same endpoint, keys an endpoint of that
//! kind does not have, overrides that contradict the base, bundles that contradict each other.

use std::collections::BTreeMap;

use crate::ids::Region;
use crate::model::endpoint::{DnsOptions, EndpointKind, Tags};
use crate::model::spec::ServiceRef;

use super::endpoint::{Mention, kind_word, leads_to};
use super::problem::{Problem, Problems, Span};
use super::tree::Node;
use super::{EndpointTable, Layer, LeadsTo, known};

/// One layer as it was read.
pub(super) struct ReadLayer<'a> {
    /// What it says, but for its endpoints.
    pub(super) layer: Layer,
    /// Its endpoints, not settled yet.
    pub(super) mentions: Vec<Mention<'a>>,
    /// The regions in which it applies; empty where they could not be read.
    pub(super) regions: Vec<Region>,
    /// Where its `[tags]` stand.
    pub(super) tags: Option<Span>,
    /// Whether it asks for an endpoint, or says something of them that cannot be read.
    pub(super) wants_endpoints: bool,
}

/// Settles what every table leads to and checks it. The layers come base first and go on as they
/// were, with their endpoints.
pub(super) fn settle(layers: Vec<ReadLayer<'_>>, problems: &Problems) -> Vec<Layer> {
    check_name_tag(&layers, problems);
    let mut book = Book { problems, tables: BTreeMap::new(), used: Vec::new() };
    let mut settled = Vec::new();
    for read in layers {
        let mut layer = read.layer;
        for mention in read.mentions {
            let Some(leads_to) = book.settle(&mention, &read.regions) else { continue };
            check_keys(&mention, &leads_to);
            let says = EndpointTable { leads_to, ..mention.says.clone() };
            layer.endpoints.insert(mention.name.to_owned(), says.clone());
            book.used.push((mention, says));
        }
        settled.push(layer);
    }
    book.check_bundles();
    settled
}

/// The service, as it is compared, and the type.
type Identity = (String, Option<EndpointKind>);

/// What has been said of endpoints so far.
struct Book<'p, 'a> {
    problems: &'p Problems,
    /// Where a table's name was first used, and what it leads to; `None` where that is unknown and
    /// was reported.
    tables: BTreeMap<&'a str, (Span, Option<LeadsTo>)>,
    used: Vec<(Mention<'a>, EndpointTable)>,
}

impl<'a> Book<'_, 'a> {
    /// What the table leads to: what its name led to before, or, where it is new, what it says.
    fn settle(&mut self, mention: &Mention<'a>, regions: &[Region]) -> Option<LeadsTo> {
        if let Some((place, first)) = self.tables.get(mention.name) {
            let first = first.clone()?;
            if let Some(at) = contradiction(mention, &first) {
                self.problems.push(
                    Problem::at(
                        at.span.clone(),
                        format!("`endpoints.{}` already leads elsewhere", mention.name),
                        "an override cannot change a table's service or type; give it a table with \
                         a name of its own",
                    )
                    .with_related(place.clone(), "first used here"),
                );
                return None;
            }
            return is_within_region(mention, &first, regions).then_some(first);
        }
        let found = leads_to(mention)
            .inspect(|found| self.check_unique(mention, found))
            .filter(|found| is_within_region(mention, found, regions));
        self.tables.insert(mention.name, (mention.at.span.clone(), found.clone()));
        found
    }

    /// No two tables lead to the same endpoint.
    fn check_unique(&self, mention: &Mention<'_>, found: &LeadsTo) {
        let Some((service, kind)) = identity(found) else { return };
        let same = self.tables.iter().find(|(_, (_, other))| {
            other.as_ref().and_then(identity).is_some_and(|(other, other_kind)| {
                other == service && (other_kind == kind || other_kind.is_none() || kind.is_none())
            })
        });
        let Some((other, (place, _))) = same else { return };
        let kind = kind.as_ref().map_or("", kind_word);
        self.problems.push(
            Problem::at(
                mention.at.span.clone(),
                format!("`{}` and `{other}` lead to the same {kind} endpoint", mention.name),
                match known::service(&service) {
                    Some(known) if known.kinds.len() > 1 => {
                        "put both into one table, or give one of them another `type`"
                    }
                    _ => "put both into one table",
                },
            )
            .with_related(place.clone(), "the other one"),
        );
    }

    /// Where bundles share a service, no two of them say different things of it.
    fn check_bundles(&self) {
        for (index, (mention, says)) in self.used.iter().enumerate() {
            for (earlier, other) in &self.used[..index] {
                if mention.name == earlier.name {
                    continue;
                }
                let (LeadsTo::Bundle { members }, LeadsTo::Bundle { members: others }) =
                    (&says.leads_to, &other.leads_to)
                else {
                    continue;
                };
                let shared = members.iter().filter(|member| others.contains(member));
                let clash = shared.copied().find_map(|member| {
                    let key = differing(&says.for_member(member), &other.for_member(member))?;
                    Some((member, key))
                });
                let Some((member, key)) = clash else { continue };
                let place = |mention: &Mention<'_>| mention.table.key_span(key);
                let (Some(here), Some(there)) = (place(mention), place(earlier)) else { continue };
                self.problems.push(
                    Problem::at(
                        here,
                        format!(
                            "`{}` and `{}` both contain {member} and give it different `{key}`",
                            earlier.name, mention.name
                        ),
                        format!("say it in one of them, or in [endpoints.\"{member}\"] only"),
                    )
                    .with_related(there, "the other one"),
                );
            }
        }
    }
}

/// What makes two tables lead to the same endpoint; bundles are united and never clash.
fn identity(found: &LeadsTo) -> Option<Identity> {
    match found {
        LeadsTo::Bundle { .. } => None,
        LeadsTo::Service { service, kind } => Some((compared_name(service), kind.clone())),
    }
}

/// A service's name for comparison: the short one where it is known, so that
/// `com.amazonaws.{region}.logs` and `logs` are the same.
pub(super) fn compared_name(service: &ServiceRef) -> String {
    match service {
        ServiceRef::Short(short) => short.clone(),
        ServiceRef::Full(full) => known::short_of(full.as_str()),
    }
}

/// The `service` or `type` by which a later table of a name leads elsewhere than the first.
fn contradiction<'m, 'a>(mention: &'m Mention<'a>, first: &LeadsTo) -> Option<&'m Node<'a>> {
    let first = match first {
        LeadsTo::Bundle { .. } => None,
        LeadsTo::Service { service, kind } => Some((compared_name(service), kind)),
    };
    let service = mention.service.as_ref().filter(|(text, _)| {
        first.as_ref().is_none_or(|(first, _)| first != text && *first != known::short_of(text))
    });
    let kind = mention
        .kind
        .as_ref()
        .filter(|(kind, _)| first.as_ref().is_none_or(|(_, first)| first.as_ref() != Some(kind)));
    service.map(|(_, node)| node).or(kind.map(|(_, node)| node))
}

/// A full name with a fixed region leads nowhere from another one; that is reported.
fn is_within_region(mention: &Mention<'_>, found: &LeadsTo, regions: &[Region]) -> bool {
    let LeadsTo::Service { service: ServiceRef::Full(full), .. } = found else { return true };
    let fixed = known::region_label(full.as_str()).filter(|label| *label != "{region}");
    let Some(label) = fixed else { return true };
    let Some(other) = regions.iter().find(|region| region.as_str() != label) else { return true };
    let at = mention.service.as_ref().map_or(&mention.at, |(_, node)| node);
    at.refuse::<()>(
        format!("`{full}` is a service of {label}, but this table is for {other} as well"),
        format!(
            "write {{region}} instead of {label}, or move the table into an [[override]] with \
             regions = [\"{label}\"]"
        ),
    );
    false
}

/// Keys that an endpoint of a kind has, besides those that every one has.
fn has_key(kind: Option<&EndpointKind>, key: &str) -> bool {
    let keys: &[&str] = match kind {
        Some(EndpointKind::Gateway) => &["route_tables", "ip_address_type", "dns", "policy"],
        Some(EndpointKind::GatewayLoadBalancer) => &["subnets", "ip_address_type"],
        Some(EndpointKind::Interface | EndpointKind::Other(_)) | None => {
            &["subnets", "security_groups", "private_dns", "ip_address_type", "dns", "policy"]
        }
    };
    keys.contains(&key)
}

/// Keys whose meaning depends on the kind of the endpoint.
const KEYS_OF_A_KIND: [&str; 7] = [
    "subnets",
    "route_tables",
    "security_groups",
    "private_dns",
    "ip_address_type",
    "dns",
    "policy",
];

/// Reports keys that the endpoint does not have.
fn check_keys(mention: &Mention<'_>, leads_to: &LeadsTo) {
    for key in KEYS_OF_A_KIND {
        let Some(node) = mention.table.get(key) else { continue };
        match leads_to {
            LeadsTo::Bundle { members } if key == "policy" && node.is_table() => node.refuse(
                format!("`{}` is a bundle: one file does not fit several services", mention.name),
                format!(
                    "give each its own, for example [endpoints.NAME] with service = \"{}\"",
                    members[0]
                ),
            ),
            LeadsTo::Bundle { .. } if key == "policy" => Some(()),
            LeadsTo::Bundle { members } => {
                let any = members.iter().any(|member| has_key(default_kind(member), key));
                if any { Some(()) } else { refuse_key(&node, key, "interface") }
            }
            LeadsTo::Service { kind, .. } if !has_key(kind.as_ref(), key) => {
                refuse_key(&node, key, kind.as_ref().map_or("partner's", kind_word))
            }
            LeadsTo::Service { .. } => Some(()),
        };
    }
    if let LeadsTo::Service { service, kind } = leads_to {
        check_service(mention, &compared_name(service), kind.as_ref());
    } else {
        refuse_inbound_only(mention);
    }
}

fn refuse_key(node: &Node<'_>, key: &str, kind: &str) -> Option<()> {
    let article = if kind.starts_with('i') { "an" } else { "a" };
    let help = match key {
        "subnets" | "security_groups" | "private_dns" => "it belongs to interface endpoints",
        "route_tables" => "it belongs to gateway endpoints",
        _ => "remove it",
    };
    node.refuse(format!("{article} {kind} endpoint has no `{key}`"), help)
}

/// Reports what this one service does not take.
fn check_service(mention: &Mention<'_>, short: &str, kind: Option<&EndpointKind>) {
    let is_interface = kind == Some(&EndpointKind::Interface);
    let policy = mention.table.get("policy").filter(|_| has_key(kind, "policy"));
    if let Some(node) = policy
        && known::service(short).is_some_and(|known| !known.policy)
    {
        node.refuse::<()>(
            format!("endpoints of `{short}` take no policy"),
            "remove it; AWS refuses one for this service",
        );
    }
    if mention.says.private_dns == Some(true) && is_interface && known::lacks_private_dns(short) {
        mention.table.get("private_dns").and_then(|node| {
            node.refuse::<()>(
                format!("`{short}` has no private DNS name"),
                "remove it; clients are given the endpoint's own DNS name",
            )
        });
    }
    if let Some(text) = &mention.says.dns.record_ip_type
        && (short, kind) == ("dynamodb", Some(&EndpointKind::Gateway))
        && text != "service-defined"
    {
        mention.table.get("dns").and_then(|node| {
            node.refuse::<()>(
                "a DynamoDB gateway endpoint takes no DNS record type but `service-defined`",
                "remove `record_ip_type`",
            )
        });
    }
    if !(short == "s3" && is_interface) {
        refuse_inbound_only(mention);
    }
}

fn refuse_inbound_only(mention: &Mention<'_>) {
    if mention.says.dns.private_dns_only_for_inbound_resolver.is_some() {
        mention.table.get("dns").and_then(|node| {
            node.refuse::<()>(
                "`private_dns_only_for_inbound_resolver` is for S3 interface endpoints",
                "remove it, or set service = \"s3\" and type = \"interface\"",
            )
        });
    }
}

/// The type a service has by itself: Gateway where it has both.
fn default_kind(short: &str) -> Option<&'static EndpointKind> {
    known::service(short).and_then(|known| known.kinds.first())
}

impl EndpointTable {
    /// What a bundle's table says of one of its services: what fits the service's type.
    pub(super) fn for_member(&self, short: &str) -> Self {
        let kind = default_kind(short).cloned();
        let is_gateway = kind == Some(EndpointKind::Gateway);
        let service = ServiceRef::Short(short.to_owned());
        let mut part = Self { leads_to: LeadsTo::Service { service, kind }, ..self.clone() };
        if is_gateway {
            part.subnets = None;
            part.security_groups = None;
            part.private_dns = None;
            part.ip_address_type = None;
            part.dns = DnsOptions::default();
        } else {
            part.route_tables = None;
        }
        part
    }
}

/// The first key of which both tables say something, and not the same.
fn differing(one: &EndpointTable, other: &EndpointTable) -> Option<&'static str> {
    fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        matches!((one, other), (Some(one), Some(other)) if one != other)
    }
    let tags_differ = one.tags.iter().any(|(key, value)| differ(Some(value), other.tags.get(key)));
    let record = |table: &EndpointTable| table.dns.record_ip_type.clone();
    [
        ("subnets", differ(one.subnets.as_ref(), other.subnets.as_ref())),
        ("route_tables", differ(one.route_tables.as_ref(), other.route_tables.as_ref())),
        ("security_groups", differ(one.security_groups.as_ref(), other.security_groups.as_ref())),
        ("private_dns", differ(one.private_dns.as_ref(), other.private_dns.as_ref())),
        ("ip_address_type", differ(one.ip_address_type.as_ref(), other.ip_address_type.as_ref())),
        ("dns", differ(record(one).as_ref(), record(other).as_ref())),
        ("policy", differ(one.policy.as_ref(), other.policy.as_ref())),
        ("name", differ(one.name.as_ref(), other.name.as_ref())),
        ("tags", tags_differ),
    ]
    .into_iter()
    .find_map(|(key, is_different)| is_different.then_some(key))
}

/// AWS takes 50 tags per resource; two are linkwalk's own (owner and name).
const MAX_OWN_TAGS: usize = 48;

/// No tag is written by `tags` and by `name_tag`, and there are not more than AWS takes.
fn check_name_tag(layers: &[ReadLayer<'_>], problems: &Problems) {
    let base_key = layers.first().and_then(|base| base.layer.name_tag.key.as_deref());
    let names: Vec<_> = layers
        .iter()
        .enumerate()
        .filter(|(index, read)| match read.layer.name_tag.on {
            Some(on) => on,
            None => *index == 0,
        })
        .map(|(_, read)| read.layer.name_tag.key.as_deref().or(base_key).unwrap_or("Name"))
        .collect();
    let common: usize = layers.iter().map(|read| read.layer.tags.len()).sum();
    let check = |tags: &Tags, place: Option<Span>, total: usize| {
        let Some(place) = place else { return };
        if let Some(name) = names.iter().find(|name| tags.contains_key(**name)) {
            problems.push(Problem::at(
                place.clone(),
                format!("tag `{name}` is written by `name_tag` already"),
                "remove it here and set name_tag.template, or turn that off: name_tag = false",
            ));
        }
        if total > MAX_OWN_TAGS {
            problems.push(Problem::at(
                place,
                format!("{total} tags on one endpoint, common ones included"),
                format!("AWS takes 50, and linkwalk adds its own: at most {MAX_OWN_TAGS}"),
            ));
        }
    };
    for read in layers {
        check(&read.layer.tags, read.tags.clone(), common);
        for mention in &read.mentions {
            let tags = &mention.says.tags;
            check(tags, mention.table.key_span("tags"), common + tags.len());
        }
    }
}
