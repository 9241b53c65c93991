//! Who is a consumer.

use super::*;
use crate::model::account::Standing;

#[test]
fn an_account_stands_where_the_first_rule_that_matches_puts_it() {
    let body = "[organization]\nregions = [\"eu-west-1\"]\nshared_root = [\"management\", \"999999999999\"]\n\
                [accounts]\ninclude = [\"ou:/Workloads/**\"]\nexclude = [\"name:*-legacy\"]";
    let config = config(body);
    let management: AccountId = "000000000001".parse().unwrap();
    let base = account("/Workloads/Staging");
    let legacy = || Account { name: "x-legacy".into(), ..base.clone() };
    let with_id = |id: &str| Account { id: id.parse().unwrap(), ..legacy() };
    let in_state = |state| Account { state, ..legacy() };
    for (account, consumer, says) in [
        (base.clone(), true, "include \"ou:/Workloads/**\""),
        (account("/Sandbox"), false, "not selected by any include"),
        (legacy(), false, "exclude \"name:*-legacy\""),
        (in_state(AccountState::Suspended), false, "state SUSPENDED"),
        (in_state(AccountState::Unknown("ODD".into())), false, "state ODD"),
        (with_id("999999999999"), false, "shared root (organization.shared_root)"),
        (with_id("000000000001"), false, "shared root (management account)"),
    ] {
        let expected = if consumer {
            Standing::Consumer { rule: says.into() }
        } else {
            Standing::Skipped { reason: says.into() }
        };
        assert_eq!(config.standing(&account, Some(&management)), expected);
    }
}

#[test]
fn without_include_every_active_member_is_a_consumer() {
    let rule = "every active member (no include)".to_owned();
    let config = config("");
    assert_eq!(config.standing(&account("/"), None), Standing::Consumer { rule });
    assert!(!config.needs_tags());
}

#[test]
fn an_explanation_lists_every_rule_and_the_overrides_that_apply() {
    let config = config(&format!(
        "{LAYERED}[accounts]\ninclude = [\"name:a\", \"ou:/Production/**\", \"*\"]\nexclude = [\"tag:x\"]"
    ));
    let explanation = config.explain(&account("/Production/Special"), None);
    let rules: Vec<_> =
        explanation.rules.iter().map(|r| format!("{}: {}", r.rule, r.verdict.as_str())).collect();
    assert_eq!(
        rules,
        [
            "shared root (management account): not matched",
            "state other than ACTIVE: not matched",
            "exclude \"tag:x\": not matched",
            "include \"name:a\": not matched",
            "include \"ou:/Production/**\": matched",
            "include \"*\": not considered",
        ]
    );
    let overrides: Vec<_> = explanation
        .overrides
        .iter()
        .map(|o| (o.number, o.rule.as_str(), o.regions.len()))
        .collect();
    assert_eq!(
        overrides,
        [(1, "accounts \"ou:/Production/**\"", 2), (2, "accounts \"ou:/Production/Special\"", 1)]
    );
    assert!(config.needs_tags());
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["standing"], "consumer");
    assert_eq!(json["rules"][4]["verdict"], "matched");
}

#[test]
fn what_is_protected_is_known_by_its_selector() {
    let config =
        config("[protect]\naccounts = [\"tag:linkwalk=off\"]\ntags = { tier = \"prod*\" }");
    let here = account("/Workloads");
    assert_eq!(config.protect.of(&here).unwrap().to_string(), "tag:linkwalk=off");
    assert!(config.needs_tags());
    assert!(config.protect.tags["tier"].matches("production"));
    let empty = read(&file("[protect]\ntags = {}")).unwrap_err().to_string();
    assert!(empty.contains("`protect.tags` names no tag"), "{empty}");
}
