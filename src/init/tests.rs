//! Tables of organizations and what is proposed of them.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::testing::{default_vpc, network, seen, vpc};
use super::{Proposal, Seen, Subnets, Vpcs, propose, starter, text};
use crate::config::{self, Config};
use crate::ids::Region;
use crate::model::account::{AccountState, Standing};
use crate::model::network::Vpc;
use crate::model::spec::VpcSelector;

const WORKLOAD: &[(&str, &str)] = &[("purpose", "workload")];

fn parsed(text: &str) -> Config {
    config::parse("proposal".to_owned(), text.to_owned(), Path::new(""))
        .unwrap_or_else(|problems| panic!("{}\n{text}", problems.render(false)))
}

/// An account with a workload's VPC in each of these units, and one without in those marked with a minus.
fn organization(units: &[&str]) -> Seen {
    units.iter().enumerate().fold(seen(), |seen, (number, unit)| {
        let vpcs = match unit.strip_prefix('-') {
            Some(_) => vec![default_vpc(&[])],
            None => vec![vpc(WORKLOAD)],
        };
        seen.with(&format!("a{number}"), unit.trim_start_matches('-'), Some(vpcs))
    })
}

fn include(proposal: &Proposal) -> Vec<&str> {
    proposal.include.iter().map(|(selector, _)| selector.as_str()).collect()
}

#[test]
fn units_that_hold_workloads_are_included() {
    for (units, expected) in [
        (&["/W/Staging", "/W/Production"][..], &["ou:/W/**"][..]),
        (&["/W/Staging", "-/W/Production", "/Sandbox"], &["ou:/Sandbox/**", "ou:/W/**"]),
        (&["/W/A/B", "-/Empty"], &["ou:/W/**"]),
        (&["/", "/W"], &["ou:/", "ou:/W/**"]),
        (&["-/", "/W"], &["ou:/W/**"]),
        (&["/Suspended", "/W"], &["ou:/W/**"]),
        (&["/W", "/W/A", "/W/Suspended"], &["ou:/W", "ou:/W/A/**"]),
        (&["/Security", "/Infrastructure/Prod", "/W"], &["ou:/W/**"]),
        (&["/W/Security"], &["ou:/W/**"]),
        (&["-/Empty"], &[]),
        (&[], &[]),
    ] {
        let proposal = propose(&organization(units));
        assert_eq!(include(&proposal), expected, "{units:?}");
        parsed(&text(&proposal));
    }
}

#[test]
fn what_is_left_out_is_said_with_the_reason() {
    for (units, says) in [
        (&["/Suspended", "/W"][..], "/Suspended: left out for its name"),
        (&["/Security", "/W"], "to include it: ou:/Security/**"),
        (&["-/Empty", "/W"], "/Empty: none of 1 account looked at has VPCs of its own"),
    ] {
        let written = text(&propose(&organization(units)));
        assert!(written.contains(says), "{written}");
    }
}

#[test]
fn a_unit_whose_name_is_no_plain_text_is_named_by_its_id() {
    for name in ["Team [A]*", "a\nb", "{x}", "back\\slash", "bell\u{7}", "\u{202e}x"] {
        let organization = organization(&[&format!("/W/{name}"), "/W/Suspended"]);
        let written = text(&propose(&organization));
        let config = parsed(&written);
        let selectors: Vec<_> = config.include.iter().map(ToString::to_string).collect();
        assert!(selectors.iter().all(|one| one.starts_with("ou:ou-")), "{name:?}: {selectors:?}");
        assert!(config.include[0].matches(&organization.accounts[1]));
        assert!(!config.include[0].matches(&organization.accounts[2]));
    }
}

#[test]
fn accounts_in_a_unit_with_a_slash_in_its_name_are_found() {
    let mut organization = organization(&["/A", "/W"]);
    organization.accounts[1].ou_path = "/A/B".to_owned();
    let config = parsed(&text(&propose(&organization)));
    for account in &organization.accounts[1..] {
        assert!(config.include.iter().any(|selector| selector.matches(account)));
    }
}

