//! What names say: of units and accounts, by the words that people use for them.

/// What the accounts of a unit are for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Sandbox,
    Development,
    Staging,
    Production,
}

impl Stage {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// Words that say it by themselves.
const STAGES: [(Stage, &[&str]); 4] = [
    (Stage::Sandbox, &["sandbox", "sandboxes", "sbx", "playground", "lab", "labs", "poc"]),
    (
        Stage::Development,
        &[
            "dev",
            "devel",
            "develop",
            "development",
            "test",
            "testing",
            "tests",
            "tst",
            "qa",
            "sdlc",
        ],
    ),
    (Stage::Staging, &["staging", "stage", "stg", "uat", "acceptance", "integration", "preview"]),
    (Stage::Production, &["prod", "production", "prd", "live"]),
];

/// Units whose accounts are on their way out.
const SUSPENDED: [&str; 11] = [
    "suspended",
    "suspend",
    "closed",
    "closing",
    "quarantine",
    "quarantined",
    "retired",
    "decommissioned",
    "deleted",
    "graveyard",
    "archived",
];

/// Units at the top that hold what the others share
/// (<https://docs.aws.amazon.com/whitepapers/latest/organizing-your-aws-environment/recommended-ous-and-accounts.html>).
const SHARED: [&str; 16] = [
    "infrastructure",
    "infra",
    "security",
    "shared",
    "core",
    "network",
    "networking",
    "management",
    "mgmt",
    "audit",
    "logging",
    "foundation",
    "foundational",
    "identity",
    "deployments",
    "transit",
];

/// Accounts that will not live long.
const RETIRED: [&str; 8] =
    ["legacy", "retired", "deprecated", "old", "decommissioned", "obsolete", "closing", "archived"];

/// The words of a name, in lower case: `preProd-EU_1` is pre, prod, eu, 1.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let begins = c.is_uppercase() && was_lower;
        if (begins || !c.is_alphanumeric()) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.iter_mut().last().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        was_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has(name: &str, known: &[&str]) -> bool {
    words(name).iter().any(|word| known.contains(&word.as_str()))
}

/// The stage that a unit's name says. "Non-production" and "pre-production" are not production.
pub(super) fn stage(name: &str) -> Option<Stage> {
    let words = words(name);
    let production = STAGES[3].1;
    for (at, word) in words.iter().enumerate() {
        for (prefix, stage) in [("non", Stage::Development), ("pre", Stage::Staging)] {
            let next = words.get(at + 1).map_or("", String::as_str);
            let rest = if word == prefix { next } else { word.strip_prefix(prefix).unwrap_or("") };
            if production.contains(&rest) {
                return Some(stage);
            }
        }
    }
    let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    STAGES.iter().find(|(_, known)| says(known)).map(|(stage, _)| *stage)
}

pub(super) fn is_suspended(name: &str) -> bool {
    has(name, &SUSPENDED)
}

pub(super) fn is_shared(name: &str) -> bool {
    has(name, &SHARED)
}

pub(super) fn is_retired(name: &str) -> bool {
    has(name, &RETIRED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_of_a_unit_is_read_from_its_words() {
        use Stage::{Development, Production, Sandbox, Staging};
        for (name, expected) in [
            ("Sandbox", Some(Sandbox)),
            ("SandboxAccounts", Some(Sandbox)),
            ("Dev", Some(Development)),
            ("team_qa", Some(Development)),
            ("SDLC", Some(Development)),
            ("NonProd", Some(Development)),
            ("nonprod", Some(Development)),
            ("Non-Production", Some(Development)),
            ("Staging", Some(Staging)),
            ("PreProd", Some(Staging)),
            ("pre production", Some(Staging)),
            ("Production", Some(Production)),
            ("eu-prod", Some(Production)),
            ("Products", None),
            ("Developers", None),
            ("Workloads", None),
            ("", None),
        ] {
            assert_eq!(stage(name), expected, "{name}");
        }
    }

    #[test]
    fn a_word_is_not_found_inside_another() {
        assert!(is_retired("shop-legacy") && is_retired("Old shop") && !is_retired("gold"));
        assert!(is_suspended("Suspended") && !is_suspended("undeletedness"));
        assert!(is_shared("Shared Services") && !is_shared("networked-toys"));
    }
}
