//! Gateway endpoints: routes to S3 or `DynamoDB` in route tables. A table takes one route per service,
//! so what another endpoint already routes is left to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{EndpointId, RouteTableId};
use crate::model::endpoint::{DnsOptions, EndpointState, IpAddressType};
use crate::model::network::RouteTable;
use crate::model::observed::Endpoint;
use crate::plan::action::DesiredEndpoint;
use crate::plan::aim::Adoption;
use crate::plan::dns::S3Gateway;
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::service::Wanted;
use crate::plan::standing::Standing;
use crate::plan::target::{Site, Vicinity};
use crate::plan::{adopt, diff, foreign, placing, policy, select, tags, vpc_dns};

/// Plans one gateway endpoint in one VPC.
pub(super) fn plan(site: &Site, wanted: &Wanted, vicinity: &mut Vicinity, draft: &mut Draft) {
    if let Err(refusal) = try_plan(site, wanted, vicinity, draft) {
        draft.block(Some(&site.vpc.id), wanted.short, refusal);
    }
}

fn try_plan(
    site: &Site,
    wanted: &Wanted,
    vicinity: &mut Vicinity,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let key = site.key(wanted);
    let standing = adopt::standing(site, wanted.short, &key, draft)?;
    let mut desired = DesiredEndpoint {
        key,
        subnets: BTreeSet::new(),
        security_groups: BTreeSet::new(),
        route_tables: route_tables(site, wanted)?,
        private_dns: private_dns(wanted)?,
        ip_address_type: ip_address_type(wanted)?,
        dns: dns_options(site, wanted)?,
        policy: policy::desired(site, wanted)?,
        tags: tags::of_endpoint(site, wanted),
    };
    let held = held_by_others(site, &desired, &standing);
    for (other, tables) in &held {
        leave_to(site, wanted, &desired, other, tables, draft);
        desired.route_tables.retain(|table| !tables.contains(table));
    }
    if vpc_dns::attributes_on(site).is_err() {
        let text = "the VPC's DNS attributes are off: names resolve by other means, or not at all";
        draft.note(Some(&site.vpc.id), wanted.short, "dns-attributes-off", text);
    }
    if desired.route_tables.is_empty() && standing.kept.is_none() {
        standing.delete_spare(wanted.short, draft);
        return Ok(());
    }
    let record_ip_type = desired.dns.record_ip_type.clone();
    let mut after = BTreeSet::new();
    let needs_attributes =
        record_ip_type.as_deref().is_some_and(|asked| asked != "service-defined");
    let will_change = !standing.adopted || site.changes.adopt == Adoption::Repair;
    if needs_attributes && will_change && site.settings.fix_vpc_dns {
        after = vpc_dns::turn_on(site, vicinity, draft);
    }
    let made_by = diff::settle(site, wanted, desired, &standing, Rank::Gateway, after, draft)?;
    if wanted.short == "s3" && vicinity.s3_gateway.is_none() {
        vicinity.s3_gateway = Some(S3Gateway { made_by, record_ip_type });
    }
    Ok(())
}

fn route_tables(site: &Site, wanted: &Wanted) -> Result<BTreeSet<RouteTableId>, Refusal> {
    let selector = &wanted.spec.route_tables;
    let own: BTreeSet<_> = select::route_tables(selector, site.vpc)
        .into_iter()
        .filter(|table| table.owner == site.target.account)
        .map(|table| table.id.clone())
        .collect();
    if !own.is_empty() {
        return Ok(own);
    }
    let words = select::route_tables_in_words(selector);
    let tables = select::some(site.vpc.route_tables.values().map(in_words));
    let there = if tables.is_empty() {
        "none is visible".to_owned()
    } else {
        format!("there are {tables}")
    };
    Err(Refusal::new(
        "no-route-table-matches",
        format!("`route_tables` selects {words}, and {there}"),
    ))
}

fn in_words(table: &RouteTable) -> String {
    let public = if table.leads_to_internet_gateway() { "public" } else { "private" };
    let main = if table.main { ", main" } else { "" };
    format!("{} ({public}{main})", table.id)
}

fn private_dns(wanted: &Wanted) -> Result<bool, Refusal> {
    if wanted.spec.private_dns == Some(true) {
        return Err(Refusal::new(
            "no-private-dns-name",
            "a gateway endpoint works by routes and has no private DNS: leave private_dns out",
        ));
    }
    Ok(false)
}

fn ip_address_type(wanted: &Wanted) -> Result<Option<IpAddressType>, Refusal> {
    if let Some(asked) = wanted.spec.ip_address_type {
        placing::family_offered(wanted, asked)?;
    }
    Ok(wanted.spec.ip_address_type)
}

