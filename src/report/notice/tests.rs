use super::*;
use crate::audit::FindingKind;

fn finding(id: &str, account: &str, severity: Severity) -> Finding {
    Finding {
        id: id.to_owned(),
        kind: FindingKind::Tags,
        severity,
        account: account.parse().unwrap(),
        account_name: "shop <&> \u{1b}[31m".to_owned(),
        region: Some("eu-west-1".into()),
        vpc: None,
        what: "logs".to_owned(),
        resource: None,
        title: format!("tags of {id} differ"),
        reason: String::new(),
        drift: Vec::new(),
        repair: String::new(),
        command: None,
        asked_by: None,
        line: None,
    }
}

const ONE: &str = "111122223333";
const TWO: &str = "222233334444";

/// An audit of two accounts; the second one stands as told.
fn audit(findings: Vec<Finding>, second: Standing) -> Audit {
    let target = |account: &str, standing| crate::audit::Audited {
        target: format!("{account}/eu-west-1").parse().unwrap(),
        name: "shop".to_owned(),
        ou: "/".to_owned(),
        standing,
        failure: None,
        coverage: Vec::new(),
    };
    Audit {
        format: "1.0".to_owned(),
        kind: "audit".to_owned(),
        version: "0".to_owned(),
        deployment: "privatelink".to_owned(),
        config: "accounts.toml".to_owned(),
        created_at: "2026-11-23T00:00:00Z".to_owned(),
        sandbox: false,
        regions: vec!["eu-west-1".into()],
        shared_root: Vec::new(),
        targets: vec![target(ONE, Standing::Drifted), target(TWO, second)],
        findings,
        ignored: Vec::new(),
        since: None,
        shard: None,
    }
}

#[test]
fn news_are_what_is_new_and_what_is_fixed_and_then_there_are_none() {
    let before = audit(
        vec![finding("a", ONE, Severity::High), finding("b", ONE, Severity::Low)],
        Standing::InSync,
    );
    let (news, known) = News::since(&before, None, true);
    assert_eq!((news.new.len(), news.fixed.len(), news.remaining), (2, 0, 0));
    assert!(News::since(&before, Some(&known), true).0.is_empty());
    let after = audit(
        vec![finding("b", ONE, Severity::Low), finding("c", TWO, Severity::Medium)],
        Standing::Drifted,
    );
    let (news, known) = News::since(&after, Some(&known), true);
    assert_eq!(news.to_string(), "1 new, 1 fixed, 1 as before");
    assert!(News::since(&after, Some(&known), true).0.is_empty());
    assert!(!news.clone().at_least(Severity::High).is_empty(), "the fixed one mattered");
    let calm = News { fixed: Vec::new(), ..news };
    assert!(calm.at_least(Severity::High).is_empty());
}

#[test]
fn what_was_not_looked_at_is_not_fixed_and_still_known() {
    let before = audit(vec![finding("a", TWO, Severity::High)], Standing::Drifted);
    let (_, known) = News::since(&before, None, true);
    let unreached = audit(Vec::new(), Standing::Unreachable);
    let (news, kept) = News::since(&unreached, Some(&known), true);
    assert!(news.is_empty());
    assert_eq!(kept, known);
    let mut narrowed = audit(Vec::new(), Standing::InSync);
    narrowed.targets.truncate(1);
    let (news, kept) = News::since(&narrowed, Some(&known), false);
    assert!(news.is_empty());
    assert_eq!(kept, known);
    // Gone from the whole organization, account and all.
    let (news, kept) = News::since(&narrowed, Some(&known), true);
    assert_eq!((news.fixed.len(), kept.len()), (1, 0));
}

#[test]
fn a_notice_is_short_and_safe_wherever_it_is_shown() {
    let many: Vec<Finding> =
        (0..9).map(|n| finding(&format!("f{n}"), ONE, Severity::High)).collect();
    let mut audit = audit(many, Standing::InSync);
    audit.deployment = "x".repeat(64);
    let (news, _) = News::since(&audit, None, true);
    let notice = Notice::new(&audit, &news, &["https://ci.example.com/7".to_owned()]);
    assert!(notice.subject.len() < 100 && notice.subject.is_ascii());
    assert!(!notice.text.contains('\u{1b}'), "{}", notice.text);
    assert!(notice.text.contains("- and 4 more findings"), "{}", notice.text);
    assert!(notice.text.contains("Report: https://ci.example.com/7"));
    assert_eq!(notice.attributes["severity"], "high");
    assert_eq!(notice.attributes["verdict"], "drift");
    let text = notice.chat["text"].as_str().unwrap();
    assert!(!text.contains('<'), "{text}");
    for block in notice.chat["blocks"].as_array().unwrap() {
        assert_eq!(block["text"]["type"], "plain_text");
    }
}

#[test]
fn a_memory_of_something_else_is_refused() {
    let mut memory = Memory::empty("privatelink");
    memory.tell("a", Briefs::new());
    let text = serde_json::to_string(&memory).unwrap();
    assert_eq!(Memory::read(&text, "privatelink"), Ok(memory));
    for (text, deployment, says) in [
        (text.clone(), "other", "not the memory of an audit of deployment other"),
        (text.replace("\"1.0\"", "\"2.0\""), "privatelink", "its format is 2.0"),
        ("{".to_owned(), "privatelink", "not the memory of an audit"),
    ] {
        let error = Memory::read(&text, deployment).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
