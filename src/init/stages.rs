//! Waves: from the names of the units, what can be risked before what cannot.

use std::collections::{BTreeMap, BTreeSet};

use super::Wave;
use super::naming::{self, Stage};
use super::units::{Pick, Unit};

/// The stages of the accounts in a unit and below it; `None` is one that no name says.
type Found = BTreeSet<Option<Stage>>;

/// The waves that the names of the included units suggest; none where all are of one stage.
pub(super) fn waves(picks: &[Pick<'_, '_>]) -> Vec<Wave> {
    let mut by_stage: BTreeMap<Stage, Wave> = BTreeMap::new();
    let mut all = Found::new();
    for pick in picks {
        // Names above a pick are not in the tree below it, but its path is the operator's: a pick below
        // `/Production` is production.
        let inherited = pick.unit.inherited_stage();
        if pick.whole {
            collect(pick.unit, inherited, &mut by_stage, &mut all);
        } else {
            direct(pick.unit, pick.unit.stage(inherited), &mut by_stage, &mut all);
        }
    }
    if all.len() < 2 {
        return Vec::new();
    }
    // Units that say nothing come last, as "the rest": production must not come before them.
    if all.contains(&None) {
        by_stage.remove(&Stage::Production);
    }
    by_stage.into_values().collect()
}

fn collect(
    unit: &Unit<'_>,
    inherited: Option<Stage>,
    by_stage: &mut BTreeMap<Stage, Wave>,
    all: &mut Found,
) {
    let found = found(unit, inherited);
    if let [one] = found.iter().copied().collect::<Vec<_>>().as_slice() {
        all.insert(*one);
        add(by_stage, *one, unit, true);
        return;
    }
    let stage = unit.stage(inherited);
    direct(unit, stage, by_stage, all);
    unit.below.iter().for_each(|below| collect(below, stage, by_stage, all));
}

fn direct(
    unit: &Unit<'_>,
    stage: Option<Stage>,
    by_stage: &mut BTreeMap<Stage, Wave>,
    all: &mut Found,
) {
    if !unit.accounts.is_empty() {
        all.insert(stage);
        add(by_stage, stage, unit, false);
    }
}

fn add(by_stage: &mut BTreeMap<Stage, Wave>, stage: Option<Stage>, unit: &Unit<'_>, whole: bool) {
    let Some(stage) = stage else { return };
    let wave = by_stage.entry(stage).or_insert_with(|| Wave {
        name: stage.as_str(),
        accounts: Vec::new(),
        members: 0,
    });
    wave.accounts.extend(unit.selectors(whole));
    wave.members += if whole { unit.all().len() } else { unit.accounts.len() };
}

fn found(unit: &Unit<'_>, inherited: Option<Stage>) -> Found {
    let stage = unit.stage(inherited);
    let own = (!unit.accounts.is_empty()).then_some(stage);
    own.into_iter().chain(unit.below.iter().flat_map(|below| found(below, stage))).collect()
}

impl Unit<'_> {
    /// What its name says, else what the unit above it is.
    fn stage(&self, inherited: Option<Stage>) -> Option<Stage> {
        self.name.and_then(naming::stage).or(inherited)
    }

    /// What the units above it say.
    fn inherited_stage(&self) -> Option<Stage> {
        let mut above: Vec<_> = self.path().split('/').filter(|name| !name.is_empty()).collect();
        above.pop();
        above.into_iter().rev().find_map(naming::stage)
    }
}