/// Records of another type than `service-defined` need both DNS attributes, and `DynamoDB` has none
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>).
fn dns_options(site: &Site, wanted: &Wanted) -> Result<DnsOptions, Refusal> {
    let record_ip_type = wanted.spec.dns.record_ip_type.clone();
    if let Some(asked) = record_ip_type.as_deref()
        && asked != "service-defined"
    {
        if wanted.short == "dynamodb" {
            return Err(Refusal::new(
                "dns-record-type-not-supported",
                format!(
                    "DynamoDB's gateway has DNS records of type service-defined only, not {asked}"
                ),
            ));
        }
        if !site.settings.fix_vpc_dns {
            vpc_dns::attributes_on(site)?;
        }
    }
    Ok(DnsOptions { record_ip_type, ..DnsOptions::default() })
}

/// Tables that endpoints which are not ours hold the service's route in.
fn held_by_others<'a>(
    site: &Site<'a>,
    desired: &DesiredEndpoint,
    standing: &Standing<'a>,
) -> Vec<(&'a Endpoint, BTreeSet<RouteTableId>)> {
    let mut routed: BTreeMap<EndpointId, BTreeSet<RouteTableId>> = BTreeMap::new();
    for table in site.vpc.route_tables.values() {
        for route in table.routes.iter().filter(|route| route.target.starts_with("vpce-")) {
            let endpoint = EndpointId::new(route.target.as_str());
            routed.entry(endpoint).or_default().insert(table.id.clone());
        }
    }
    let is_alive = |other: &&Endpoint| {
        !matches!(
            other.state,
            EndpointState::Failed | EndpointState::Rejected | EndpointState::Expired
        )
    };
    standing
        .others
        .iter()
        .copied()
        .filter(is_alive)
        .map(|other| {
            let mut tables = other.route_tables.clone();
            tables.extend(routed.remove(&other.id).unwrap_or_default());
            tables.retain(|table| desired.route_tables.contains(table));
            (other, tables)
        })
        .filter(|(_, tables)| !tables.is_empty())
        .collect()
}

