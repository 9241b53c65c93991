//! Selectors: the one way to name accounts, the same in every place of the file.

use std::fmt;
use std::str::FromStr;

use crate::ids::AccountId;
use crate::model::account::Account;
use crate::model::spec::Glob;

use super::problem::nearest;

/// Names accounts. Everything is compared exactly, case included; a GLOB has `*`, `?`, `[...]` and
/// `{a,b}` and must match the whole text.
///
/// | selector | accounts |
/// |---|---|
/// | `*` | every one |
/// | `123456789012` | this one |
/// | `ou:/Workloads/Staging` | directly in this unit |
/// | `ou:/Workloads/*` | directly in a child unit of this one: one level; a segment may hold any GLOB |
/// | `ou:/Workloads/**` | in this unit or anywhere below it |
/// | `ou:ou-ab12-cd34ef56`, `ou:r-ab12` | in the unit (or root) of this id or anywhere below it |
/// | `name:GLOB` | by name |
/// | `email:GLOB` | by email address |
/// | `tag:KEY=GLOB`, `tag:KEY` | by a tag's value; by having the tag at all |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    written: String,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Everyone,
    Id(AccountId),
    UnitPath { segments: Vec<Glob>, and_below: bool },
    UnitId(String),
    Name(Glob),
    Email(Glob),
    Tag { key: String, value: Option<Glob> },
}

/// Text that is no selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSelector {
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub help: String,
}

impl fmt::Display for InvalidSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.help)
    }
}

impl std::error::Error for InvalidSelector {}

/// Shown wherever a selector is wrong in no way that suggests its cure.
const EXAMPLES: &str = "a selector is `*`, a 12-digit id, `ou:/Workloads/**`, `ou:/Workloads/*`, \
                        `ou:/Workloads/Staging`, `ou:ou-ab12-cd34ef56`, `name:*-prod`, \
                        `tag:team=pay*` or `email:*@example.com`";

