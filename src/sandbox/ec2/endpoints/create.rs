//! `CreateVpcEndpoint`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::dns::Wish;
use super::{describe, dns, policy, rules};
use crate::sandbox::catalogue::Detail;
use crate::sandbox::ec2::context::Ec2;
use crate::sandbox::ec2::ids::Noun;
use crate::sandbox::ec2::tags;
use crate::sandbox::load::delay;
use crate::sandbox::wire::refusal::{Refusal, bad_value, invalid, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::Tags;
use crate::sandbox::world::endpoint::{Endpoint, Kind, Settle, State, Then};

/// What a request asks for.
struct Wanted {
    vpc: String,
    service: String,
    kind: Kind,
    policy: Option<String>,
    tables: Vec<String>,
    subnets: Vec<String>,
    addresses: BTreeMap<String, Ipv4Addr>,
    groups: Vec<String>,
    ip_type: String,
    record_type: Option<String>,
    inbound_only: Option<bool>,
    private_dns: Option<bool>,
    token: Option<String>,
    tags: Tags,
}

/// `CreateVpcEndpoint`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = read(ec2)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, [&wanted.vpc])?;
    let service = rules::service(ec2, &wanted.service, wanted.kind)?;
    if let Some(id) = earlier(ec2, &wanted)? {
        return answer(ec2, &id, wanted.token);
    }
    let (policy, inbound_only, private_dns) = check(ec2, &wanted, &service)?;
    let id = build(ec2, &wanted, &service, policy, inbound_only, private_dns);
    answer(ec2, &id, wanted.token)
}

fn read(ec2: &Ec2) -> Result<Wanted, Refusal> {
    let params = ec2.params;
    let kind = match params.get("VpcEndpointType") {
        None => Kind::Gateway,
        Some(text) => Kind::parse(text).ok_or_else(|| bad_value("VpcEndpointType", text))?,
    };
    if let Some(region) = params.get("ServiceRegion")
        && region != ec2.region
    {
        return Err(
            invalid("Endpoints for services of other regions are not supported here.").unknown()
        );
    }
    let token = params.text("ClientToken");
    if let Some(token) = token.as_deref().filter(|token| token.len() > 64 || !token.is_ascii()) {
        return Err(bad_value("ClientToken", token));
    }
    let subnets = ec2.wanted("SubnetId", Noun::Subnet)?;
    Ok(Wanted {
        vpc: ec2.id("VpcId", Noun::Vpc)?,
        service: params.text("ServiceName").ok_or_else(|| missing("ServiceName"))?,
        kind,
        policy: params.text("PolicyDocument"),
        tables: ec2.wanted("RouteTableId", Noun::RouteTable)?,
        addresses: addresses(ec2, &subnets)?,
        subnets,
        groups: ec2.wanted("SecurityGroupId", Noun::SecurityGroup)?,
        ip_type: one_of(ec2, "IpAddressType", &["ipv4", "dualstack", "ipv6"])?
            .unwrap_or_else(|| "ipv4".to_owned()),
        record_type: record_type(ec2)?,
        inbound_only: params.flag("DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint")?,
        private_dns: params.flag("PrivateDnsEnabled")?,
        token,
        tags: tags::specified(ec2, &[Noun::Endpoint])?,
    })
}

/// `DnsOptions.DnsRecordIpType`.
pub(crate) fn record_type(ec2: &Ec2) -> Result<Option<String>, Refusal> {
    one_of(ec2, "DnsOptions.DnsRecordIpType", &["ipv4", "dualstack", "ipv6", "service-defined"])
}

/// A parameter with a fixed list of values.
pub(crate) fn one_of(ec2: &Ec2, name: &str, known: &[&str]) -> Result<Option<String>, Refusal> {
    match ec2.params.get(name) {
        Some(text) if !known.contains(&text) => Err(bad_value(name, text)),
        other => Ok(other.map(str::to_owned)),
    }
}

/// `SubnetConfiguration.N`: which address the endpoint shall have in a subnet.
pub(crate) fn addresses(
    ec2: &Ec2,
    subnets: &[String],
) -> Result<BTreeMap<String, Ipv4Addr>, Refusal> {
    let mut addresses = BTreeMap::new();
    for prefix in ec2.params.structures("SubnetConfiguration") {
        let subnet = ec2.id(&format!("{prefix}.SubnetId"), Noun::Subnet)?;
        if !subnets.contains(&subnet) {
            return Err(invalid(format!(
                "The subnet {subnet} is not one of the endpoint's subnets."
            )));
        }
        if let Some(address) = ec2.params.number(&format!("{prefix}.Ipv4"))? {
            addresses.insert(subnet, address);
        }
    }
    Ok(addresses)
}

/// The endpoint an earlier request with the same client token made.
fn earlier(ec2: &Ec2, wanted: &Wanted) -> Result<Option<String>, Refusal> {
    let Some(token) = &wanted.token else {
        return Ok(None);
    };
    let Some((fingerprint, id)) = ec2.state.tokens.get(&key(token)) else {
        return Ok(None);
    };
    if *fingerprint != ec2.params.fingerprint(&[]) {
        let message = "The client token you specified was used before with other parameters.";
        return Err(Refusal::new("IdempotentParameterMismatch", message));
    }
    // After the endpoint is gone its token makes a new one: how long tokens live is not documented.
    Ok(Some(id.clone()).filter(|id| ec2.state.endpoints.contains_key(id)))
}

fn key(token: &str) -> String {
    format!("CreateVpcEndpoint {token}")
}

