//! Reads one `[endpoints.NAME]` table. What it leads to can depend on other layers, so that is
//! settled later, by `check`.

use crate::ids::ServiceName;
use crate::model::endpoint::{DnsOptions, EndpointKind, IpAddressType};
use crate::model::spec::ServiceRef;

use super::problem::nearest;
use super::tree::{Entry, Node, Table};
use super::{EndpointTable, LeadsTo, known, layer, policy, values};

/// One `[endpoints.NAME]` table as it stands in one layer.
pub(super) struct Mention<'a> {
    /// NAME.
    pub(super) name: &'a str,
    /// NAME, as a place to point at.
    pub(super) at: Node<'a>,
    /// The table, for the places of its keys.
    pub(super) table: Table<'a>,
    /// `service`
    pub(super) service: Option<(&'a str, Node<'a>)>,
    /// `type`
    pub(super) kind: Option<(EndpointKind, Node<'a>)>,
    /// The rest. What it leads to stands in until it is settled.
    pub(super) says: EndpointTable,
}

/// Reads one.
pub(super) fn mention(Entry { name, at, value }: Entry<'_>) -> Option<Mention<'_>> {
    let table = value.table("endpoints.*")?;
    let says = EndpointTable {
        leads_to: LeadsTo::Bundle { members: &[] },
        enabled: table.read("enabled", Node::flag),
        subnets: table.read("subnets", layer::subnets),
        route_tables: table.read("route_tables", layer::route_tables),
        security_groups: table
            .read("security_groups", |node| values::distinct(node, values::group)),
        private_dns: table.read("private_dns", Node::flag),
        ip_address_type: table.read("ip_address_type", ip_address_type),
        dns: table.read("dns", dns).unwrap_or_default(),
        policy: table.read("policy", policy::policy),
        tags: table.read("tags", values::tags).unwrap_or_default(),
        name: table.read("name", values::template),
    };
    let service = table.read("service", |node| Some((node.text()?, node.clone())));
    let kind = table.read("type", |node| Some((kind(node)?, node.clone())));
    Some(Mention { name, at, table, service, kind, says })
}

/// The types that can be asked for, as the file writes them.
pub(super) fn kind_word(kind: &EndpointKind) -> &str {
    match kind {
        EndpointKind::Interface => "interface",
        EndpointKind::Gateway => "gateway",
        EndpointKind::GatewayLoadBalancer => "gateway-load-balancer",
        EndpointKind::Other(text) => text,
    }
}

fn kind(node: &Node<'_>) -> Option<EndpointKind> {
    let text = node.text()?;
    match EndpointKind::parse(&text.replace('-', "")) {
        EndpointKind::Other(_) => {}
        _ if text.is_empty() => {}
        kind => return Some(kind),
    }
    let words = ["gateway", "interface", "gateway-load-balancer"];
    let help = match nearest(&text.to_ascii_lowercase(), words) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("types are {}", words.join(", ")),
    };
    node.refuse(format!("`{text}` is not a type of endpoint"), help)
}

fn ip_address_type(node: &Node<'_>) -> Option<IpAddressType> {
    use IpAddressType::{Dualstack, Ipv4, Ipv6};
    values::word(node, &[("ipv4", Ipv4), ("dualstack", Dualstack), ("ipv6", Ipv6)])
}

fn dns(node: &Node<'_>) -> Option<DnsOptions> {
    let table = node.table("endpoints.*.dns")?;
    let types = ["ipv4", "dualstack", "ipv6", "service-defined"].map(|word| (word, word));
    let record_ip_type = table.read("record_ip_type", |node| values::word(node, &types));
    Some(DnsOptions {
        record_ip_type: record_ip_type.map(str::to_owned),
        private_dns_only_for_inbound_resolver: table
            .read("private_dns_only_for_inbound_resolver", Node::flag),
    })
}

/// What a table leads to by its own name, `service` and `type`; what is wrong is reported.
pub(super) fn leads_to(mention: &Mention<'_>) -> Option<LeadsTo> {
    if mention.table.get("service").is_none()
        && let Some(bundle) = known::bundle(mention.name)
    {
        if let Some((_, node)) = &mention.kind {
            return node.refuse(
                format!("`{}` is a bundle: each of its services has its own type", bundle.name),
                format!("remove it; the bundle is {}", bundle.members.join(", ")),
            );
        }
        return Some(LeadsTo::Bundle { members: bundle.members });
    }
    let was_refused =
        |key: &'static str, is_read: bool| !is_read && mention.table.get(key).is_some();
    if was_refused("service", mention.service.is_some())
        || was_refused("type", mention.kind.is_some())
    {
        return None;
    }
    let (text, at) = match &mention.service {
        Some((text, node)) => (*text, node),
        None => (mention.name, &mention.at),
    };
    let (service, short) = if known::is_full_name(text) {
        check_full_name(text, at)?;
        (ServiceRef::Full(ServiceName::from(text)), known::short_of(text))
    } else if known::service(text).is_some() {
        (ServiceRef::Short(text.to_owned()), text.to_owned())
    } else {
        return unknown_service(text, at);
    };
    let wanted = mention.kind.as_ref();
    let kind = match known::service(&short) {
        Some(service) => match wanted {
            Some((kind, node)) if !service.kinds.contains(kind) => {
                let kinds: Vec<_> = service.kinds.iter().map(kind_word).collect();
                return node.refuse(
                    format!("`{short}` has no {} endpoints", kind_word(kind)),
                    format!("its type is {}", kinds.join(" or ")),
                );
            }
            Some((kind, _)) => Some(kind.clone()),
            None => service.kinds.first().cloned(),
        },
        None => match wanted {
            Some((EndpointKind::Gateway, node)) if text.contains(".vpce.") => {
                return node.refuse(
                    "a partner's service has no gateway endpoints",
                    "its type is interface or gateway-load-balancer",
                );
            }
            wanted => wanted.map(|(kind, _)| kind.clone()),
        },
    };
    Some(LeadsTo::Service { service, kind })
}

fn check_full_name(text: &str, at: &Node<'_>) -> Option<()> {
    let is_label = |label: &str| {
        label == "{region}"
            || !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let wrong = format!("`{text}` is not the full name of a service");
    if !text.split('.').all(is_label) {
        return at.refuse(
            wrong,
            "it has letters, digits, `-` and `{region}` between dots: \
             \"com.amazonaws.{region}.logs\"",
        );
    }
    if let Some((_, partner)) = text.split_once(".vpce.") {
        let id = partner.rsplit_once('.').and_then(|(_, id)| id.strip_prefix("vpce-svc-"));
        if known::region_label(text).is_none() || !id.is_some_and(values::is_hex_id) {
            return at.refuse(
                wrong,
                "a partner's service is named \
                 \"com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d4e5f60718\"",
            );
        }
    }
    Some(())
}

fn unknown_service(text: &str, at: &Node<'_>) -> Option<LeadsTo> {
    let help = if known::bundle(text).is_some() {
        format!("`{text}` is a bundle, which only a table of that name can be: [endpoints.{text}]")
    } else if known::begins_full_names(text) {
        "a full name needs quotes: [endpoints.\"com.amazonaws.eu-west-1.logs\"]".to_owned()
    } else {
        let near = match nearest(text, known::names()) {
            Some(near) => format!("did you mean `{near}`? "),
            None => String::new(),
        };
        format!(
            "{near}a service this version does not know can be given by its full name: \
             service = \"com.amazonaws.{{region}}.{}\"",
            if text.is_empty() { "NAME" } else { text }
        )
    };
    at.refuse(format!("`{text}` is not a service linkwalk knows"), help)
}
