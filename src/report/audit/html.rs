//! One page that needs nothing else: no request leaves it, it works from a file, and nothing in it runs
//! but its own script, whose digest the page's policy names.

mod drawing;
mod findings;
mod matrix;

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::audit::{Audit, CoverageState, Standing};
use crate::report::audit::verdict::{Tone, Verdict};
use crate::report::audit::{day, seconds};
use crate::report::safe;
use crate::report::words;

use drawing::Drawing;
use findings::{Card, Kind};
use matrix::Matrix;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The page.
pub(super) fn render(audit: &Audit) -> String {
    // Fails only when the writer does, and memory takes all that is written to it.
    Page::of(audit).render().unwrap_or_default() + "\n"
}

#[derive(Template)]
#[template(path = "audit.html", whitespace = "minimize")]
struct Page {
    style: &'static str,
    script: &'static str,
    style_digest: String,
    script_digest: String,
    /// The class that colours the verdict.
    tone: &'static str,
    headline: String,
    /// What stands under the headline.
    below: String,
    sandbox: Option<&'static str>,
    deployment: String,
    config: String,
    created_at: String,
    created: String,
    version: String,
    regions: String,
    bar: Vec<Segment>,
    severities: Vec<(&'static str, usize)>,
    since: Option<Compared>,
    kinds: Vec<Kind>,
    cards: Vec<Card>,
    matrix: Matrix,
    drawing: Drawing,
    ignored: Vec<Card>,
}

/// A part of the bar of targets by how they stand.
struct Segment {
    class: &'static str,
    label: &'static str,
    targets: usize,
    /// Per mille of the bar.
    start: usize,
    width: usize,
}

/// Against an earlier audit.
struct Compared {
    when: String,
    new: usize,
    remaining: usize,
    fixed: Vec<Card>,
    unknown: Vec<Card>,
}

impl Page {
    fn of(audit: &Audit) -> Self {
        let verdict = Verdict::of(audit);
        let tone = match verdict.tone {
            Tone::Clean => "clean",
            Tone::Drift => "drift",
            Tone::Unknown => "unknown",
        };
        let since = audit.since.as_ref().map(|since| Compared {
            when: day(&since.created_at),
            new: since.new.len(),
            remaining: since.remaining.len(),
            fixed: since.fixed.iter().map(|finding| Card::of(audit, finding, None)).collect(),
            unknown: since.unknown.iter().map(|finding| Card::of(audit, finding, None)).collect(),
        });
        let regions: Vec<_> =
            audit.regions.iter().map(|region| safe::text(region.as_str())).collect();
        Self {
            style: STYLE,
            script: SCRIPT,
            style_digest: digest(STYLE),
            script_digest: digest(SCRIPT),
            tone,
            below: below(audit, &verdict),
            headline: verdict.headline,
            sandbox: audit.sandbox.then_some(words::SANDBOX),
            deployment: safe::text(&audit.deployment),
            config: safe::text(&audit.config),
            created_at: seconds(&audit.created_at),
            created: day(&audit.created_at),
            version: safe::text(&audit.version),
            regions: regions.join(", "),
            bar: bar(audit),
            severities: audit.by_severity().map(|(severity, n)| (severity.as_str(), n)).to_vec(),
            since,
            kinds: findings::kinds(audit),
            cards: audit.findings.iter().map(|finding| Card::of(audit, finding, None)).collect(),
            matrix: Matrix::of(audit),
            drawing: Drawing::of(audit),
            ignored: audit
                .ignored
                .iter()
                .map(|ignored| Card::of(audit, &ignored.finding, Some(ignored)))
                .collect(),
        }
    }
}

/// What the headline leaves open: how much of it all is well.
fn below(audit: &Audit, verdict: &Verdict) -> String {
    let cells = audit.targets.iter().flat_map(|audited| &audited.coverage);
    let wanted: Vec<_> = cells.filter(|cell| cell.state != CoverageState::Orphaned).collect();
    let well = wanted.iter().filter(|cell| cell.state == CoverageState::InSync).count();
    let wanted = match wanted.len() {
        0 => String::new(),
        all if all == well => format!("All {all} endpoints are in place."),
        all => format!("{well} of {all} wanted endpoints are in place and as they should be."),
    };
    let unseen = match verdict.unknown {
        0 => "",
        1 => " Nothing is known of one account, which is not the same as no drift.",
        _ => " Nothing is known of some accounts, which is not the same as no drift.",
    };
    format!("{wanted}{unseen}").trim().to_owned()
}

fn bar(audit: &Audit) -> Vec<Segment> {
    /// Between two parts; the page cuts off the last one.
    const GAP: usize = 3;
    let all = audit.targets.len().max(1);
    let mut before = 0;
    let segment = |(standing, targets)| {
        let start = before * 1000 / all;
        before += targets;
        let (class, label) = standing_words(standing);
        Segment {
            class,
            label,
            targets,
            start,
            width: (before * 1000 / all - start).saturating_sub(GAP).max(1),
        }
    };
    audit.by_standing().into_iter().map(segment).collect()
}

/// The class and the words of a standing.
fn standing_words(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::InSync => ("ok", "in sync"),
        Standing::Drifted => ("drifted", "drifted"),
        Standing::Unreachable => ("unreachable", "could not be looked at"),
        Standing::NotStarted => ("notstarted", "not looked at"),
    }
}

/// The class and the word of a state, for cells and chips.
fn state_words(state: CoverageState) -> (&'static str, &'static str) {
    match state {
        CoverageState::InSync => ("ok", "in sync"),
        CoverageState::Foreign => ("foreign", "foreign"),
        CoverageState::Pending => ("pending", "pending"),
        CoverageState::Drifted => ("drifted", "drifted"),
        CoverageState::Orphaned => ("orphaned", "orphaned"),
        CoverageState::Missing => ("missing", "missing"),
        CoverageState::Blocked => ("blocked", "blocked"),
    }
}

/// As a content security policy names a style or a script.
fn digest(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}