/// All rules; answers with the policy, the inbound-only option and private DNS as they will be.
fn check(
    ec2: &Ec2,
    wanted: &Wanted,
    service: &Detail,
) -> Result<(Option<String>, Option<bool>, bool), Refusal> {
    let Wanted { vpc, kind, tables, subnets, groups, .. } = wanted;
    if ec2.state.vpcs.get(vpc).is_some_and(|vpc| vpc.owner != ec2.account) {
        let message = format!("You cannot manage VPC endpoints in the shared VPC {vpc}.");
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    let policy = wanted.policy.as_deref().map(|text| policy::check(text, service)).transpose()?;
    rules::members(*kind, !tables.is_empty(), !subnets.is_empty(), !groups.is_empty())?;
    rules::quota(ec2, *kind, vpc)?;
    rules::ip_type(service, &wanted.ip_type)?;
    rules::subnets(ec2, vpc, service, &wanted.ip_type, &[], subnets)?;
    for (subnet, address) in &wanted.addresses {
        if let Some(subnet) = ec2.state.subnets.get(subnet) {
            rules::address(ec2, subnet, *address)?;
        }
    }
    rules::groups(ec2, vpc, groups)?;
    let mut inbound_only = wanted.inbound_only;
    // The API model has no default; the console and the command line document "on" for AWS services.
    let s3 = service.short(ec2.region) == "s3";
    let default = *kind == Kind::Interface && !service.private_dns.is_empty() && !s3;
    let private_dns = wanted.private_dns.unwrap_or(default);
    if private_dns {
        if *kind != Kind::Interface {
            return Err(invalid("Private DNS is only supported for Interface type VPC Endpoints."));
        }
        let wish = Wish { own: None, vpc, service, inbound_only };
        inbound_only = dns::check(ec2, &wish)?;
    }
    rules::tables(ec2, vpc, service, tables)?;
    Ok((policy, inbound_only, private_dns))
}

fn build(
    ec2: &mut Ec2,
    wanted: &Wanted,
    service: &Detail,
    policy: Option<String>,
    inbound_only: Option<bool>,
    private_dns: bool,
) -> String {
    let id = ec2.state.id("vpce");
    let kind = wanted.kind;
    let mut dice = ec2.state.dice("endpoint");
    let gateway = kind == Kind::Gateway;
    let failing = ec2.fail_endpoint;
    let settle = (!gateway || failing).then(|| {
        let takes = delay::interface_available(&mut dice, ec2.slow_endpoint);
        ec2.state.drawn.push((ec2.now.sim, takes));
        let then = if failing { Then::Failed } else { Then::Available };
        Settle { at: ec2.now.sim + takes, then }
    });
    let mut groups = wanted.groups.clone();
    if groups.is_empty() && kind == Kind::Interface {
        groups.extend(default_group(ec2, &wanted.vpc));
    }
    let record = if gateway { "service-defined" } else { wanted.ip_type.as_str() };
    let mut endpoint = Endpoint {
        id: id.clone(),
        vpc: wanted.vpc.clone(),
        service: service.name.clone(),
        kind,
        state: if settle.is_none() { State::Available } else { State::Pending },
        settle,
        busy_until: 0,
        owner: ec2.account.to_owned(),
        policy: service.policy.then(|| policy.unwrap_or_else(|| policy::full(kind))),
        route_tables: wanted.tables.clone(),
        subnets: wanted.subnets.clone(),
        groups,
        interfaces: Vec::new(),
        ip_type: wanted.ip_type.clone(),
        dns_record_type: wanted.record_type.clone().unwrap_or_else(|| record.to_owned()),
        inbound_only,
        private_dns,
        private_names: service.private_dns.clone(),
        label: dice.text("abcdefghijklmnopqrstuvwxyz0123456789", 8),
        requester_managed: false,
        created: ec2.now.wall,
        bytes_per_minute: 0,
        error: None,
    };
    for subnet in &wanted.subnets {
        let address = wanted.addresses.get(subnet).copied();
        add_interface(ec2, &mut endpoint, subnet, address);
    }
    rules::add_routes(ec2, &endpoint, &wanted.tables);
    ec2.state.endpoints.insert(id.clone(), endpoint);
    ec2.state.tags.insert(id.clone(), wanted.tags.clone());
    if let Some(token) = &wanted.token {
        ec2.state.tokens.insert(key(token), (ec2.params.fingerprint(&[]), id.clone()));
    }
    ec2.hide(&id);
    id
}

/// The network interface of an endpoint in a subnet.
pub(crate) fn add_interface(
    ec2: &mut Ec2,
    endpoint: &mut Endpoint,
    subnet: &str,
    address: Option<Ipv4Addr>,
) {
    let kind = match endpoint.kind {
        Kind::GatewayLoadBalancer => "gateway_load_balancer_endpoint",
        Kind::Interface | Kind::Gateway => "vpc_endpoint",
    };
    let made = ec2.state.add_interface(subnet, &endpoint.groups, &endpoint.id, kind, address);
    endpoint.interfaces.extend(made);
}

/// The VPC's default security group, which an endpoint gets that was made without any.
fn default_group(ec2: &Ec2, vpc: &str) -> Option<String> {
    let mut groups = ec2.state.security_groups.values();
    groups.find(|group| group.vpc == vpc && group.name == "default").map(|group| group.id.clone())
}

fn answer(ec2: &Ec2, id: &str, token: Option<String>) -> Result<Xml, Refusal> {
    let endpoint = ec2.state.endpoints.get(id).ok_or_else(|| Noun::Endpoint.unknown(id))?;
    let mut xml = Xml::new();
    xml.element("vpcEndpoint", |xml| describe::write(xml, ec2, endpoint));
    xml.maybe("clientToken", token);
    Ok(xml)
}
