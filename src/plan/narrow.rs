//! Pure filters on a finished plan: what the operator does not allow in this run is left out and said,
//! and what the rest needs stays with it.

use std::collections::BTreeSet;

use crate::ids::VpcId;
use crate::plan::action::{Action, ActionId, EndpointChange, SecurityGroupRef, Verb};
use crate::plan::aim::{Changes, Kind, Mode};
use crate::plan::draft::renumbered;
use crate::plan::{Note, TargetPlan};

/// Code of the notes about what was left out.
const LEFT_OUT: &str = "left-out";

impl TargetPlan {
    /// What differs and was left out on purpose, in words.
    pub fn left_out(&self) -> impl Iterator<Item = String> {
        let notes = self.notes.iter().filter(|note| note.code == LEFT_OUT);
        notes.map(|note| format!("{}: {}", note.what, note.text))
    }
}

/// What of a plan `changes` allow.
pub(super) fn allowed(plan: TargetPlan, changes: &Changes) -> TargetPlan {
    if changes.mode != Mode::CreateOnly && changes.only.is_empty() {
        return plan;
    }
    let why = changes.in_words();
    filtered(plan, &why, |action, plan| {
        if changes.mode == Mode::CreateOnly && !creates_only(action, plan) {
            return None;
        }
        if changes.only.is_empty() {
            return Some(action.clone());
        }
        of_kinds(action, plan, &changes.only)
    })
}

/// The plan that is left once these resources were adopted in this very run: what else differs of them
/// is for the next one.
pub fn sparing(plan: TargetPlan, adopted: &BTreeSet<String>) -> TargetPlan {
    if adopted.is_empty() {
        return plan;
    }
    filtered(plan, "adopted by this run", |action, _| {
        let spared = match &action.verb {
            Verb::ModifyEndpoint { id, .. } => adopted.contains(id.as_str()),
            Verb::ModifySecurityGroup { id, .. } => adopted.contains(id.as_str()),
            Verb::Tag { resource, .. } => adopted.contains(resource),
            _ => false,
        };
        (!spared).then(|| action.clone())
    })
}

/// Keeps of each action what `part` says, with all that it needs; notes the rest.
fn filtered(
    plan: TargetPlan,
    why: &str,
    part: impl Fn(&Action, &TargetPlan) -> Option<Action>,
) -> TargetPlan {
    // A security group is made for those who use it, so it is only ever brought along.
    let is_brought = |action: &Action| matches!(action.verb, Verb::CreateSecurityGroup(_));
    let mut kept: Vec<Option<Action>> = plan
        .actions
        .iter()
        .map(|action| if is_brought(action) { None } else { part(action, &plan) })
        .collect();
    // An action waits for earlier ones only: going backwards reaches everything that is needed.
    for at in (0..kept.len()).rev() {
        let needed: Vec<ActionId> =
            kept[at].iter().flat_map(|action| action.after.iter().copied()).collect();
        for (at, action) in plan.actions.iter().enumerate() {
            if kept[at].is_none() && needed.contains(&action.id) {
                kept[at] = Some(action.clone());
            }
        }
    }
    let mut notes: BTreeSet<Note> = plan.notes.iter().cloned().collect();
    for (action, kept) in plan.actions.iter().zip(&kept) {
        notes.extend(left_out(action, kept.as_ref(), why));
    }
    let actions = renumbered(kept.into_iter().flatten().collect());
    TargetPlan { actions, notes: notes.into_iter().collect(), ..plan }
}

/// Whether an action makes something, and nothing has to go or to change for it.
fn creates_only(action: &Action, plan: &TargetPlan) -> bool {
    matches!(
        action.verb,
        Verb::CreateEndpoint(_) | Verb::CreateSecurityGroup(_) | Verb::Adopt { .. }
    ) && plan
        .actions
        .iter()
        .filter(|earlier| action.after.contains(&earlier.id))
        .all(|earlier| creates_only(earlier, plan))
}

/// Whether a creation waits for the deletion of what it takes the place of.
fn replaces(action: &Action, plan: &TargetPlan) -> bool {
    plan.actions.iter().any(|earlier| {
        action.after.contains(&earlier.id) && matches!(earlier.verb, Verb::DeleteEndpoint { .. })
    })
}

/// What of an action is of these kinds. An adoption is asked for by itself and always stays.
fn of_kinds(action: &Action, plan: &TargetPlan, only: &BTreeSet<Kind>) -> Option<Action> {
    let whole = |kind: Kind| only.contains(&kind).then(|| action.clone());
    match &action.verb {
        Verb::Adopt { .. } => Some(action.clone()),
        Verb::CreateEndpoint(_) if replaces(action, plan) => whole(Kind::State),
        Verb::CreateEndpoint(_) | Verb::CreateSecurityGroup(_) => whole(Kind::Missing),
        Verb::ModifySecurityGroup { .. } => whole(Kind::Rules),
        Verb::EnableVpcDns { .. } => whole(Kind::PrivateDns),
        Verb::Tag { .. } => whole(Kind::Tags),
        Verb::DeleteEndpoint { .. } if !action.drift.is_empty() => whole(Kind::State),
        // Of an orphan nothing differs: it should not be there.
        Verb::DeleteEndpoint { .. } | Verb::DeleteSecurityGroup { .. } => whole(Kind::Orphans),
        Verb::ModifyEndpoint { change, .. } => {
            let kinds = with_companions(only, change);
            modification(action, change, &kinds, plan)
        }
    }
}