/// Says what becomes of the tables that another endpoint holds.
fn leave_to(
    site: &Site,
    wanted: &Wanted,
    desired: &DesiredEndpoint,
    other: &Endpoint,
    tables: &BTreeSet<RouteTableId>,
    draft: &mut Draft,
) {
    let lacks: Vec<String> = foreign::state_lacks(other)
        .into_iter()
        .chain(foreign::policy_lacks(desired, other))
        .collect();
    let all = desired.route_tables.is_subset(tables);
    let on = if all { String::new() } else { format!(" on {}", select::list(tables)) };
    if lacks.is_empty() {
        foreign::note_satisfied(site, wanted, other, &on, draft);
    } else {
        let mut refusal = foreign::in_the_way(other, &lacks);
        if !all {
            refusal.reason = format!("{}{on}", refusal.reason);
        }
        draft.block(Some(&site.vpc.id), wanted.short, refusal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::EndpointKind;
    use crate::model::network::Route;
    use crate::model::policy::PolicyDocument;
    use crate::model::spec::{EndpointSpec, Glob, RouteTableSelector};
    use crate::plan::action::Verb;
    use crate::plan::testing::{
        World, account, check, check_blocked, gist, restrictive, tables, world,
    };

    fn made(world: &World) -> BTreeSet<RouteTableId> {
        let plan = world.plan();
        match &plan.actions[0].verb {
            Verb::CreateEndpoint(made) => made.route_tables.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn route_tables_are_chosen_by_every_kind_of_selector() {
        let tagged = [("tier".to_owned(), Glob::new("app").unwrap())];
        for (selector, expected) in [
            (RouteTableSelector::Private, tables(["a", "b", "c"])),
            (
                RouteTableSelector::All,
                tables(["a", "b", "c", "main", "public-a", "public-b", "public-c"]),
            ),
            (RouteTableSelector::Main, tables(["main"])),
            (RouteTableSelector::Ids(tables(["b", "elsewhere"])), tables(["b"])),
            (RouteTableSelector::Tags(tagged.into()), tables(["c"])),
        ] {
            let world = world().want_with("s3", |spec| spec.route_tables = selector.clone());
            let world = world.but(|w| {
                let table = w.vpc().route_tables.get_mut(&"rtb-c".into()).unwrap();
                table.tags.insert("tier".into(), "app".into());
            });
            assert_eq!(made(&world), expected, "{selector:?}");
        }
    }

    #[test]
    fn the_main_table_is_private_once_a_subnet_falls_back_to_it() {
        let world = world().want(["s3"]).but(|w| {
            w.vpc().route_tables.remove(&"rtb-a".into());
        });
        assert_eq!(made(&world), tables(["b", "c", "main"]));
    }

    #[test]
    fn tables_others_hold_are_left_to_them_and_ours_takes_the_rest() {
        let with_foreign = |change: fn(&mut Endpoint)| {
            world().want(["s3"]).but(|w| change(w.add_foreign("s3", EndpointKind::Gateway)))
        };
        let partly = |e: &mut Endpoint| e.route_tables = tables(["a", "public-b"]);
        check([
            ("all of them", with_foreign(|_| {}), vec![". s3: satisfied-by-foreign"]),
            ("some of them", with_foreign(partly), vec!["+ s3", ". s3: satisfied-by-foreign"]),
            (
                "with another policy",
                with_foreign(|e| e.policy = Some(restrictive())),
                vec!["! s3: foreign-in-the-way"],
            ),
            (
                "on its way out",
                with_foreign(|e| e.state = EndpointState::Deleting),
                vec!["! s3: still-deleting"],
            ),
            ("failed", with_foreign(|e| e.state = EndpointState::Failed), vec!["+ s3"]),
            (
                "only a route tells of it",
                with_foreign(|e| e.route_tables.clear()).but(|w| {
                    let table = w.vpc().route_tables.get_mut(&"rtb-a".into()).unwrap();
                    table.routes.push(Route {
                        destination: "pl-6da54004".into(),
                        target: "vpce-foreign0".into(),
                    });
                }),
                vec!["+ s3", ". s3: satisfied-by-foreign"],
            ),
        ]);
        assert_eq!(made(&with_foreign(partly)), tables(["b", "c"]));
        let text = &with_foreign(partly).plan().notes[0].text;
        assert_eq!(text, "satisfied by vpce-foreign0 (foreign) on rtb-a");
    }

    #[test]
    fn a_foreign_gateway_that_comes_later_keeps_its_table() {
        let mut world = world().want(["s3"]).applied();
        world.endpoint("s3").route_tables = tables(["b", "c"]);
        world.add_foreign("s3", EndpointKind::Gateway).route_tables = tables(["a"]);
        assert_eq!(gist(&world.plan()), [". s3: satisfied-by-foreign"]);
    }

    #[test]
    fn a_twin_on_its_way_out_keeps_its_tables_until_it_is_gone() {
        let world = world().want(["s3"]).applied().but(|w| {
            let mut twin = w.endpoint("s3").clone();
            w.endpoint("s3").route_tables = tables(["a"]);
            twin.id = "vpce-twin".into();
            twin.state = EndpointState::Deleting;
            twin.route_tables = tables(["b"]);
            w.observed.endpoints.insert(twin.id.clone(), twin);
        });
        check([("leaving", world, vec!["~ s3: route_tables", "! s3: still-deleting"])]);
    }

    #[test]
    fn dns_attributes_do_not_block_a_gateway() {
        let off = world().want(["s3"]).but(|w| w.vpc().dns_support = false);
        check([("off", off, vec!["+ s3", ". s3: dns-attributes-off"])]);
    }

    #[test]
    fn what_a_gateway_cannot_have_is_blocked() {
        let principal = PolicyDocument::observed(
            r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}]}"#,
        );
        let records = |kind: &'static str| {
            move |spec: &mut EndpointSpec| spec.dns.record_ip_type = Some(kind.into())
        };
        check_blocked([
            (
                "no-route-table-matches",
                world()
                    .want_with("s3", |s| s.route_tables = RouteTableSelector::Ids(tables(["x"]))),
                "selects rtb-x, and there are rtb-a (private), ",
            ),
            (
                "no-route-table-matches",
                world().want(["s3"]).but(|w| {
                    for table in w.vpc().route_tables.values_mut() {
                        table.owner = account("999988887777");
                    }
                }),
                "route tables of private subnets",
            ),
            (
                "no-private-dns-name",
                world().want_with("s3", |spec| spec.private_dns = Some(true)),
                "works by routes",
            ),
            (
                "policy-principal",
                world().want_with("s3", |spec| spec.policy = principal.into()),
                "aws:PrincipalArn",
            ),
            (
                "ip-address-type-not-supported",
                world().want_with("s3", |s| s.ip_address_type = Some(IpAddressType::Ipv6)),
                "only by ipv4, dualstack",
            ),
            (
                "dns-record-type-not-supported",
                world().want_with("dynamodb", records("ipv4")),
                "service-defined only",
            ),
            (
                "dns-attributes-off",
                world().want_with("s3", records("ipv4")).but(|w| w.vpc().dns_support = false),
                "enableDnsSupport",
            ),
        ]);
    }
}
