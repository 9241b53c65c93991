//! What holds in every world: every action is told, nothing else is, and every finding can be acted on.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::date;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::endpoint::{EndpointState, OWNER_TAG};
use crate::plan::TargetPlan;
use crate::plan::action::{Action, Verb};
use crate::plan::properties::any_world;
use crate::plan::testing::{World, world};

/// Looks at a world at a moment at which nothing has been pending for too long.
fn look_at(world: &World, plan: &TargetPlan) -> (Audited, Vec<Finding>) {
    let frame = Frame { patience: Duration::from_mins(15), ..Frame::default() };
    look_in(world, plan, &frame)
}

fn look_in(world: &World, plan: &TargetPlan, frame: &Frame) -> (Audited, Vec<Finding>) {
    look(&Subject {
        who: Who { target: &world.target, name: "shop", ou: "/Workloads" },
        settings: &world.settings,
        observed: &world.observed,
        catalogue: &world.catalogue,
        plan,
        frame,
    })
}

/// What is there and no plan changes: it counts as drift all the same.
fn is_left_alone(plan: &TargetPlan) -> bool {
    plan.notes.iter().any(|note| matches!(note.code.as_str(), "orphan" | "awaiting-acceptance"))
}

/// Whether one of the findings tells this action.
fn is_told(action: &Action, plan: &TargetPlan, findings: &[Finding]) -> bool {
    use FindingKind as K;
    let here = |finding: &&Finding| finding.vpc.as_ref() == Some(action.verb.vpc());
    let bare = findings.iter().any(|finding| {
        finding.kind == K::AccountNotCovered || finding.kind == K::VpcNotCovered && here(&finding)
    });
    let any = |kinds: &[K], resource: Option<&str>| {
        findings.iter().filter(here).any(|finding| {
            kinds.contains(&finding.kind)
                && (resource.is_none() || finding.resource.as_deref() == resource)
        })
    };
    match &action.verb {
        Verb::CreateSecurityGroup(_) => bare || any(&[K::SecurityGroupMissing], None),
        Verb::CreateEndpoint(wanted) => {
            let replaced = plan.actions.iter().any(|other| {
                matches!(&other.verb, Verb::DeleteEndpoint { key, .. } if *key == wanted.key)
            });
            bare || replaced || any(&[K::EndpointMissing], None)
        }
        Verb::ModifySecurityGroup { id, .. } => {
            any(&[K::RuleMissing, K::RuleExtra, K::OpenToTheWorld], Some(id.as_str()))
        }
        Verb::EnableVpcDns { vpc, .. } => bare || any(&[K::VpcDnsAttributes], Some(vpc.as_str())),
        Verb::Tag { resource, .. } => any(&[K::Tags], Some(resource)),
        Verb::DeleteEndpoint { id, .. } => any(
            &[K::EndpointFailed, K::EndpointRejected, K::EndpointExpired, K::Duplicate],
            Some(id.as_str()),
        ),
        Verb::ModifyEndpoint { id, .. } => action.drift.iter().all(|drift| {
            let kinds: &[K] = match drift.field.as_str() {
                "subnets" => &[K::SubnetMissing, K::SubnetExtra],
                "security_groups" => &[K::SecurityGroupSwapped],
                "route_tables" => &[K::RouteTableMissing, K::RouteTableExtra],
                "private_dns" => &[K::PrivateDns],
                "policy" => &[K::Policy],
                "ip_address_type" => &[K::IpAddressType],
                _ => &[K::DnsOptions],
            };
            any(kinds, Some(id.as_str()))
        }),
        Verb::Adopt { .. } | Verb::DeleteSecurityGroup { .. } => {
            panic!("nothing but --adopt, --mode sync and destroy asks for this")
        }
    }
}