/// Attributes that AWS accepts in one request only: address types go with the subnets that have them
/// and with DNS records of their kind, and private DNS with the options that are about it.
fn with_companions(only: &BTreeSet<Kind>, change: &EndpointChange) -> BTreeSet<Kind> {
    let mut kinds = only.clone();
    let mut bound: Vec<&[Kind]> = Vec::new();
    if change.ip_address_type.is_some() {
        bound.push(&[Kind::IpAddressType, Kind::Subnets, Kind::DnsOptions]);
    }
    if change.private_dns.is_some() && change.dns.is_some() {
        bound.push(&[Kind::PrivateDns, Kind::DnsOptions]);
    }
    // Twice, because one bond can pull in the other.
    for bond in bound.iter().chain(&bound) {
        if bond.iter().any(|kind| kinds.contains(kind)) {
            kinds.extend(bond.iter());
        }
    }
    kinds
}

/// A modification of these kinds of attributes only; `None` where nothing is left of it.
fn modification(
    action: &Action,
    whole: &EndpointChange,
    kinds: &BTreeSet<Kind>,
    plan: &TargetPlan,
) -> Option<Action> {
    let has = |kind: Kind| kinds.contains(&kind);
    let mut change = EndpointChange::default();
    if has(Kind::Subnets) {
        change.add_subnets.clone_from(&whole.add_subnets);
        change.remove_subnets.clone_from(&whole.remove_subnets);
    }
    if has(Kind::SecurityGroups) {
        change.add_security_groups.clone_from(&whole.add_security_groups);
        change.remove_security_groups.clone_from(&whole.remove_security_groups);
    }
    if has(Kind::RouteTables) {
        change.add_route_tables.clone_from(&whole.add_route_tables);
        change.remove_route_tables.clone_from(&whole.remove_route_tables);
    }
    change.private_dns = whole.private_dns.filter(|_| has(Kind::PrivateDns));
    change.ip_address_type = whole.ip_address_type.filter(|_| has(Kind::IpAddressType));
    change.dns = whole.dns.clone().filter(|_| has(Kind::DnsOptions));
    change.policy = whole.policy.clone().filter(|_| has(Kind::Policy));
    if change == EndpointChange::default() {
        return None;
    }
    let mut narrowed = action.clone();
    narrowed.drift.retain(|drift| has(Kind::of_field(&drift.field)));
    narrowed.after.retain(|id| {
        let earlier = plan.actions.iter().find(|earlier| earlier.id == *id);
        earlier.is_none_or(|earlier| waits_for(&change, earlier))
    });
    if let Verb::ModifyEndpoint { change: narrowed, .. } = &mut narrowed.verb {
        *narrowed = change;
    }
    Some(narrowed)
}

/// Whether a change still needs an earlier action: a group that it uses, or names and routes that
/// another endpoint holds or has to have first.
fn waits_for(change: &EndpointChange, earlier: &Action) -> bool {
    match &earlier.verb {
        Verb::CreateSecurityGroup(_) => {
            change.add_security_groups.contains(&SecurityGroupRef::MadeBy(earlier.id))
        }
        Verb::CreateEndpoint(_) | Verb::EnableVpcDns { .. } => change.private_dns.is_some(),
        Verb::DeleteEndpoint { .. } => {
            change.private_dns.is_some() || !change.add_route_tables.is_empty()
        }
        _ => true,
    }
}