#[test]
fn where_no_account_could_be_entered_names_alone_decide_and_it_is_said() {
    let blind = seen().with("a", "/W", None).with("b", "/Security", None);
    let proposal = propose(&blind);
    assert_eq!(include(&proposal), ["ou:/W/**"]);
    let written = text(&proposal);
    assert!(written.contains("It opened none of the 2 accounts tried"), "{written}");
    assert_eq!(proposal.regions.value, [Region::from("eu-west-1")]);
}

#[test]
fn waves_go_from_what_can_be_risked_to_what_cannot() {
    for (units, expected) in [
        (
            &["/W/Prod", "/W/Staging", "/Sandbox"][..],
            "sandbox=ou:/Sandbox/**; staging=ou:/W/Staging/**; production=ou:/W/Prod/**",
        ),
        (&["/W/NonProd/A", "/W/Prod/A"], "development=ou:/W/NonProd/**; production=ou:/W/Prod/**"),
        (&["/Prod/A/Staging", "/Prod/A"], "staging=ou:/Prod/A/Staging/**; production=ou:/Prod/A"),
        (&["/Dev", "/Test", "/Prod"], "development=ou:/Dev/**,ou:/Test/**; production=ou:/Prod/**"),
        (&["/Staging", "/Teams", "/Prod"], "staging=ou:/Staging/**"),
        (&["/Prod/A", "/Prod/B"], ""),
        (&["/Teams/A", "/Teams/B"], ""),
    ] {
        let proposal = propose(&organization(units));
        let waves = proposal.waves.iter().map(|w| format!("{}={}", w.name, w.accounts.join(",")));
        assert_eq!(waves.collect::<Vec<_>>().join("; "), expected, "{units:?}");
        let config = parsed(&text(&proposal));
        assert_eq!(config.rollout.waves.len(), proposal.waves.len());
    }
}

fn with_vpcs(vpcs: Vec<Vpc>) -> Seen {
    let vpcs = vpcs.into_iter().enumerate();
    vpcs.fold(seen(), |seen, (number, vpc)| seen.with(&format!("a{number}"), "/W", Some(vec![vpc])))
}

#[test]
fn a_tag_selects_vpcs_when_it_says_what_they_are_for() {
    let tagged = |key: &str, value: &str| Vpcs::Tagged { key: key.into(), value: value.into() };
    let other = || vpc(&[("purpose", "lab")]);
    for (vpcs, expected) in [
        (vec![vpc(WORKLOAD)], tagged("purpose", "workload")),
        (
            vec![vpc(WORKLOAD), vpc(WORKLOAD), vpc(WORKLOAD), vpc(WORKLOAD), other()],
            tagged("purpose", "workload"),
        ),
        (vec![vpc(WORKLOAD), vpc(WORKLOAD), vpc(WORKLOAD), other()], Vpcs::NonDefault),
        (vec![vpc(WORKLOAD), default_vpc(WORKLOAD)], Vpcs::NonDefault),
        (vec![vpc(&[("Network-Type", "app")])], tagged("Network-Type", "app")),
        // A tag that says whose it is, or who made it, would leave out the next one.
        (
            vec![vpc(&[("Owner", "net")]), vpc(&[("Owner", "net")]), vpc(&[("Owner", "net")])],
            Vpcs::NonDefault,
        ),
        (vec![vpc(&[("aws:cloudformation:stack-name", "net")])], Vpcs::NonDefault),
        // A tag of which nothing is known must be on every one.
        (vec![vpc(&[("colour", "blue")]), vpc(&[("colour", "blue")])], Vpcs::NonDefault),
        (
            vec![
                vpc(&[("colour", "blue")]),
                vpc(&[("colour", "blue")]),
                vpc(&[("colour", "blue")]),
            ],
            tagged("colour", "blue"),
        ),
        (vec![], Vpcs::NonDefault),
    ] {
        let shown = format!("{:?}", vpcs.iter().map(|vpc| &vpc.tags).collect::<Vec<_>>());
        assert_eq!(propose(&with_vpcs(vpcs)).vpcs.value, expected, "{shown}");
    }
}

