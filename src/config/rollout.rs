//! `[rollout]` and `[guard]`: how many at once, in which order, and how much may go wrong.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::problem::Problem;
use super::selector::Selector;
use super::share::Share;
use super::tree::{Node, Table};
use super::values;
use crate::model::account::Account;

/// Targets in flight: more than a thousand at a time gains nothing and costs file descriptors.
const IN_FLIGHT: RangeInclusive<i64> = 1..=1000;
const ENDPOINT_TIMEOUT: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(24);
const GATE_TIMEOUT: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(7 * 24);
const BAKE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(7 * 24);

/// The name of the wave of accounts that no wave matches.
pub const THE_REST: &str = "the rest";

/// `[rollout]`: how many at once, in which order, and how much may go wrong.
#[derive(Debug, Clone)]
pub struct Rollout {
    /// Targets being changed at one time.
    pub max_in_flight: usize,
    /// How long an endpoint may take to become available before it counts as failed.
    pub endpoint_timeout: Duration,
    /// How long the command between two waves may take before it counts as failed.
    pub gate_timeout: Duration,
    /// In order; an account belongs to the first that names it. Empty: everything is one wave.
    pub waves: Vec<Wave>,
    /// How many targets of the whole run may fail; `None` for any number.
    pub failure_budget: Option<Share>,
    /// Whether a budget can be overshot.
    pub budget_mode: BudgetMode,
}

/// One entry of `rollout.waves`.
#[derive(Debug, Clone)]
pub struct Wave {
    /// Its name, the only one of its kind: given, or its selectors.
    pub name: String,
    /// Which accounts.
    pub accounts: Vec<Selector>,
    /// How long to wait after it before the next one.
    pub bake: Duration,
    /// A command for `sh -c` whose success lets the next one begin.
    pub gate: Option<String>,
    /// How many of its targets may fail; `None` for any number.
    pub failure_budget: Option<Share>,
}

/// Whether a failure budget can be overshot, as the concurrency modes of `CloudFormation`'s `StackSets`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/concurrency-mode.html>).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BudgetMode {
    /// Never more in flight than what is left of the budget and one, so that no more fail than the budget
    /// and one.
    #[default]
    Strict,
    /// As many in flight as there are places: what is in flight when the budget is spent may fail too.
    Soft,
}

/// `[guard]`: how much a plan may change before it is refused.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Resources deleted, or targets in which something is.
    pub max_deletes: Option<Share>,
    /// Resources created, changed or deleted, or targets in which one is.
    pub max_changes: Option<Share>,
}

impl Rollout {
    /// The index of the account's wave; one past the last for the rest.
    pub fn wave_of(&self, account: &Account) -> usize {
        let names = |wave: &Wave| wave.accounts.iter().any(|selector| selector.matches(account));
        self.waves.iter().position(names).unwrap_or(self.waves.len())
    }

    /// How many waves there are, with the rest where not everybody is named; 0 where there are none.
    pub fn wave_count(&self) -> usize {
        let is_everyone = |selector: &Selector| selector.as_str() == "*";
        let has_all = self.waves.iter().any(|wave| wave.accounts.iter().any(is_everyone));
        match self.waves.len() {
            0 => 0,
            named => named + usize::from(!has_all),
        }
    }

    /// The name of a wave by its index.
    pub fn wave_name(&self, index: usize) -> &str {
        self.waves.get(index).map_or(THE_REST, |wave| wave.name.as_str())
    }
}

/// Reads `[rollout]`.
pub(super) fn rollout(root: &Table<'_>) -> Rollout {
    let table = root.table("rollout", "rollout");
    let table = table.as_ref();
    let timeout = |key, range: RangeInclusive<Duration>| {
        table.and_then(|t| t.read(key, |node| values::duration(node, range.clone())))
    };
    let bake = table.and_then(|t| t.read("bake", bake)).unwrap_or_default();
    let gate = table.and_then(|t| t.read("gate", gate));
    let waves = table.and_then(|t| t.read("waves", |node| waves(node, bake, gate.as_deref())));
    if let Some(table) = table.filter(|table| table.is_silent_on("waves")) {
        for key in ["bake", "gate", "gate_timeout"] {
            if let Some(place) = table.key_span(key) {
                table.reading.problems.push(Problem::at(
                    place,
                    format!("`rollout.{key}` stands between waves, and there are none"),
                    "add waves = [\"ou:/Sandbox/**\", \"*\"], or remove it",
                ));
            }
        }
    }
    Rollout {
        max_in_flight: table.and_then(|t| t.read("max_in_flight", in_flight)).unwrap_or(200),
        endpoint_timeout: timeout("endpoint_timeout", ENDPOINT_TIMEOUT)
            .unwrap_or(Duration::from_mins(15)),
        gate_timeout: timeout("gate_timeout", GATE_TIMEOUT).unwrap_or(Duration::from_hours(1)),
        waves: waves.unwrap_or_default(),
        failure_budget: table.and_then(|t| t.read("failure_budget", share)),
        budget_mode: table.and_then(|t| t.read("budget_mode", budget_mode)).unwrap_or_default(),
    }
}

