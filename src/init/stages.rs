//! Waves: from the names of the units, what can be risked before what cannot.

use std::collections::{BTreeMap, BTreeSet};

use super::Wave;
use super::naming::{self, Stage};
use super::units::{Pick, Unit};
use crate::ids::AccountId;

/// What is of each stage; `None` is what no name says.
type Stages<'t, 'a> = BTreeMap<Option<Stage>, Vec<Pick<'t, 'a>>>;

/// The waves that the names of the included units suggest; none where all are of one stage.
pub(super) fn waves(picks: &[Pick<'_, '_>], kept_out: &BTreeSet<&AccountId>) -> Vec<Wave> {
    let mut stages = Stages::new();
    for pick in picks {
        let above = above(pick.unit);
        if pick.whole {
            collect(pick.unit, above, &mut stages);
        } else {
            directly(pick.unit, above, &mut stages);
        }
    }
    if stages.len() < 2 {
        return Vec::new();
    }
    // Units that say nothing come last, as "the rest": production must not come before them.
    if stages.remove(&None).is_some() {
        stages.remove(&Some(Stage::Production));
    }
    let waves = stages.into_iter().filter_map(|(stage, parts)| Some((stage?, parts)));
    waves.map(|(stage, parts)| wave(stage, &parts, kept_out)).collect()
}

fn wave(stage: Stage, parts: &[Pick<'_, '_>], kept_out: &BTreeSet<&AccountId>) -> Wave {
    let members = parts.iter().flat_map(Pick::accounts);
    Wave {
        name: stage.as_str(),
        accounts: parts.iter().flat_map(|part| part.unit.selectors(part.whole)).collect(),
        members: members.filter(|account| !kept_out.contains(&account.id)).count(),
    }
}

/// Names the unit as a whole where all of it is of one stage, else goes down.
fn collect<'t, 'a>(unit: &'t Unit<'a>, above: Option<Stage>, stages: &mut Stages<'t, 'a>) {
    if let [stage] = found(unit, above).into_iter().collect::<Vec<_>>()[..] {
        stages.entry(stage).or_default().push(Pick { unit, whole: true });
        return;
    }
    directly(unit, above, stages);
    unit.below.iter().for_each(|below| collect(below, stage(unit, above), stages));
}

fn directly<'t, 'a>(unit: &'t Unit<'a>, above: Option<Stage>, stages: &mut Stages<'t, 'a>) {
    if !unit.accounts.is_empty() {
        stages.entry(stage(unit, above)).or_default().push(Pick { unit, whole: false });
    }
}

/// The stages of the accounts in a unit and below it.
fn found(unit: &Unit<'_>, above: Option<Stage>) -> BTreeSet<Option<Stage>> {
    let stage = stage(unit, above);
    let own = (!unit.accounts.is_empty()).then_some(stage);
    own.into_iter().chain(unit.below.iter().flat_map(|below| found(below, stage))).collect()
}

/// What its name says, else what the unit above it is.
fn stage(unit: &Unit<'_>, above: Option<Stage>) -> Option<Stage> {
    unit.name.and_then(naming::stage).or(above)
}

/// What the units above it say.
fn above(unit: &Unit<'_>) -> Option<Stage> {
    let mut names: Vec<_> = unit.path().split('/').filter(|name| !name.is_empty()).collect();
    names.pop();
    names.into_iter().rev().find_map(naming::stage)
}
