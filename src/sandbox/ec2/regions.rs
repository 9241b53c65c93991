//! Regions and availability zones.

use super::context::Ec2;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::Tags;

/// `DescribeRegions`: those the account may use, or all.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let names = ec2.params.list("RegionName");
    let all = ec2.params.flag("AllRegions")?.unwrap_or(false);
    let filters = ec2.filters(&["endpoint", "opt-in-status", "region-name"], false)?;
    ec2.ready()?;
    if let Some(name) =
        names.iter().find(|name| ec2.regions.iter().all(|(known, ..)| known != name))
    {
        let message = format!("Invalid region names: [{name}]");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let none = Tags::new();
    let rows = ec2.regions.iter().map(|(name, opt_in, usable)| {
        let status = match (opt_in, usable) {
            (_, false) => "not-opted-in",
            (true, true) => "opted-in",
            (false, true) => "opt-in-not-required",
        };
        (*name, format!("ec2.{name}.amazonaws.com"), status, *usable)
    });
    let rows = rows.filter(|(name, endpoint, status, usable)| {
        (all || *usable)
            && (names.is_empty() || names.iter().any(|wanted| wanted == name))
            && filters.hold(&none, |field| {
                vec![match field {
                    "endpoint" => endpoint.clone(),
                    "opt-in-status" => (*status).to_owned(),
                    _ => (*name).to_owned(),
                }]
            })
    });
    let mut xml = Xml::new();
    xml.set("regionInfo", rows, |xml, (name, endpoint, status, _)| {
        xml.leaf("regionName", name).leaf("regionEndpoint", endpoint).leaf("optInStatus", status);
    });
    Ok(xml)
}

const ZONE_FILTERS: &[&str] =
    &["group-name", "opt-in-status", "region-name", "state", "zone-id", "zone-name", "zone-type"];

/// `DescribeAvailabilityZones`.
pub(crate) fn zones(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let names = ec2.params.list("ZoneName");
    let ids = ec2.params.list("ZoneId");
    ec2.params.flag("AllAvailabilityZones")?;
    let filters = ec2.filters(ZONE_FILTERS, false)?;
    ec2.ready()?;
    let known = |wanted: &&String| {
        ec2.zones.iter().all(|zone| zone.name != **wanted && zone.id != **wanted)
    };
    if let Some(name) = names.iter().chain(&ids).find(known) {
        let message = format!("Invalid availability zone: [{name}]");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let none = Tags::new();
    let group = format!("{}-zg-1", ec2.region);
    let rows = ec2.zones.iter().filter(|zone| {
        (names.is_empty() || names.contains(&zone.name))
            && (ids.is_empty() || ids.contains(&zone.id))
            && filters.hold(&none, |field| {
                vec![match field {
                    "group-name" => group.clone(),
                    "opt-in-status" => "opt-in-not-required".to_owned(),
                    "region-name" => ec2.region.to_owned(),
                    "state" => "available".to_owned(),
                    "zone-id" => zone.id.clone(),
                    "zone-name" => zone.name.clone(),
                    _ => "availability-zone".to_owned(),
                }]
            })
    });
    let mut xml = Xml::new();
    xml.set("availabilityZoneInfo", rows, |xml, zone| {
        xml.leaf("zoneName", &zone.name).leaf("zoneId", &zone.id);
        xml.leaf("zoneState", "available").leaf("regionName", ec2.region);
        xml.leaf("optInStatus", "opt-in-not-required").leaf("zoneType", "availability-zone");
        xml.leaf("groupName", &group).leaf("networkBorderGroup", ec2.region);
        xml.element("messageSet", |_| ());
    });
    Ok(xml)
}