/// Reads `[guard]`.
pub(super) fn guard(root: &Table<'_>) -> Guard {
    let table = root.table("guard", "guard");
    let read = |key| table.as_ref().and_then(|table| table.read(key, share));
    Guard { max_deletes: read("max_deletes"), max_changes: read("max_changes") }
}

fn in_flight(node: &Node<'_>) -> Option<usize> {
    let number = node.whole_number()?;
    usize::try_from(number).ok().filter(|_| IN_FLIGHT.contains(&number)).or_else(|| {
        node.refuse(
            format!("`rollout.max_in_flight` cannot be {number}"),
            format!("it must be {} to {}", IN_FLIGHT.start(), IN_FLIGHT.end()),
        )
    })
}

fn bake(node: &Node<'_>) -> Option<Duration> {
    values::duration(node, BAKE)
}

fn gate(node: &Node<'_>) -> Option<String> {
    let command = node.text()?;
    if command.trim().is_empty() || command.contains('\0') {
        return node.refuse(
            format!("`{}` is not a command", node.path),
            "write what `sh -c` shall run, for example gate = \"./check.sh\", or remove it",
        );
    }
    Some(command.to_owned())
}

fn budget_mode(node: &Node<'_>) -> Option<BudgetMode> {
    values::word(node, &[("strict", BudgetMode::Strict), ("soft", BudgetMode::Soft)])
}

/// A whole number, or a percentage as text.
fn share(node: &Node<'_>) -> Option<Share> {
    if node.is_text() {
        let text = node.text()?;
        return match text.parse() {
            Ok(Share::Count(count)) => {
                node.refuse(format!("`{text}` is a count in quotes"), format!("write {count}"))
            }
            Ok(share) => Some(share),
            Err(wrong) => node.refuse(wrong, "a share is written as \"5%\", a count as 5"),
        };
    }
    let number = node.whole_number()?;
    match u32::try_from(number) {
        Ok(count) => Some(Share::Count(count as usize)),
        Err(_) => node.refuse(
            format!("`{}` cannot be {number}", node.path),
            "a share is written as \"5%\", a count as 5",
        ),
    }
}

