//! The quickest reading of a target, before its change and after it: what reading costs at the least.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::TargetId;
use crate::report::event::{Event, EventKind, Step};

/// Times of readings in a run.
#[derive(Debug, Clone, Default)]
pub struct Quickest {
    begun: BTreeMap<TargetId, (Step, Duration)>,
    observed: Option<Duration>,
    verified: Option<Duration>,
}

impl Quickest {
    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::TargetStep { target, step: step @ (Step::Observing | Step::Verifying) } => {
                self.begun.insert(target.clone(), (*step, event.elapsed));
            }
            EventKind::TargetPlanned { target, .. } | EventKind::TargetFinished { target, .. } => {
                let Some((step, begun)) = self.begun.remove(target) else { return };
                let took = event.elapsed.saturating_sub(begun);
                let quickest = match step {
                    Step::Verifying => &mut self.verified,
                    _ => &mut self.observed,
                };
                *quickest = Some(quickest.map_or(took, |quickest| quickest.min(took)));
            }
            _ => {}
        }
    }

    /// The quickest reading before a plan.
    pub fn observed(&self) -> Duration {
        self.observed.unwrap_or_default()
    }

    /// The quickest reading after a change.
    pub fn verified(&self) -> Duration {
        self.verified.unwrap_or_default()
    }
}