impl Selector {
    /// Whether it names this account. Tags that were not read match nothing; see
    /// [`Selector::needs_tags`].
    pub fn matches(&self, account: &Account) -> bool {
        match &self.rule {
            Rule::Everyone => true,
            Rule::Id(id) => &account.id == id,
            Rule::UnitId(id) => account.ou_ids.contains(id),
            Rule::Name(glob) => glob.matches(&account.name),
            Rule::Email(glob) => glob.matches(&account.email),
            Rule::Tag { key, value } => account
                .tags
                .as_ref()
                .and_then(|tags| tags.get(key))
                .is_some_and(|text| value.as_ref().is_none_or(|glob| glob.matches(text))),
            Rule::UnitPath { segments, and_below } => {
                let units: Vec<_> = account.ou_path.split('/').filter(|s| !s.is_empty()).collect();
                let deep_enough = if *and_below {
                    units.len() >= segments.len()
                } else {
                    units.len() == segments.len()
                };
                deep_enough && segments.iter().zip(units).all(|(glob, unit)| glob.matches(unit))
            }
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether it looks at tags, which cost a call per account to read.
    pub fn needs_tags(&self) -> bool {
        matches!(self.rule, Rule::Tag { .. })
    }

    /// Whether it looks at the ids of organizational units.
    pub(super) fn needs_unit_ids(&self) -> bool {
        matches!(self.rule, Rule::UnitId(_))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

impl FromStr for Selector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let rule = match text.split_once(':') {
            _ if text == "*" => Rule::Everyone,
            Some(("ou", unit)) => unit_rule(unit)?,
            Some(("name", pattern)) => Rule::Name(glob(pattern)?),
            Some(("email", pattern)) => Rule::Email(glob(pattern)?),
            Some(("tag", tag)) => tag_rule(tag)?,
            Some((kind, rest)) => return Err(unknown_kind(text, kind, rest)),
            None => id_rule(text)?,
        };
        Ok(Self { written: text.to_owned(), rule })
    }
}

fn invalid(problem: impl Into<String>, help: impl Into<String>) -> InvalidSelector {
    InvalidSelector { problem: problem.into(), help: help.into() }
}

fn unknown_kind(text: &str, kind: &str, rest: &str) -> InvalidSelector {
    let problem = format!("`{text}` is not a selector: there is no `{kind}:`");
    match nearest(kind, ["ou", "name", "tag", "email"]) {
        Some(near) => invalid(problem, format!("did you mean `{near}:{rest}`?")),
        None => invalid(problem, EXAMPLES),
    }
}

fn id_rule(text: &str) -> Result<Rule, InvalidSelector> {
    if let Ok(id) = text.parse() {
        return Ok(Rule::Id(id));
    }
    let problem = format!("`{text}` is not a selector");
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let problem = format!("{problem}: an account id has 12 digits, this has {}", text.len());
        return Err(invalid(problem, "check the id; leading zeros belong to it"));
    }
    Err(match text {
        "" => invalid("a selector is empty", EXAMPLES),
        "management" => invalid(
            "`management` is not a selector: the management account is never a consumer",
            "it is always in the shared root and needs no mention; only \
             `organization.shared_root` takes this word",
        ),
        _ if text.starts_with('/') => invalid(problem, format!("did you mean `ou:{text}`?")),
        _ if text.starts_with("ou-") || text.starts_with("r-") => {
            invalid(problem, format!("did you mean `ou:{text}`?"))
        }
        _ if text.contains('@') => invalid(problem, format!("did you mean `email:{text}`?")),
        _ if text.contains('=') => invalid(problem, format!("did you mean `tag:{text}`?")),
        _ => invalid(problem, format!("did you mean `name:{text}`? {EXAMPLES}")),
    })
}

fn unit_rule(unit: &str) -> Result<Rule, InvalidSelector> {
    let Some(path) = unit.strip_prefix('/') else {
        return unit_id_rule(unit);
    };
    let (path, and_below) = match path {
        "" => return Ok(Rule::UnitPath { segments: Vec::new(), and_below: false }),
        "**" => return Ok(Rule::UnitPath { segments: Vec::new(), and_below: true }),
        _ => path.strip_suffix("/**").map_or((path, false), |above| (above, true)),
    };
    let mut segments = Vec::new();
    for segment in path.split('/') {
        if segment.is_empty() {
            return Err(invalid(
                format!("`ou:{unit}` has an empty segment"),
                "write one `/` between units and none at the end: `ou:/Workloads/Staging`",
            ));
        }
        if segment.contains("**") {
            return Err(invalid(
                format!("`**` in `ou:{unit}` does not stand alone at the end"),
                "write `ou:/Workloads/**` for a unit and all below it; `*` stands for any one unit",
            ));
        }
        segments.push(glob(segment)?);
    }
    Ok(Rule::UnitPath { segments, and_below })
}

/// `r-` and 4 to 32, or `ou-`, 4 to 32, `-`, 8 to 32 lower-case letters and digits
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html>).
fn unit_id_rule(id: &str) -> Result<Rule, InvalidSelector> {
    let is_part = |part: &str, least: usize| {
        (least..=32).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    match id.split('-').collect::<Vec<_>>().as_slice() {
        ["r", root] if is_part(root, 4) => Ok(Rule::UnitId(id.to_owned())),
        ["ou", root, unit] if is_part(root, 4) && is_part(unit, 8) => {
            Ok(Rule::UnitId(id.to_owned()))
        }
        ["ou" | "r", ..] => Err(invalid(
            format!("`ou:{id}` is not the id of a unit"),
            "ids look like `ou:ou-ab12-cd34ef56` and `ou:r-ab12`; \
             a unit of that name is `ou:/` and its path",
        )),
        _ if id.is_empty() => Err(invalid("`ou:` names no unit", "write `ou:/Workloads/**`")),
        _ => Err(invalid(
            format!("`ou:{id}` does not begin at the root"),
            format!("did you mean `ou:/{id}`?"),
        )),
    }
}

fn tag_rule(tag: &str) -> Result<Rule, InvalidSelector> {
    let (key, value) = match tag.split_once('=') {
        Some((key, "")) => (key, Some(Glob::new("").map_err(|e| invalid(e, EXAMPLES))?)),
        Some((key, value)) => (key, Some(glob(value)?)),
        None => (tag, None),
    };
    if key.is_empty() || key.chars().count() > 128 {
        return Err(invalid(
            format!("`tag:{tag}` has no usable key"),
            "write `tag:KEY=GLOB`, or `tag:KEY` for accounts that have the tag at all",
        ));
    }
    Ok(Rule::Tag { key: key.to_owned(), value })
}

fn glob(pattern: &str) -> Result<Glob, InvalidSelector> {
    if pattern.is_empty() {
        return Err(invalid("the pattern is empty", "write `*` for anything"));
    }
    Glob::new(pattern).map_err(|error| {
        invalid(
            format!("`{pattern}` is not a pattern: {error}"),
            "`*`, `?`, `[a-z]` and `{a,b}` have a meaning; put `\\` before one that stands for itself",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::account::AccountState;

    fn account(path: &str) -> Account {
        Account {
            id: "012345678901".parse().unwrap(),
            name: "Payments Staging".to_owned(),
            email: "aws+payments@example.com".to_owned(),
            ou_path: path.to_owned(),
            ou_ids: vec!["r-ab12".to_owned(), "ou-ab12-cd34ef56".to_owned()],
            tags: Some(BTreeMap::from([("team".to_owned(), "net/core".to_owned())])),
            state: AccountState::Active,
        }
    }

    #[test]
    fn a_selector_matches_what_it_says_and_nothing_else() {
        for (selector, path, expected) in [
            ("*", "/", true),
            ("012345678901", "/", true),
            ("112345678901", "/", false),
            ("ou:/", "/", true),
            ("ou:/", "/Workloads", false),
            ("ou:/*", "/Workloads", true),
            ("ou:/*", "/", false),
            ("ou:/**", "/", true),
            ("ou:/**", "/A/B/C", true),
            ("ou:/Workloads", "/Workloads", true),
            ("ou:/Workloads", "/Workloads/Staging", false),
            ("ou:/workloads", "/Workloads", false),
            ("ou:/Workloads/*", "/Workloads", false),
            ("ou:/Workloads/*", "/Workloads/Staging", true),
            ("ou:/Workloads/*", "/Workloads/Staging/Team A", false),
            ("ou:/Workloads/**", "/Workloads", true),
            ("ou:/Workloads/**", "/Workloads/Staging/Team A", true),
            ("ou:/Workloads/**", "/WorkloadsOld", false),
            ("ou:/*/Stag*", "/Workloads/Staging", true),
            ("ou:/*/Team A", "/Workloads/Team A", true),
            ("ou:/W*/**", "/Workloads/Staging/Team A", true),
            ("ou:ou-ab12-cd34ef56", "/X", true),
            ("ou:r-ab12", "/X", true),
            ("ou:ou-ab12-00000000", "/X", false),
            ("name:Payments*", "/", true),
            ("name:payments*", "/", false),
            ("name:Payments", "/", false),
            ("email:*@example.com", "/", true),
            ("email:*@example.org", "/", false),
            ("tag:team", "/", true),
            ("tag:team=net*", "/", true),
            ("tag:team={net,web}/*", "/", true),
            ("tag:team=web*", "/", false),
            ("tag:Team", "/", false),
            ("tag:team=", "/", false),
        ] {
            let parsed: Selector = selector.parse().unwrap();
            assert_eq!(parsed.matches(&account(path)), expected, "{selector} on {path}");
            assert_eq!(parsed.to_string(), selector);
        }
    }

    #[test]
    fn only_tag_selectors_need_tags_and_unread_tags_match_nothing() {
        let by_tag: Selector = "tag:team".parse().unwrap();
        assert!(by_tag.needs_tags());
        assert!(!"name:tag:*".parse::<Selector>().unwrap().needs_tags());
        assert!(!by_tag.matches(&Account { tags: None, ..account("/") }));
    }

    #[test]
    fn what_is_no_selector_is_refused_with_what_to_write_instead() {
        for (text, says) in [
            ("", "empty"),
            ("12345678901", "has 12 digits, this has 11"),
            ("management", "shared_root"),
            ("staging", "did you mean `name:staging`?"),
            ("/Workloads", "did you mean `ou:/Workloads`?"),
            ("ou-ab12-cd34ef56", "did you mean `ou:ou-ab12-cd34ef56`?"),
            ("a@example.com", "did you mean `email:a@example.com`?"),
            ("team=net", "did you mean `tag:team=net`?"),
            ("uo:/Workloads", "did you mean `ou:/Workloads`?"),
            ("region:eu-west-1", "there is no `region:`"),
            ("ou:", "names no unit"),
            ("ou:Workloads", "did you mean `ou:/Workloads`?"),
            ("ou:ou-ab-1", "not the id of a unit"),
            ("ou:r-AB12", "not the id of a unit"),
            ("ou:/Workloads/", "empty segment"),
            ("ou://Workloads", "empty segment"),
            ("ou:/**/Staging", "does not stand alone at the end"),
            ("ou:/Work**", "does not stand alone at the end"),
            ("ou:/[", "not a pattern"),
            ("name:", "pattern is empty"),
            ("name:[a", "not a pattern"),
            ("name:{a", "not a pattern"),
            ("tag:", "no usable key"),
            ("tag:=x", "no usable key"),
            ("tag:k=[", "not a pattern"),
        ] {
            let error = text.parse::<Selector>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
