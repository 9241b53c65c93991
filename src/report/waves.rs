//! What is said of waves and of what stands between them.

use std::time::Duration;

use crate::report::event::{EventKind, WaveId};
use crate::report::paint::{Line, Tone};
use crate::report::words;

/// The line that stays of an event about waves.
pub fn line(kind: &EventKind) -> Option<Line> {
    let name = WaveId::to_string;
    Some(match kind {
        EventKind::WaveStarted { wave, targets, to_change, width } => {
            let width = width
                .filter(|width| width < to_change)
                .map(|width| format!(", {width} at a time at most"));
            let what = match to_change {
                0 => "nothing to do".to_owned(),
                _ => format!("{to_change} to change{}", width.unwrap_or_default()),
            };
            let targets = words::count(*targets, "target");
            Line::new().plain(&format!("{}: {targets}, {what}", name(wave)))
        }
        EventKind::WaveFinished { wave, targets, failed } => {
            let line = Line::new().plain(&format!("{} is over: ", name(wave)));
            let targets = words::count(*targets, "target");
            match failed {
                0 => line.plain(&format!("{targets}, none failed")),
                _ => {
                    line.plain(&format!("{targets}, ")).tone(Tone::Bad, &format!("{failed} failed"))
                }
            }
        }
        EventKind::BudgetSpent { reason } => Line::new().tone(
            Tone::Bad,
            &format!("{reason}: nothing new is started, what is in flight will finish"),
        ),
        EventKind::BakeStarted { wave, seconds } => {
            let bake = words::duration(Duration::from_secs(*seconds));
            Line::new().plain(&format!("{} bakes for {bake}", name(wave)))
        }
        EventKind::GateStarted { wave, command } => {
            Line::new().plain(&format!("gate after {}: {command}", name(wave)))
        }
        EventKind::GateOutput { line } => Line::new().tone(Tone::Faint, &format!("    {line}")),
        EventKind::GateFinished { wave, passed, how } => {
            let line = Line::new().plain(&format!("gate after {}: ", name(wave)));
            match passed {
                true => line.tone(Tone::Good, "passed"),
                false => line.tone(Tone::Bad, &format!("{how}, nothing new is started")),
            }
        }
        _ => return None,
    })
}
