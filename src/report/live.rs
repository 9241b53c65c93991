//! What the live area of a terminal shows: a function of progress, time and size.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::TargetId;
use crate::model::endpoint::EndpointState;
use crate::report::announce::key;
use crate::report::event::{Phase, Step};
use crate::report::paint::{Line, Tone};
use crate::report::progress::{EndpointSeen, Progress, Running};
use crate::report::{safe, words};

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters in a line.
    pub columns: usize,
    /// Lines.
    pub rows: usize,
}

/// Most endpoints that are drawn one by one; beyond it they are counted.
const GLYPHS: usize = 12;

/// The lines of the live area, top to bottom, at `now` since the run began: the whole run in one
/// line, then the targets in flight, longest first, as many as fit. Empty when there is nothing to
/// watch. Lines may be wider than the terminal; the caller cuts them.
pub fn view(progress: &Progress, now: Duration, size: Size) -> Vec<Line> {
    if !progress.is_live() {
        return vec![];
    }
    let mut lines = vec![headline(progress, now, size)];
    let mut running: Vec<_> = progress.running.iter().collect();
    // Whoever waits for a turn has less to tell than those who have had it. Within a second the
    // order of ids is easier to read.
    running.sort_by_key(|(target, one)| (one.step == Step::Queued, one.since.as_secs(), *target));
    // Some rows are left to the lines that stay, so that the last failures are in sight.
    let room = size.rows.saturating_sub(2 + (size.rows / 4).min(4));
    let shown = if running.len() <= room { running.len() } else { room.saturating_sub(1) };
    let (shown, hidden) = running.split_at(shown);
    let columns = Columns::of(shown, size, progress);
    lines.extend(shown.iter().map(|(target, one)| columns.row(target, one, progress, now)));
    if !hidden.is_empty() && room > 0 {
        lines.push(more(hidden));
    }
    lines
}

/// `Applying  ━━━━━━━━━━━━────────  31/50  1m12s  1 failed, 28 changed, 6 in sync, 3 throttled`
fn headline(progress: &Progress, now: Duration, size: Size) -> Line {
    let Some(phase) = progress.phase.as_ref().filter(|phase| phase.over.is_none()) else {
        return Line::new()
            .plain("Walking the organization  ")
            .tone(Tone::Faint, &words::duration(now));
    };
    let verb = match (progress.shutdown, phase.phase) {
        (Some("drain"), _) => Line::new().tone(Tone::Busy, "Draining "),
        (Some(_), _) => Line::new().tone(Tone::Busy, "Stopping "),
        (None, Phase::Observe) => Line::new().plain("Observing"),
        (None, Phase::Apply) => Line::new().plain("Applying "),
    };
    let (done, all) = (phase.ended.len(), phase.targets.max(phase.ended.len()));
    let numbers = Line::new().plain(&format!(" {done}/{all}  {}  ", words::duration(now)));
    let wave = progress.wave.as_ref().map(|wave| format!("{}  ", wave.words(now)));
    let numbers = numbers.plain(&wave.unwrap_or_default());
    let line = tally(progress).into_iter().fold(numbers, Line::then);
    let room = size.columns.saturating_sub("Observing ".len() + line.width() + 1);
    verb.plain(" ").then(bar(done, all, room.clamp(8, 30))).then(line)
}

/// A bar of so many columns.
fn bar(done: usize, all: usize, columns: usize) -> Line {
    let filled = (columns * done).checked_div(all).unwrap_or(columns);
    Line::new()
        .tone(Tone::Good, &"━".repeat(filled))
        .tone(Tone::Faint, &"─".repeat(columns - filled))
}

/// Outcomes so far, trouble first because narrow terminals cut the end.
fn tally(progress: &Progress) -> Vec<Line> {
    let mut counts: Vec<_> = progress
        .counts()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(label, count)| (tone(label), format!("{count} {label}")))
        .collect();
    counts.sort_by_key(|(tone, _)| match tone {
        Tone::Bad => 0,
        Tone::Busy => 1,
        _ => 2,
    });
    if progress.throttled > 0 {
        counts.push((Tone::Faint, format!("{} throttled", progress.throttled)));
    }
    let mut lines = Vec::with_capacity(counts.len());
    for (index, (tone, text)) in counts.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        lines.push(Line::new().plain(comma).tone(tone, &text));
    }
    lines
}

fn tone(label: &str) -> Tone {
    match label {
        "partly changed" | "diverged" | "failed" | "unreachable" => Tone::Bad,
        "would change" | "interrupted" | "not started" => Tone::Busy,
        "changed" => Tone::Good,
        _ => Tone::Plain,
    }
}

/// How wide the columns of the rows are, for all of them alike.
struct Columns {
    target: usize,
    name: usize,
    /// Whether there is room for more than who, what and how long.
    has_detail: bool,
}

