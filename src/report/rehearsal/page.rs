//! A rehearsal as one page that needs nothing but itself: no script, no font, no request.

use askama::Template;

use super::text::{headline, time};
use super::timeline::Doing;
use super::{Findings, is_trouble};
use crate::report::words;

/// Parts of the drawn timeline.
const PARTS: usize = 240;

/// The drawing's own units.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;

#[derive(Template)]
#[template(path = "rehearsal.html")]
struct Page<'a> {
    headline: String,
    took: String,
    bound: String,
    ratio: String,
    phases: Vec<(&'a str, String, String)>,
    areas: Vec<Area>,
    ticks: Vec<(f64, String)>,
    targets: usize,
    peak: usize,
    calls: u64,
    throttled: u64,
    outcomes: Vec<(&'a str, usize, bool)>,
    actions: &'a [super::Calls],
}

/// One layer of the stacked drawing.
struct Area {
    name: &'static str,
    points: String,
}

/// The page. The error is a bug: the template is part of the program.
pub fn page(findings: &Findings) -> Result<String, askama::Error> {
    let (calls, throttled) = findings.totals();
    let page = Page {
        headline: headline(&findings.subject),
        took: time(findings.took()),
        bound: time(findings.bound()),
        ratio: findings.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
        phases: findings.phases.iter().map(|p| (p.name, time(p.took), time(p.bound))).collect(),
        areas: areas(findings),
        ticks: ticks(findings),
        targets: findings.subject.targets,
        peak: findings.timeline.peak_in_flight(),
        calls,
        throttled,
        outcomes: findings
            .outcomes
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(label, count)| (*label, *count, is_trouble(label)))
            .collect(),
        actions: &findings.calls,
    };
    page.render()
}

/// The layers, stacked from the bottom: those that are done lie under all others.
#[expect(clippy::cast_precision_loss, reason = "parts and targets are few")]
fn areas(findings: &Findings) -> Vec<Area> {
    let parts = findings.timeline.parts(PARTS);
    let all = findings.subject.targets.max(1) as f64;
    let mut below = vec![0.0; parts.len()];
    let order = [Doing::Done, Doing::Verifying, Doing::Waiting, Doing::Changing, Doing::Observing];
    let mut areas = Vec::new();
    for doing in order {
        let above: Vec<f64> =
            parts.iter().zip(&below).map(|(part, below)| below + part[doing as usize]).collect();
        let x = |index: usize| WIDTH * (index as f64 + 0.5) / parts.len() as f64;
        let point = |(index, count): (usize, &f64)| {
            format!("{:.1},{:.1}", x(index), HEIGHT * (1.0 - count / all))
        };
        let upper = above.iter().enumerate().map(point);
        let lower = below.iter().enumerate().rev().map(point);
        let points: Vec<_> = upper.chain(lower).collect();
        areas.push(Area { name: doing.name(), points: points.join(" ") });
        below = above;
    }
    areas
}

/// Where on the axis a time stands, and the time: at each quarter.
fn ticks(findings: &Findings) -> Vec<(f64, String)> {
    [0.0, 0.25, 0.5, 0.75, 1.0]
        .map(|share| (WIDTH * share, words::duration(findings.timeline.end().mul_f64(share))))
        .into()
}
