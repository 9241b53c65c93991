//! Who is a consumer, and why. One list of rules, tried in order, is both the answer and its
//! explanation, so the two cannot disagree.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::{AccountId, Region};
use crate::model::account::{Account, AccountState, Standing};

use super::{Config, Selector};

/// Why an account stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explanation {
    /// Consumer or skipped.
    #[serde(flatten)]
    pub standing: Standing,
    /// Every rule, in the order in which they are tried. The first that matches decides.
    pub rules: Vec<TriedRule>,
    /// Every override whose accounts include this one, in the order of the file.
    pub overrides: Vec<AppliedOverride>,
    /// A consumer's wave, where there are waves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<Place>,
}

/// A wave of the rollout, and why an account is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// Which, from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// The selector that matches, or that none does.
    pub rule: String,
}

/// A rule and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TriedRule {
    /// The rule, as written in accounts.toml where it is written there.
    pub rule: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It decided.
    Matched,
    /// It does not concern this account.
    NotMatched,
    /// An earlier one had decided.
    NotConsidered,
}

impl Verdict {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::NotMatched => "not matched",
            Self::NotConsidered => "not considered",
        }
    }
}

/// An override that applies to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AppliedOverride {
    /// Which `[[override]]` of the file, from 1.
    pub number: usize,
    /// The selector that matches, or that there is none.
    pub rule: String,
    /// The regions in which it applies.
    pub regions: Vec<Region>,
}

impl Config {
    /// Whether an account is a consumer, and the rule that says so. The shared root comes before
    /// everything, then the account's state, then `exclude`, then `include`.
    pub fn standing(&self, account: &Account, management: Option<&AccountId>) -> Standing {
        self.explain(account, management).standing
    }

    /// The same with all rules and what came of each.
    pub fn explain(&self, account: &Account, management: Option<&AccountId>) -> Explanation {
        let mut rules = Vec::new();
        let mut decided: Option<Standing> = None;
        for (rule, is_match, admits) in self.rules(account, management) {
            let verdict = match (&decided, is_match) {
                (Some(_), _) => Verdict::NotConsidered,
                (None, true) => Verdict::Matched,
                (None, false) => Verdict::NotMatched,
            };
            if verdict == Verdict::Matched {
                decided = Some(if admits {
                    Standing::Consumer { rule: rule.clone() }
                } else {
                    Standing::Skipped { reason: rule.clone() }
                });
            }
            rules.push(TriedRule { rule, verdict });
        }
        let standing = decided
            .unwrap_or_else(|| Standing::Skipped { reason: "not selected by any include".into() });
        let wave =
            matches!(standing, Standing::Consumer { .. }).then(|| self.place(account)).flatten();
        Explanation { standing, rules, overrides: self.applied_overrides(account), wave }
    }

    /// Whether any selector looks at tags, so that they must be read.
    pub fn needs_tags(&self) -> bool {
        let in_overrides = self.overrides.iter().flat_map(|over| &over.accounts);
        let in_ignores = self.ignores.iter().flat_map(|rule| &rule.accounts);
        let in_waves = self.rollout.waves.iter().flat_map(|wave| &wave.accounts);
        let all = self
            .include
            .iter()
            .chain(&self.exclude)
            .chain(in_overrides)
            .chain(in_waves)
            .chain(in_ignores)
            .chain(&self.protect.accounts);
        all.into_iter().any(Selector::needs_tags)
    }

    /// Every rule in its order: its text, whether it matches, and whether it makes a consumer.
    fn rules(
        &self,
        account: &Account,
        management: Option<&AccountId>,
    ) -> Vec<(String, bool, bool)> {
        let is_active = account.state == AccountState::Active;
        let state = if is_active {
            "state other than ACTIVE".to_owned()
        } else {
            format!("state {}", account.state)
        };
        let mut rules = vec![(
            "shared root (management account)".to_owned(),
            management == Some(&account.id),
            false,
        )];
        if !self.organization.shared_root.is_empty() {
            let is_match = self.organization.shared_root.contains(&account.id);
            rules.push(("shared root (organization.shared_root)".to_owned(), is_match, false));
        }
        rules.push((state, !is_active, false));
        for selector in &self.exclude {
            rules.push((format!("exclude \"{selector}\""), selector.matches(account), false));
        }
        for selector in &self.include {
            rules.push((format!("include \"{selector}\""), selector.matches(account), true));
        }
        if self.include.is_empty() {
            rules.push(("every active member (no include)".to_owned(), true, true));
        }
        rules
    }

    fn place(&self, account: &Account) -> Option<Place> {
        let waves = &self.rollout.waves;
        let index = self.rollout.wave_of(account);
        let rule = match waves.get(index) {
            _ if waves.is_empty() => return None,
            None => "no wave names it".to_owned(),
            Some(wave) => wave
                .accounts
                .iter()
                .find(|selector| selector.matches(account))
                .map_or_else(String::new, |selector| format!("accounts \"{selector}\"")),
        };
        Some(Place { number: index + 1, name: self.rollout.wave_name(index).to_owned(), rule })
    }

    fn applied_overrides(&self, account: &Account) -> Vec<AppliedOverride> {
        let all = &self.organization.regions;
        self.overrides
            .iter()
            .enumerate()
            .filter(|(_, over)| over.names(account))
            .map(|(index, over)| {
                let selector = over.accounts.iter().find(|selector| selector.matches(account));
                AppliedOverride {
                    number: index + 1,
                    rule: selector
                        .map_or("every account".to_owned(), |s| format!("accounts \"{s}\"")),
                    regions: if over.regions.is_empty() { all } else { &over.regions }.clone(),
                }
            })
            .collect()
    }
}