/// How many worlds; `LINKWALK_SEEDS` says otherwise.
fn cases() -> u32 {
    std::env::var("LINKWALK_SEEDS").map_or(500, |text| text.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_audit_is_clean_exactly_when_there_is_nothing_to_do(world in any_world()) {
        let plan = world.plan();
        let (audited, findings) = look_at(&world, &plan);
        let drift: Vec<_> = findings.iter().filter(|finding| finding.is_drift()).collect();
        let expected = plan.is_in_sync() && !is_left_alone(&plan);
        prop_assert_eq!(drift.is_empty(), expected, "{:#?}\n{:#?}", plan, findings);
        prop_assert_eq!(audited.standing == Standing::InSync, expected);
        for action in &plan.actions {
            prop_assert!(is_told(action, &plan, &findings), "{action:#?}\n{findings:#?}");
        }
        for blocked in &plan.blocked {
            let told = findings.iter().any(|one| {
                one.vpc == blocked.vpc && one.title.contains(&blocked.what)
                    || one.reason.contains(&blocked.what)
            });
            prop_assert!(told, "{blocked:#?}\n{findings:#?}");
        }
    }

    #[test]
    fn every_finding_has_an_identity_of_its_own_and_can_be_acted_on(world in any_world()) {
        let (_, findings) = look_at(&world, &world.plan());
        let ids: BTreeSet<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
        prop_assert_eq!(ids.len(), findings.len());
        for finding in &findings {
            let Finding { id, title, reason, repair, .. } = finding;
            prop_assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()));
            for text in [title, reason, repair] {
                prop_assert!(!text.is_empty() && !text.ends_with('.'), "{finding:#?}");
            }
            // The same again, and by another value the same finding.
            prop_assert!(!finding.what.is_empty());
        }
    }

    #[test]
    fn what_an_apply_can_repair_is_gone_after_it(world in any_world()) {
        let mut world = world;
        let plan = world.plan();
        world.apply(&plan);
        let after = world.plan();
        let (_, findings) = look_at(&world, &after);
        let by_apply = findings.iter().filter(|one| one.is_drift()).find(|one| {
            one.command.as_ref().is_some_and(|command| command.contains("--only"))
                && !matches!(one.kind, FindingKind::Orphan)
        });
        prop_assert!(by_apply.is_none(), "{by_apply:#?}");
    }

    #[test]
    fn there_is_a_cell_for_every_wanted_service_and_it_says_what_the_plan_says(
        world in any_world(),
    ) {
        let plan = world.plan();
        let (audited, _) = look_at(&world, &plan);
        for action in &plan.actions {
            let (id, state) = match &action.verb {
                Verb::CreateEndpoint(wanted) => {
                    let kind = wanted.key.kind.to_string();
                    let cell = audited.coverage.iter().find(|cell| {
                        cell.vpc.as_ref() == Some(&wanted.key.vpc)
                            && cell.service == action.what
                            && cell.endpoint_type == kind
                    });
                    let cell = cell.expect("a cell for what is made");
                    let is_right =
                        matches!(cell.state, CoverageState::Missing | CoverageState::Drifted);
                    prop_assert!(is_right, "{cell:?}\n{action:?}");
                    continue;
                }
                Verb::ModifyEndpoint { id, .. } => (id.as_str(), CoverageState::Drifted),
                _ => continue,
            };
            let cell = audited.coverage.iter().find(|cell| cell.endpoint.as_deref() == Some(id));
            prop_assert_eq!(cell.map(|cell| cell.state), Some(state));
        }
        for id in &plan.in_sync {
            let cell =
                audited.coverage.iter().find(|cell| cell.endpoint.as_deref() == Some(id.as_str()));
            let state = cell.map(|cell| cell.state);
            prop_assert!(
                matches!(
                    state,
                    Some(CoverageState::InSync | CoverageState::Pending | CoverageState::Drifted)
                ),
                "{id} {state:?}"
            );
        }
    }
}

fn healthy() -> World {
    world().want(["logs", "s3"]).applied()
}