#[test]
fn regions_are_those_with_a_fair_share_of_the_vpcs() {
    let in_region = |region: &str| vpc(&[("purpose", "workload"), ("region", region)]);
    let many =
        |region: &str, count: usize| (0..count).map(|_| in_region(region)).collect::<Vec<_>>();
    for (vpcs, expected) in [
        (many("eu-west-1", 3), &["eu-west-1"][..]),
        ([many("eu-west-1", 2), many("us-east-1", 3)].concat(), &["us-east-1", "eu-west-1"]),
        ([many("eu-west-1", 9), many("us-east-1", 1)].concat(), &["eu-west-1"]),
    ] {
        let proposal = propose(&with_vpcs(vpcs));
        let regions: Vec<_> = proposal.regions.value.iter().map(Region::as_str).collect();
        assert_eq!(regions, expected);
    }
    let written = text(&propose(&with_vpcs([many("eu-west-1", 9), many("us-east-1", 1)].concat())));
    assert!(written.contains("Left out: us-east-1 has 1 VPC in 1 account."), "{written}");
}

#[test]
fn subnets_are_private_by_their_routes_or_else_by_a_tag() {
    let tier: &[(&str, &str)] = &[("Tier", "private")];
    for (vpcs, subnets, tables) in [
        (vec![vpc(&[])], Subnets::Private, "private"),
        (vec![network(&[], &[("public", &[]), ("private", &[])])], Subnets::Private, "private"),
        (
            vec![network(&[], &[("public", tier), ("public", &[])])],
            Subnets::Tagged { key: "Tier".into(), value: "private".into() },
            "all",
        ),
        (vec![network(&[], &[("public", &[])])], Subnets::All, "all"),
        (vec![vpc(&[]), network(&[], &[("public", &[])])], Subnets::Private, "private"),
        (vec![], Subnets::Private, "private"),
    ] {
        let proposal = propose(&with_vpcs(vpcs));
        assert_eq!(proposal.subnets.value, subnets);
        assert_eq!(proposal.route_tables.value, tables);
        parsed(&text(&proposal));
    }
}

#[test]
fn endpoints_that_most_vpcs_have_already_are_proposed() {
    let with = |endpoints: &str| vpc(&[("purpose", "workload"), ("endpoints", endpoints)]);
    for (vpcs, active, suggested) in [
        (vec![with("")], "ecr logs ssm", ""),
        (vec![with("logs"), with(""), with("")], "ecr logs ssm", ""),
        (vec![with("kms"), with(""), with("")], "ecr logs ssm", "kms"),
        (vec![with("kms logs"), with("kms")], "logs kms", "ecr ssm"),
        (vec![with("ecr.api ecr.dkr s3 ssmmessages")], "ecr ssm", "logs"),
        (vec![with("s3")], "s3", "ecr logs ssm"),
        (vec![with("s3!interface")], "ecr logs ssm", ""),
    ] {
        let proposal = propose(&with_vpcs(vpcs));
        let names = |active| {
            let tables = proposal.endpoints.value.iter().filter(|table| table.active == active);
            tables.map(|table| table.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((names(true).as_str(), names(false).as_str()), (active, suggested));
        parsed(&text(&proposal));
    }
    let written = text(&propose(&with_vpcs(vec![with("s3!interface brand-new")])));
    assert!(written.contains(": brand-new (interface) in 1, s3 (interface) in 1."), "{written}");
}

#[test]
fn the_deployment_is_that_of_endpoints_that_are_there() {
    let with = |endpoints: &str| vpc(&[("endpoints", endpoints)]);
    for (endpoints, expected) in
        [("", "privatelink"), ("logs@net-2", "net-2"), ("logs@no!name", "privatelink")]
    {
        assert_eq!(propose(&with_vpcs(vec![with(endpoints)])).deployment.value, expected);
    }
}

#[test]
fn delegated_administrators_among_the_consumers_are_not_touched_until_a_person_says_so() {
    let mut organization = organization(&["/W", "/W", "/Security"]);
    let ids = [1, 3].map(|at: usize| organization.accounts[at].id.clone());
    organization.delegated = Some(BTreeSet::from(ids.clone()));
    let proposal = propose(&organization);
    assert_eq!(proposal.shared_root.value, ids[..1]);
    let standing = parsed(&text(&proposal)).standing(&organization.accounts[1], None);
    assert!(matches!(standing, Standing::Skipped { .. }));
}

#[test]
fn named_accounts_stand_in_for_discovery() {
    let mut organization = organization(&["/", "/"]);
    organization.listed = true;
    organization.accounts.remove(0);
    organization.accounts.iter_mut().for_each(|account| account.ou_ids.clear());
    let config = parsed(&text(&propose(&organization)));
    assert_eq!((config.roster.len(), config.include.len()), (2, 0));
}

#[test]
fn the_starter_is_accepted_and_so_is_all_that_it_has_commented_out() {
    let starter = text(&starter(&[Region::from("eu-west-1")], Some("a/role"), Some("secret")));
    assert_eq!(parsed(&starter).organization.role, "a/role");
    // The sections at its end, one by one: what each shows is right.
    let sections = include_str!("more.toml").split("\n\n");
    let sections: Vec<_> = sections.collect();
    assert!(sections.len() > 6);
    for section in sections {
        let shown = section.lines().filter(|line| !line.starts_with("# ") || !line.ends_with('.'));
        let shown: Vec<_> = shown.filter_map(|line| line.strip_prefix("# ")).collect();
        parsed(&format!("{starter}\n{}\n", shown.join("\n")));
    }
}

/// Names as people and others write them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "Workloads",
            "Sandbox",
            "Staging",
            "Production",
            "Suspended",
            "Security",
            "NonProd",
            "a\nb",
            "[x]*",
            "{a,b}",
            "\"",
            "\\",
            "''' \"\"\"",
            "# x",
            "**",
            " ",
            "\u{7f}",
        ])
        .prop_map(str::to_owned),
        "[^/]{1,12}",
    ]
}