impl Columns {
    /// What a step, an age and the spaces between take.
    const FIXED: usize = 1 + 1 + 9 + 6;

    /// Columns below which details would be cut to nothing.
    const NARROW: usize = 60;

    fn of(shown: &[(&TargetId, &Running)], size: Size, progress: &Progress) -> Self {
        let target = shown.iter().map(|(target, _)| key(target, progress).len()).max();
        let target = target.unwrap_or(0);
        let name = shown.iter().map(|(_, one)| safe::width(&safe::text(&one.name))).max();
        let has_detail = size.columns >= Self::NARROW;
        let room = if has_detail {
            size.columns / 4
        } else {
            size.columns.saturating_sub(target + Self::FIXED + 1)
        };
        Self { target, name: name.unwrap_or(0).min(room), has_detail }
    }

    /// `111122223333 staging-01  waiting    42s  ●●●●○○ pending ecr.api ecr.dkr`
    fn row(&self, target: &TargetId, one: &Running, progress: &Progress, now: Duration) -> Line {
        let age = words::duration(now.saturating_sub(one.since));
        let (step, tone) = match one.step {
            Step::Queued => ("queued", Tone::Faint),
            Step::Observing => ("observing", Tone::Plain),
            Step::Applying => ("applying", Tone::Plain),
            Step::Waiting => ("waiting", Tone::Busy),
            Step::Verifying => ("verifying", Tone::Plain),
        };
        let line = Line::new()
            .tone(Tone::Faint, &safe::fit(&key(target, progress), self.target))
            .plain(&format!(" {} ", safe::fit(&one.name, self.name)))
            .tone(tone, &format!("{step:<9}"))
            .tone(Tone::Faint, &format!("{age:>6}"));
        if !self.has_detail {
            return line;
        }
        let line = line.plain("  ");
        if one.endpoints.is_empty() {
            return line.plain(one.last_action.as_deref().unwrap_or(""));
        }
        line.then(endpoints(one))
    }
}

/// A glyph for each endpoint, then the words for those that are not available yet.
fn endpoints(one: &Running) -> Line {
    let mut seen: Vec<&EndpointSeen> = one.endpoints.values().collect();
    seen.sort();
    let available =
        seen.iter().filter(|endpoint| endpoint.state == EndpointState::Available).count();
    let mut line = Line::new();
    if seen.len() > GLYPHS {
        line = line.tone(Tone::Good, &format!("{available}/{} available", seen.len()));
    } else {
        for endpoint in &seen {
            let (glyph, tone) = glyph(&endpoint.state);
            line = line.tone(tone, glyph);
        }
        if available == seen.len() {
            return line.plain(" all available");
        }
    }
    // What failed comes first, because narrow terminals cut the end.
    let mut by_state = BTreeMap::<_, Vec<&str>>::new();
    for endpoint in seen.iter().filter(|endpoint| endpoint.state != EndpointState::Available) {
        let is_bad = glyph(&endpoint.state).1 == Tone::Bad;
        by_state.entry((!is_bad, &endpoint.state)).or_default().push(&endpoint.service);
    }
    for (index, ((_, state), services)) in by_state.into_iter().enumerate() {
        let dot = if index == 0 { " " } else { " · " };
        line = line
            .tone(Tone::Faint, dot)
            .tone(glyph(state).1, state.as_str())
            .plain(&format!(" {}", services.join(" ")));
    }
    line
}

fn glyph(state: &EndpointState) -> (&'static str, Tone) {
    match state {
        EndpointState::Available => ("●", Tone::Good),
        EndpointState::Pending | EndpointState::Deleting | EndpointState::Partial => {
            ("○", Tone::Busy)
        }
        EndpointState::PendingAcceptance => ("◇", Tone::Busy),
        EndpointState::Deleted => ("-", Tone::Faint),
        EndpointState::Rejected | EndpointState::Failed | EndpointState::Expired => {
            ("✗", Tone::Bad)
        }
        EndpointState::Unknown(_) => ("?", Tone::Busy),
    }
}

/// `... and 37 more: 25 waiting, 12 queued`
fn more(hidden: &[(&TargetId, &Running)]) -> Line {
    let steps = [
        (Step::Observing, "observing"),
        (Step::Applying, "applying"),
        (Step::Waiting, "waiting"),
        (Step::Verifying, "verifying"),
        (Step::Queued, "queued"),
    ];
    let counts =
        steps.map(|(step, word)| (word, hidden.iter().filter(|(_, one)| one.step == step).count()));
    let counts = words::counts(counts);
    Line::new().tone(Tone::Faint, &format!("... and {} more: {counts}", hidden.len()))
}

#[cfg(test)]
mod tests;
