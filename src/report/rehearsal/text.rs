//! A rehearsal for people: the answer first, then where it comes from.

use std::time::Duration;

use super::timeline::Doing;
use super::{Findings, Subject, is_trouble};
use crate::report::paint::{Line, Tone};
use crate::report::{safe, words};

/// Bars of a histogram, from little to all.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The widest timeline: more columns say no more.
const WIDEST: usize = 120;

/// Columns of the names before the timeline.
const NAMES: usize = 12;

/// The findings as text, at most so many columns wide, with a line break at its end.
pub fn render(findings: &Findings, color: bool, columns: usize) -> String {
    let mut lines = vec![Line::new().plain(&headline(&findings.subject)), Line::new()];
    lines.extend(times(findings));
    lines.push(Line::new());
    lines.extend(histogram(findings, columns));
    lines.push(Line::new());
    lines.push(outcomes(findings));
    lines.push(peaks(findings));
    lines.push(Line::new());
    lines.extend(calls(findings));
    let wrapped = lines.into_iter().flat_map(|line| line.wrap(columns, 4));
    wrapped.fold(String::new(), |text, line| text + &line.paint(color) + "\n")
}

/// `Rehearsal: 1000 accounts in eu-west-1 (generated), seed 7, no faults`
pub(super) fn headline(subject: &Subject) -> String {
    let Subject { accounts, regions, organization, faults, seed, organization_bucket, .. } =
        subject;
    let faults =
        if *faults == "none" { "no faults".to_owned() } else { format!("{faults} faults") };
    let bucket = organization_bucket.map_or_else(String::new, |(size, per_second)| {
        format!(", all accounts together {size} endpoint calls and {per_second} more a second")
    });
    format!(
        "Rehearsal: {} in {} ({organization}), seed {seed}, {faults}{bucket}",
        words::count(*accounts, "account"),
        regions.join(", "),
    )
}

fn times(findings: &Findings) -> Vec<Line> {
    let mut lines = vec![
        Line::new()
            .tone(Tone::Faint, &format!("  {:<10}{:>12}{:>12}", "", "predicted", "at least")),
    ];
    let row = |name: &str, took, bound| {
        Line::new().plain(&format!("  {name:<10}{:>12}{:>12}", time(took), time(bound)))
    };
    lines.extend(findings.phases.iter().map(|phase| row(phase.name, phase.took, phase.bound)));
    let ratio = findings.ratio().map(|ratio| format!("   ratio {ratio:.2}")).unwrap_or_default();
    lines.push(row("in all", findings.took(), findings.bound()).tone(Tone::Good, &ratio));
    lines
}

/// Tenths of a second below a minute: phases may be short.
pub(super) fn time(time: Duration) -> String {
    if time < Duration::from_mins(1) {
        return format!("{:.1}s", time.as_secs_f64());
    }
    words::duration(time)
}

/// A row of bars for each thing that targets do; a full bar is all targets.
fn histogram(findings: &Findings, columns: usize) -> Vec<Line> {
    let width = columns.saturating_sub(NAMES + 10).clamp(10, WIDEST);
    let parts = findings.timeline.parts(width);
    let peak = findings.timeline.peak();
    let all = findings.subject.targets.max(1);
    let row = |doing: Doing| {
        let bars: String = parts.iter().map(|part| bar(part[doing as usize], all)).collect();
        let tone = match doing {
            Doing::Done => Tone::Good,
            Doing::Waiting => Tone::Busy,
            _ => Tone::Plain,
        };
        Line::new()
            .plain(&format!("  {:<NAMES$}", doing.name()))
            .tone(tone, &bars)
            .tone(Tone::Faint, &format!(" {}", peak[doing as usize]))
    };
    let mut lines: Vec<_> = Doing::ALL.map(row).into();
    let axis = axis(findings.timeline.end(), width);
    lines.push(Line::new().tone(Tone::Faint, &format!("  {:<NAMES$}{axis}", "")));
    lines
}

#[expect(clippy::cast_precision_loss, reason = "targets are far fewer than 2^52")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is cut to the bars"
)]
fn bar(count: f64, all: usize) -> char {
    if count <= 0.0 {
        return ' ';
    }
    let eighths = (count / all as f64 * BARS.len() as f64).ceil() as usize;
    BARS[eighths.clamp(1, BARS.len()) - 1]
}

/// `0s        3m00s       6m00s`: the time at each quarter.
fn axis(end: Duration, width: usize) -> String {
    let mut axis = String::new();
    for quarter in 0..4 {
        let column = width * quarter / 4;
        let label =
            words::duration(end.mul_f64(f64::from(u32::try_from(quarter).unwrap_or(0)) / 4.0));
        axis += &" ".repeat(column.saturating_sub(axis.len()));
        axis += &label;
    }
    let last = words::duration(end);
    axis += &" ".repeat(width.saturating_sub(axis.len() + last.len()).max(1));
    axis + &last
}

fn outcomes(findings: &Findings) -> Line {
    let mut line = Line::new().plain("  outcomes    ");
    let some = findings.outcomes.iter().filter(|(_, count)| *count > 0);
    for (index, (label, count)) in some.enumerate() {
        let tone = if is_trouble(label) { Tone::Bad } else { Tone::Plain };
        line =
            line.plain(if index == 0 { "" } else { ", " }).tone(tone, &format!("{count} {label}"));
    }
    line
}

fn peaks(findings: &Findings) -> Line {
    let (calls, throttled) = findings.totals();
    Line::new().plain(&format!(
        "  in flight   {} at most; {calls} calls, {throttled} throttled{}",
        words::count(findings.timeline.peak_in_flight(), "target"),
        share(throttled, calls),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "calls are far fewer than 2^52")]
fn share(part: u64, all: u64) -> String {
    if part == 0 || all == 0 {
        return String::new();
    }
    format!(" ({:.1} %)", part as f64 / all as f64 * 100.0)
}

/// Calls by action, the most frequent first.
fn calls(findings: &Findings) -> Vec<Line> {
    let mut sorted: Vec<_> = findings.calls.iter().collect();
    sorted.sort_by(|one, other| {
        (other.calls, &one.service, &one.action).cmp(&(one.calls, &other.service, &other.action))
    });
    let title = format!("  {:>9}{:>11}{:>9}  ACTION", "CALLS", "THROTTLED", "REFUSED");
    let mut lines = vec![Line::new().tone(Tone::Faint, &title)];
    lines.extend(sorted.into_iter().map(|one| {
        let unanswered = match one.unanswered {
            0 => String::new(),
            n => format!(", {n} without an answer"),
        };
        let name = safe::text(&format!("{}:{}", one.service, one.action));
        Line::new().plain(&format!(
            "  {:>9}{:>11}{:>9}  {name}{unanswered}",
            one.calls, one.throttled, one.refused
        ))
    }));
    lines
}