fn waves(node: &Node<'_>, bake: Duration, gate: Option<&str>) -> Option<Vec<Wave>> {
    let mut waves: Vec<(Node<'_>, Wave)> = Vec::new();
    for (item, wave) in node.some(|item| Some((item.clone(), wave(item, bake, gate)?)))? {
        let places = waves.iter().map(|(place, earlier)| (place.span.clone(), earlier));
        if let Some((place, problem, help)) = clash(places, &wave) {
            let problem = Problem::at(item.span.clone(), problem, help);
            node.reading.problems.push(problem.with_related(place, "the other one"));
        }
        waves.push((item, wave));
    }
    Some(waves.into_iter().map(|(_, wave)| wave).collect())
}

/// Why a wave cannot stand behind these: it has a name of theirs, or nothing is left for it.
fn clash<'a>(
    mut earlier: impl Iterator<Item = (super::problem::Span, &'a Wave)>,
    wave: &Wave,
) -> Option<(super::problem::Span, String, &'static str)> {
    earlier.find_map(|(place, other)| {
        let is_everyone = |selector: &Selector| selector.as_str() == "*";
        if other.accounts.iter().any(is_everyone) {
            let problem =
                format!("nothing is left for wave `{}`: an earlier one has `*`", wave.name);
            return Some((place, problem, "put the wave of `*` last"));
        }
        if wave.accounts.iter().all(|selector| other.accounts.contains(selector)) {
            let problem =
                format!("nothing is left for wave `{}`: an earlier one has it all", wave.name);
            return Some((
                place,
                problem,
                "an account belongs to the first wave that names it; remove one",
            ));
        }
        (other.name == wave.name || wave.name == THE_REST).then(|| {
            (place, format!("two waves are called `{}`", wave.name), "give each a name of its own")
        })
    })
}

/// A selector, a list of them, or a table.
fn wave(node: &Node<'_>, bake: Duration, gate: Option<&str>) -> Option<Wave> {
    let plain = |accounts: Vec<Selector>| Wave {
        name: accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        accounts,
        bake,
        gate: gate.map(str::to_owned),
        failure_budget: None,
    };
    if node.is_list() {
        return Some(plain(values::distinct(node, values::selector)?));
    }
    if !node.is_table() {
        return Some(plain(vec![values::selector(node)?]));
    }
    let table = node.table("rollout.waves")?;
    let accounts =
        table.require("accounts").and_then(|node| values::distinct(&node, values::selector));
    let mut wave = plain(accounts?);
    wave.name = table.read("name", name).unwrap_or(wave.name);
    wave.bake = table.read("bake", self::bake).unwrap_or(wave.bake);
    wave.gate = table.read("gate", self::gate).or(wave.gate);
    wave.failure_budget = table.read("failure_budget", share);
    Some(wave)
}

/// A name that `--wave` can tell from a number.
fn name(node: &Node<'_>) -> Option<String> {
    let is_allowed = |c: char| !c.is_control();
    let text = values::text_of(node, 1..=64, is_allowed, "visible characters")?;
    if text.bytes().all(|b| b.is_ascii_digit()) || text.trim() != text || text == THE_REST {
        return node.refuse(
            format!("`{text}` cannot be a wave's name"),
            format!(
                "a name is not only digits, which stand for the wave of that number, has no spaces at \
                 its ends, and is not \"{THE_REST}\""
            ),
        );
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn config(rollout: &str) -> Config {
        let text = format!(
            "deployment = \"d\"\norganization.regions = [\"eu-west-1\"]\nendpoints.logs = {{}}\n{rollout}"
        );
        crate::config::parse("test".to_owned(), text, Path::new(""))
            .unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
    }

    fn account(path: &str) -> Account {
        Account {
            id: "111122223333".parse().unwrap(),
            name: "payments-prod".into(),
            email: String::new(),
            ou_path: path.into(),
            ou_ids: Vec::new(),
            tags: None,
            state: crate::model::account::AccountState::Active,
        }
    }

    const WAVES: &str = r#"
        [rollout]
        failure_budget = "5%"
        budget_mode = "soft"
        bake = "10m"
        gate = "./check.sh"
        waves = [
            "ou:/Sandbox/**",
            ["ou:/Staging/**", "name:*-stage"],
            { name = "canary", accounts = ["name:payments-*"], bake = "0s", gate = "true", failure_budget = 0 },
        ]
        [guard]
        max_deletes = 5
        max_changes = "10%"
    "#;

    #[test]
    fn a_wave_is_a_selector_a_list_or_a_table_and_takes_the_defaults() {
        let config = config(WAVES);
        let shown: Vec<_> = config
            .rollout
            .waves
            .iter()
            .map(|w| (w.name.as_str(), w.bake.as_secs(), w.gate.as_deref(), w.failure_budget))
            .collect();
        let gate = Some("./check.sh");
        assert_eq!(
            shown,
            [
                ("ou:/Sandbox/**", 600, gate, None),
                ("ou:/Staging/**, name:*-stage", 600, gate, None),
                ("canary", 0, Some("true"), Some(Share::Count(0))),
            ]
        );
        assert_eq!(config.rollout.wave_count(), 4);
        assert_eq!(config.rollout.budget_mode, BudgetMode::Soft);
        assert_eq!(config.rollout.failure_budget, Some(Share::Percent(500)));
        assert_eq!(config.guard.max_deletes, Some(Share::Count(5)));
        assert_eq!(config.guard.max_changes, Some(Share::Percent(1000)));
    }

    #[test]
    fn an_account_belongs_to_the_first_wave_that_names_it_or_to_the_rest() {
        let config = config(WAVES);
        let other = Account { name: "search".into(), ..account("/Production") };
        for (account, name, rule) in [
            (account("/Sandbox/A"), "ou:/Sandbox/**", "accounts \"ou:/Sandbox/**\""),
            (account("/Production"), "canary", "accounts \"name:payments-*\""),
            (other, THE_REST, "no wave names it"),
        ] {
            assert_eq!(config.rollout.wave_name(config.rollout.wave_of(&account)), name);
            let place = config.explain(&account, None).wave.unwrap();
            assert_eq!((place.name.as_str(), place.rule.as_str()), (name, rule));
        }
    }

    #[test]
    fn without_waves_everything_is_one_and_nothing_is_limited() {
        let config = config("");
        assert_eq!((config.rollout.wave_of(&account("/")), config.rollout.wave_count()), (0, 0));
        assert_eq!(config.explain(&account("/"), None).wave, None);
        assert_eq!(config.rollout.failure_budget, None);
        assert_eq!(config.rollout.budget_mode, BudgetMode::Strict);
    }

    #[test]
    fn a_wave_by_tags_has_them_read() {
        assert!(config("rollout.waves = [\"tag:stage=canary\", \"*\"]").needs_tags());
        assert!(!config(WAVES).needs_tags());
    }
}
