//! The waves of a plan: who comes first, what stands between, and how much may go wrong.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::paint::{Line, Tone};
use crate::report::{safe, words};

/// Columns that are shown of a gate's command.
const GATE: usize = 40;

/// A wave with what the plan does in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedWave {
    /// Which, from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// How many targets are in it.
    pub targets: usize,
    /// How many of them there is something to do in.
    pub to_change: usize,
    /// How many of them could not be reached.
    pub unreachable: usize,
    /// How many of them may fail; absent for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_budget: Option<usize>,
    /// How long to wait after it, in seconds.
    pub bake_seconds: u64,
    /// The command after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
}

/// The order of a rollout, and how much of it may fail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Course {
    /// In their order, those that somebody in scope is in; empty where there are none.
    pub waves: Vec<PlannedWave>,
    /// How many there are.
    #[serde(skip)]
    pub of: usize,
    /// How many targets of the whole run may fail; absent for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_budget: Option<usize>,
    /// Whether no more are started at a time than could all fail.
    pub strict: bool,
}

impl Course {
    /// The waves as lines with a line break at their end; nothing where there is nothing to tell.
    pub fn text(&self, color: bool) -> String {
        let mut lines = Vec::new();
        let of = self.of;
        let width = self.waves.iter().map(|wave| safe::width(&safe::text(&wave.name))).max();
        let width = width.unwrap_or_default().min(30);
        for wave in &self.waves {
            let name = safe::fit(&wave.name, width);
            let line = Line::new().plain(&format!("  wave {} of {of}  {name}  ", wave.number));
            lines.push(line.then(wave.line()));
        }
        if let Some(allowed) = self.failure_budget {
            let mode = if self.strict { "strict" } else { "soft" };
            let text = format!("  Failure budget of the run: {allowed} may fail ({mode})");
            lines.push(Line::new().plain(&text));
        } else if of > 0 && self.waves.iter().all(|wave| wave.failure_budget.is_none()) {
            lines.push(Line::new().tone(Tone::Busy, "  No failure budget: failures stop nothing"));
        }
        if lines.is_empty() {
            return String::new();
        }
        lines.insert(0, Line::new().plain("Rollout"));
        lines.iter().fold(String::new(), |text, line| text + &line.paint(color) + "\n") + "\n"
    }
}

impl PlannedWave {
    fn line(&self) -> Line {
        if self.targets == 0 {
            return Line::new().tone(Tone::Busy, "nobody is in it");
        }
        let line = Line::new().plain(&words::count(self.targets, "target"));
        let mut parts = vec![match self.to_change {
            0 => "nothing to do".to_owned(),
            n => format!("{n} to change"),
        }];
        if self.unreachable > 0 {
            parts.push(format!("{} unreachable", self.unreachable));
        }
        parts.extend(self.failure_budget.map(|allowed| format!("{allowed} may fail")));
        if self.bake_seconds > 0 {
            let bake = words::duration(Duration::from_secs(self.bake_seconds));
            parts.push(format!("then bakes {bake}"));
        }
        parts.extend(
            self.gate
                .as_ref()
                .map(|gate| format!("then gate: {}", safe::fit(gate, GATE).trim_end())),
        );
        line.plain(&format!(", {}", parts.join(", ")))
    }
}