fn left_out(action: &Action, kept: Option<&Action>, why: &str) -> Option<Note> {
    let fields = |of: &Action| -> Vec<String> {
        let rest =
            of.drift.iter().filter(|drift| kept.is_none_or(|kept| !kept.drift.contains(drift)));
        rest.map(|drift| drift.field.clone()).collect()
    };
    let differs = match (&action.verb, kept) {
        (Verb::ModifyEndpoint { .. }, Some(_)) if !fields(action).is_empty() => {
            format!("differs in {}", fields(action).join(", "))
        }
        (_, Some(_)) => return None,
        (Verb::CreateEndpoint(_) | Verb::CreateSecurityGroup(_), None) => "missing".to_owned(),
        (Verb::DeleteEndpoint { .. } | Verb::DeleteSecurityGroup { .. }, None) => {
            "should be deleted".to_owned()
        }
        (_, None) => format!("differs in {}", fields(action).join(", ")),
    };
    let vpc: &VpcId = action.verb.vpc();
    Some(Note {
        vpc: Some(vpc.clone()),
        what: action.what.clone(),
        code: LEFT_OUT.to_owned(),
        text: format!("{differs}; left out ({why})"),
        resource: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::EndpointState;
    use crate::model::network::{Peer, Rule};
    use crate::plan::aim::{Aim, Purpose};
    use crate::plan::testing::{World, gist, restrictive, subnets, tables, world};

    /// Something of every kind differs.
    fn drifted() -> World {
        world().want(["logs", "kms", "s3"]).applied().want(["ssm"]).but(|w| {
            let logs = w.endpoint("logs");
            logs.subnets = subnets(["a", "b"]);
            logs.private_dns = false;
            logs.policy = Some(restrictive());
            logs.security_groups = ["sg-other".into()].into();
            logs.tags.insert("Name".into(), "other".into());
            w.endpoint("kms").state = EndpointState::Failed;
            w.endpoint("s3").route_tables = tables(["a"]);
            let extra = Rule::https_from(Peer::Cidr("0.0.0.0/0".parse().unwrap()));
            w.vpc().security_groups.values_mut().for_each(|group| {
                group.ingress.insert(extra.clone());
            });
        })
    }

    fn aim(changes: Changes) -> Aim {
        Aim { purpose: Purpose::Converge(changes), ..Aim::default() }
    }

    fn only(kinds: &str) -> Aim {
        let only = kinds.split(',').map(|kind| kind.parse().unwrap()).collect();
        aim(Changes { only, ..Changes::default() })
    }

    /// What is done; what is left out is not in it.
    fn done(world: &World, aim: &Aim) -> Vec<String> {
        let plan = world.plan_for(aim, None);
        gist(&plan).into_iter().filter(|line| !line.starts_with('.')).collect()
    }

    #[test]
    fn every_kind_narrows_to_itself() {
        for (kinds, expected) in [
            ("missing", vec!["+ ssm"]),
            ("state", vec!["- kms: state last_error", "+ kms"]),
            ("subnets", vec!["~ logs: subnets"]),
            ("security-groups", vec!["~ logs: security_groups"]),
            ("rules", vec!["~ linkwalk-endpoints: ingress"]),
            ("route-tables", vec!["~ s3: route_tables"]),
            ("private-dns", vec!["~ logs: private_dns"]),
            ("policy", vec!["~ logs: policy"]),
            ("ip-address-type", vec![]),
            ("tags", vec!["~ logs: tags.Name"]),
            ("tags,private-dns", vec!["~ logs: private_dns", "~ logs: tags.Name"]),
        ] {
            let mut done = done(&drifted(), &only(kinds));
            let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            for line in done.iter_mut().chain(&mut expected) {
                *line = line.replace(" last_error", "");
            }
            assert_eq!(done, expected, "{kinds}");
        }
    }

    #[test]
    fn what_is_left_out_is_said_and_what_is_done_is_not() {
        let plan = drifted().plan_for(&only("private-dns"), None);
        let left: Vec<String> = plan.left_out().collect();
        assert_eq!(
            left,
            [
                "kms: missing; left out (--only private-dns)",
                "kms: should be deleted; left out (--only private-dns)",
                "linkwalk-endpoints: differs in ingress; left out (--only private-dns)",
                "logs: differs in subnets, security_groups, policy; left out (--only private-dns)",
                "logs: differs in tags.Name; left out (--only private-dns)",
                "s3: differs in route_tables; left out (--only private-dns)",
                "ssm: missing; left out (--only private-dns)",
            ]
        );
        assert!(drifted().plan().left_out().next().is_none());
    }

    #[test]
    fn create_only_makes_what_is_missing_and_changes_nothing_that_is_there() {
        let create_only = aim(Changes { mode: Mode::CreateOnly, ..Changes::default() });
        assert_eq!(done(&drifted(), &create_only), ["+ ssm"]);
        let fresh = world().want(["logs", "s3"]);
        assert_eq!(done(&fresh, &create_only), ["+ linkwalk-endpoints", "+ logs", "+ s3"]);
    }

    #[test]
    fn what_the_rest_needs_comes_with_it_and_nothing_else_does() {
        // The group is gone, and the endpoint uses another one.
        let gone = world().want(["logs"]).applied().but(|w| {
            w.vpc().security_groups.clear();
            w.endpoint("logs").security_groups = ["sg-other".into()].into();
            w.endpoint("logs").subnets = subnets(["a"]);
        });
        assert_eq!(
            done(&gone, &only("security-groups")),
            ["+ linkwalk-endpoints", "~ logs: security_groups"]
        );
        assert_eq!(done(&gone, &only("subnets")), ["~ logs: subnets"]);
    }

    #[test]
    fn an_address_type_goes_with_the_subnets_that_have_it() {
        use crate::model::endpoint::IpAddressType::{Dualstack, Ipv4};
        let world = world()
            .want_with("logs", |logs| logs.ip_address_type = Some(Dualstack))
            .but(|w| {
                for subnet in w.vpc().subnets.values_mut() {
                    subnet.ipv6 = Some("2001:db8::/64".parse().unwrap());
                }
            })
            .applied()
            .but(|w| {
                w.endpoint("logs").ip_address_type = Some(Ipv4);
                w.endpoint("logs").subnets = subnets(["a"]);
            });
        for kind in ["subnets", "ip-address-type"] {
            assert_eq!(done(&world, &only(kind)), ["~ logs: subnets ip_address_type"], "{kind}");
        }
    }
}