fn kinds(world: &World) -> Vec<FindingKind> {
    let (_, findings) = look_at(world, &world.plan());
    findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn an_identity_does_not_depend_on_the_values_that_differ() {
    let broken = |subnets: &[&str]| {
        let world = healthy().but(|w| {
            let subnets = subnets.iter().map(|id| (*id).into()).collect();
            w.endpoint("logs").subnets = subnets;
        });
        let (_, findings) = look_at(&world, &world.plan());
        assert_eq!(findings.len(), 1, "{findings:#?}");
        (findings[0].kind, findings[0].id.clone())
    };
    assert_eq!(broken(&["subnet-a", "subnet-b"]), broken(&["subnet-a"]));
    let (kind, id) = broken(&["subnet-a", "subnet-b"]);
    assert_eq!(kind, FindingKind::SubnetMissing);
    assert_ne!(broken(&["subnet-a", "subnet-b", "subnet-public-c"]).1, id);
}

#[test]
fn an_endpoint_is_pending_for_too_long_when_patience_is_over() {
    let world = healthy().but(|w| {
        w.endpoint("logs").state = EndpointState::Pending;
        w.endpoint("logs").created = 1_000_000;
    });
    let at = |now| {
        let frame = Frame { now, patience: Duration::from_mins(15), ..Frame::default() };
        look_in(&world, &world.plan(), &frame).1.into_iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(at(1_000_000 + 900), []);
    assert_eq!(at(1_000_000 + 901), [FindingKind::EndpointPendingTooLong]);
}

#[test]
fn halves_of_the_world_are_the_world_and_a_part_of_it_is_not() {
    let with = |cidrs: &[&str]| {
        let world = healthy().but(|w| {
            for cidr in cidrs {
                let peer = crate::model::network::Peer::Cidr(cidr.parse().unwrap());
                let rule = crate::model::network::Rule::https_from(peer);
                let group = w.vpc().security_groups.values_mut().next().unwrap();
                group.ingress.insert(rule);
            }
        });
        kinds(&world)
    };
    assert_eq!(with(&["0.0.0.0/0"]), [FindingKind::OpenToTheWorld]);
    assert_eq!(with(&["::/0"]), [FindingKind::OpenToTheWorld]);
    assert_eq!(with(&["0.0.0.0/1", "128.0.0.0/1"]), [FindingKind::OpenToTheWorld]);
    assert_eq!(with(&["0.0.0.0/1"]), [FindingKind::RuleExtra]);
    assert_eq!(
        with(&["0.0.0.0/0", "192.168.0.0/16"]),
        [FindingKind::OpenToTheWorld, FindingKind::RuleExtra]
    );
}

/// An audit with these findings of one target.
fn audit(findings: Vec<Finding>) -> Audit {
    let target: TargetId = "111122223333/eu-west-1".parse().unwrap();
    let who = Who { target: &target, name: "shop", ou: "/" };
    Audit {
        format: FORMAT.into(),
        kind: "audit".into(),
        version: "0.1.0".into(),
        deployment: "privatelink".into(),
        config: "accounts.toml".into(),
        created_at: "2026-11-23T00:00:00Z".into(),
        sandbox: false,
        regions: vec![target.region.clone()],
        shared_root: Vec::new(),
        targets: vec![Audited { standing: Standing::Drifted, ..not_started(who) }],
        findings,
        ignored: Vec::new(),
        since: None,
        shard: None,
    }
}

fn findings_of(world: &World) -> Vec<Finding> {
    look_at(world, &world.plan()).1
}

fn untagged() -> World {
    healthy().but(|w| {
        w.endpoint("logs").tags.remove("Name");
        w.endpoint("s3").tags.remove("Name");
    })
}

fn rule(kind: FindingKind) -> Rule {
    Rule {
        kinds: [kind].into(),
        accounts: None,
        regions: Vec::new(),
        services: Vec::new(),
        resources: Vec::new(),
        reason: "the scanner".into(),
        until: date(2027, 1, 31),
        line: Some(40),
    }
}

#[test]
fn a_rule_takes_out_what_it_names_through_its_last_day_and_then_points_at_itself() {
    let logs = Rule { services: vec!["logs".into()], ..rule(FindingKind::Tags) };
    let elsewhere = Rule { accounts: Some(BTreeSet::new()), ..rule(FindingKind::Tags) };
    let other_region = Rule { regions: vec!["us-east-1".into()], ..rule(FindingKind::Tags) };
    let other_kind = rule(FindingKind::Policy);
    let resource = Rule { resources: vec!["vpce-none".into()], ..rule(FindingKind::Tags) };
    let day = date(2027, 1, 31);
    let settled = |rules: &[Rule], today| {
        let mut audit = audit(findings_of(&untagged()));
        audit.settle(rules, today);
        audit
    };
    for useless in [elsewhere, other_region, other_kind, resource] {
        let audit = settled(std::slice::from_ref(&useless), day);
        assert_eq!((audit.findings.len(), audit.ignored.len()), (2, 0), "{useless:?}");
    }
    let audit = settled(std::slice::from_ref(&logs), day);
    assert_eq!((audit.findings.len(), audit.ignored.len()), (1, 1));
    assert_eq!(audit.ignored[0].finding.what, "logs");
    assert_eq!(audit.targets[0].standing, Standing::Drifted);
    let audit = settled(&[rule(FindingKind::Tags)], day);
    assert!(!audit.has_drift());
    assert_eq!(audit.targets[0].standing, Standing::InSync);
    let audit = settled(&[logs], day.tomorrow().unwrap());
    assert_eq!(audit.findings.len(), 3);
    let expired = audit.findings.last().unwrap();
    assert_eq!((expired.kind, expired.line), (FindingKind::IgnoreExpired, Some(40)));
    assert!(!expired.is_drift());
    assert!(settled(&[rule(FindingKind::Policy)], date(2028, 1, 1)).findings.len() == 2);
}

#[test]
fn against_an_earlier_audit_each_finding_is_new_fixed_left_or_not_known() {
    let before = audit(findings_of(&untagged()));
    let now = healthy().but(|w| {
        w.endpoint("logs").tags.remove("Name");
        w.endpoint("logs").private_dns = false;
    });
    let target = before.targets[0].target.clone();
    let mut seen = audit(findings_of(&now));
    seen.compare(&before, &[target].into());
    let since = seen.since.unwrap();
    let names = |findings: &[Finding]| findings.iter().map(|f| f.what.clone()).collect::<Vec<_>>();
    assert_eq!((since.new.len(), since.remaining.len()), (1, 1));
    assert_eq!((names(&since.fixed), names(&since.unknown)), (vec!["s3".to_owned()], vec![]));
    let mut unseen = audit(Vec::new());
    unseen.compare(&before, &BTreeSet::new());
    let since = unseen.since.unwrap();
    assert_eq!((since.fixed.len(), since.unknown.len()), (0, 2));
    // What is ignored now is not fixed.
    let mut ignoring = audit(findings_of(&untagged()));
    ignoring.settle(&[rule(FindingKind::Tags)], date(2027, 1, 1));
    ignoring.compare(&before, &BTreeSet::from([before.targets[0].target.clone()]));
    let since = ignoring.since.unwrap();
    assert_eq!((since.fixed.len(), since.new.len(), since.remaining.len()), (0, 0, 0));
}

#[test]
fn an_earlier_report_is_read_back_or_refused_with_the_reason() {
    let written = serde_json::to_value(audit(findings_of(&untagged()))).unwrap();
    let read = |value: &serde_json::Value| previous(&value.to_string(), "privatelink");
    assert_eq!(serde_json::to_value(read(&written).unwrap()).unwrap(), written);
    let with = |key: &str, value: serde_json::Value| {
        let mut document = written.clone();
        document[key] = value;
        document
    };
    // A newer minor adds fields, which are passed over.
    assert!(read(&with("format", json!("1.9"))).is_ok());
    assert!(read(&with("colour", json!("blue"))).is_ok());
    for (document, says) in [
        (with("format", json!("2.0")), "its format is 2.0 and this version reads 1.0"),
        (with("format", json!(7)), "its format is ``"),
        (with("kind", json!("plan")), "its kind is `plan`"),
        (with("deployment", json!("other")), "it is of deployment `other`"),
        (with("findings", json!(1)), "it is not an audit"),
        (json!([]), "it has no `kind`"),
    ] {
        let error = read(&document).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(previous("{", "privatelink").unwrap_err().to_string().contains("it is not an audit"));
}

#[test]
fn what_lost_its_ownership_tag_is_said_to_have_lost_it() {
    let world = healthy().but(|w| {
        w.endpoint("logs").tags.remove(OWNER_TAG);
    });
    let findings = findings_of(&world);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].reason.contains("probably lost its tag"), "{findings:#?}");
    assert!(!findings[0].is_drift());
}

#[test]
fn every_kind_is_in_the_documentation_with_its_severity() {
    let document = include_str!("../../docs/audit.md");
    let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
    for kind in FindingKind::ALL {
        let row = format!("| `{kind}` | {} | {} |", usual_severity(*kind), kind.meaning());
        assert!(rows.contains(&row.as_str()), "not in docs/audit.md: {row}");
    }
}
