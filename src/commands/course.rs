//! The order in which a plan is carried out, for those who read it.

use super::plan::Prepared;
use crate::config::{BudgetMode, Config, Share};
use crate::plan::Planned;
use crate::report::plan_waves::{Course, PlannedWave};

/// The waves of accounts.toml with what the plan does in each.
pub(super) fn course(prepared: &Prepared, config: &Config) -> Course {
    let rollout = &config.rollout;
    let all = prepared.targets.len();
    let allowed = |share: Option<Share>, of| share.map(|share: Share| share.rounded_down(of));
    let has_rest = prepared.targets.iter().any(|target| target.wave == rollout.waves.len());
    let waves = match rollout.waves.len() {
        0 => 0,
        named => named + usize::from(has_rest),
    };
    let wave = |index: usize| {
        let of_wave = || prepared.targets.iter().filter(move |target| target.wave == index);
        let count = |wanted: fn(&Planned) -> bool| {
            let planned = of_wave().filter_map(|target| prepared.plan.targets.get(&target.id));
            planned.filter(|planned| wanted(planned)).count()
        };
        let targets = of_wave().count();
        let wave = rollout.waves.get(index);
        PlannedWave {
            number: index + 1,
            name: rollout.wave_name(index).to_owned(),
            targets,
            to_change: count(
                |planned| matches!(planned, Planned::Ready(p) if !p.actions.is_empty()),
            ),
            unreachable: count(|planned| matches!(planned, Planned::Unreachable { .. })),
            failure_budget: allowed(wave.and_then(|wave| wave.failure_budget), targets),
            bake_seconds: wave.map_or(0, |wave| wave.bake.as_secs()),
            gate: wave.and_then(|wave| wave.gate.clone()),
        }
    };
    Course {
        waves: (0..waves).map(wave).collect(),
        failure_budget: allowed(rollout.failure_budget, all),
        strict: rollout.budget_mode == BudgetMode::Strict,
    }
}
