//! Route 53 (API 2013-04-01): `ListHostedZonesByVPC`. The customer's zones are in the account that owns the
//! VPC; those of endpoints with private DNS belong to a service.

use super::auth::Principal;
use super::dice::Dice;
use super::wire::pages::Page;
use super::wire::params::Params;
use super::wire::refusal::Refusal;
use super::wire::xml::Xml;
use super::world::World;

/// The most zones of a page.
const MOST: usize = 100;

/// A hosted zone, as it is listed.
struct Zone {
    id: String,
    name: String,
    /// `OwningAccount` or `OwningService`, and who.
    owner: (&'static str, String),
}

/// `ListHostedZonesByVPC`.
pub(crate) fn list_by_vpc(
    world: &World,
    principal: &Principal,
    cap: Option<usize>,
    params: &Params,
) -> Result<Xml, Refusal> {
    let invalid = |message: &str| Refusal::new("InvalidInput", message);
    let vpc = params.text("vpcid").ok_or_else(|| invalid("The VPC id is missing"))?;
    let region = params.text("vpcregion").ok_or_else(|| invalid("The VPC region is missing"))?;
    let asked = params.number("maxitems")?.unwrap_or(MOST);
    let token = params.text("nexttoken");
    params.finish()?;
    let zones = zones(world, &principal.account, &region, &vpc)
        .ok_or_else(|| invalid(&format!("The VPC {vpc} in {region} does not exist")))?;
    let limit = asked.clamp(1, MOST).min(cap.unwrap_or(MOST));
    let page = Page::new(&format!("ListHostedZonesByVPC {region} {vpc}"), limit, token.as_deref())
        .map_err(|_| Refusal::new("InvalidPaginationToken", "The token is not valid"))?;
    let (items, next) = page.cut(zones, |zone| format!("{} {}", zone.name, zone.id));
    let mut xml = Xml::new();
    xml.element("HostedZoneSummaries", |xml| {
        for Zone { id, name, owner: (kind, who) } in items {
            xml.element("HostedZoneSummary", |xml| {
                xml.leaf("HostedZoneId", id).leaf("Name", name);
                xml.element("Owner", |xml| {
                    xml.leaf(kind, who);
                });
            });
        }
    });
    xml.leaf("MaxItems", limit).maybe("NextToken", next);
    Ok(xml)
}

/// The zones that are associated with a VPC, in the order of their names; `None` if there is no such VPC.
fn zones(world: &World, account: &str, region: &str, id: &str) -> Option<Vec<Zone>> {
    let region = world.accounts.get(account)?.regions.get(region)?;
    let vpc = region.vpcs.get(id)?;
    let zone = |name: &str, owner: (&'static str, String)| {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let id = Dice::new(0, &["hosted zone", id, name, &owner.1]).text(letters, 19);
        Zone { id: format!("Z0{id}"), name: format!("{}.", name.trim_end_matches('.')), owner }
    };
    let own = vpc.hosted_zones.iter();
    let own = own.map(|name| zone(name, ("OwningAccount", vpc.owner.clone())));
    let endpoints = region.endpoints.values().filter(|one| one.vpc == id && one.private_dns);
    let names = endpoints.flat_map(|one| &one.private_names);
    let services = names.map(|name| zone(name, ("OwningService", "vpce.amazonaws.com".to_owned())));
    let mut zones: Vec<Zone> = own.chain(services).collect();
    zones.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    Some(zones)
}