/// Whether it was entered, and per VPC whether it is a default one, its tag and an endpoint.
type Made = (String, Vec<String>, Option<Vec<(bool, String, String, String)>>, bool);

fn account() -> impl Strategy<Value = Made> {
    let vpc = (any::<bool>(), name(), name(), name());
    let look = prop::option::of(prop::collection::vec(vpc, 0..3));
    (name(), prop::collection::vec(name(), 0..4), look, prop::bool::weighted(0.2))
}

fn made(accounts: Vec<Made>) -> Seen {
    let mut seen = seen();
    let mut delegated = BTreeSet::new();
    for (name, units, vpcs, is_special) in accounts {
        let vpcs = vpcs.map(|vpcs| {
            let made = vpcs.into_iter().map(|(is_default, key, value, endpoint)| {
                let tags = [(key.as_str(), value.as_str()), ("purpose", value.as_str())];
                let made = network(&tags, &[("public", &[(key.as_str(), "private")])]);
                let mut made = Vpc { is_default, ..made };
                made.tags.insert("endpoints".to_owned(), endpoint);
                made
            });
            made.collect()
        });
        seen = seen.with(&name, &format!("/{}", units.join("/")), vpcs);
        let last = seen.accounts.last_mut().unwrap();
        if is_special && name.len() % 2 == 0 {
            last.state = AccountState::Suspended;
        } else if is_special {
            delegated.insert(last.id.clone());
        }
    }
    Seen { delegated: Some(delegated), ..seen }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_seen_the_file_is_accepted_and_touches_nothing_it_must_not(
        accounts in prop::collection::vec(account(), 0..8)
    ) {
        let seen = made(accounts);
        let proposal = propose(&seen);
        let config = parsed(&text(&proposal));
        prop_assert_eq!(&config.organization.role, &seen.role);
        prop_assert_eq!(config.organization.regions.as_slice(), proposal.regions.value.as_slice());
        let management = seen.management.as_ref();
        for account in &seen.accounts {
            let is_consumer = matches!(config.standing(account, management), Standing::Consumer { .. });
            let must_not = Some(&account.id) == management
                || account.state != AccountState::Active
                || config.organization.shared_root.contains(&account.id);
            prop_assert!(!(is_consumer && must_not), "{account:?}");
        }
        // No default VPC that was seen is selected.
        let vpcs = seen.looks.values().flatten().flat_map(|look| look.regions.values());
        for vpc in vpcs.flat_map(|seen| seen.vpcs.values()).filter(|vpc| vpc.is_default) {
            let selected = match config.base.vpcs.as_ref().unwrap() {
                VpcSelector::Tags(tags) => tags.iter().all(|(key, glob)| {
                    vpc.tags.get(key).is_some_and(|value| glob.matches(value))
                }),
                selector => selector != &VpcSelector::NonDefault,
            };
            prop_assert!(!selected, "{vpc:?}");
        }
    }
}
